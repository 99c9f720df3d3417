"""What one program deploys where, so that two deployments of it do not take each other's objects.

A deployment of another program is not seen here: the API server refuses a name that is taken, and `nim-stack doctor`
reads the labels of a namespace that is there.
"""

from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_root_resource

from nim_stack.components.reach import cluster_key

_FROM_THE_STRICTEST: Final = ("restricted", "baseline", "privileged")
"""Levels of the Pod Security Standards."""


@dataclass(frozen=True)
class _Held:
    where: str
    level: str
    owned: bool


@dataclass
class _Program:
    deployments: dict[tuple[object, str, str], str] = field(default_factory=dict)
    namespaces: dict[tuple[object, str], list[_Held]] = field(default_factory=dict)


_PROGRAMS: WeakKeyDictionary[pulumi.Resource, _Program] = WeakKeyDictionary()


def _this_program() -> _Program:
    root = get_root_resource()
    return _Program() if root is None else _PROGRAMS.setdefault(root, _Program())


def one_of_its_name(component: pulumi.Resource, namespace: str, deployment: str, where: str) -> None:
    """Refuse a second deployment of one name in one namespace: both would own the same objects.

    Raises:
        pulumi.RunError: with the first one.
    """
    key = (cluster_key(component), namespace, deployment)
    first = _this_program().deployments.setdefault(key, where)
    if first != where:
        raise pulumi.RunError(
            f"{where}: {first} of this program deploys {deployment!r} to the namespace {namespace!r} as well. Give the "
            "two another nim.name or another nim.namespace."
        )


def one_security_level(component: pulumi.Resource, namespace: str, level: str, *, owned: bool, where: str) -> None:
    """Refuse two deployments of one namespace whose pods need different levels, where this program sets the level.

    The stricter level would refuse the pods of the other deployment, at their next restart, and the other level would
    loosen what the first one holds.

    Raises:
        pulumi.RunError: with both deployments.
    """
    mine = _Held(where, level, owned)
    others = _this_program().namespaces.setdefault((cluster_key(component), namespace), [])
    for other in others:
        if _collide(mine, other) or _collide(other, mine):
            raise pulumi.RunError(
                f"{where}: the pods need the pod security level {level!r}, and those of {other.where} {other.level!r}. "
                f"Both are in the namespace {namespace!r} of this program, and a namespace has one level. Use two "
                "namespaces, or make the namespace yourself with the less strict level and set nim.createNamespace to "
                "false in both."
            )
    others.append(mine)


def _collide(setter: _Held, other: _Held) -> bool:
    strict = _FROM_THE_STRICTEST.index
    if not setter.owned or setter.level == other.level:
        return False
    return other.owned or strict(setter.level) < strict(other.level)
