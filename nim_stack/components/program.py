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
class Place:
    """A component, and where its deployment goes."""

    component: pulumi.Resource
    provider: pulumi.ProviderResource | None
    """Of its objects; None is the default one of Pulumi."""
    namespace: str
    where: str
    """What the component is called in a refusal."""


@dataclass(frozen=True)
class _Held:
    where: str
    level: str
    owned: bool


@dataclass
class _Program:
    deployments: dict[tuple[object, str, str], Place] = field(default_factory=dict)
    namespaces: dict[tuple[object, str], list[_Held]] = field(default_factory=dict)


_PROGRAMS: WeakKeyDictionary[pulumi.Resource, _Program] = WeakKeyDictionary()


def _this_program() -> _Program:
    root = get_root_resource()
    return _Program() if root is None else _PROGRAMS.setdefault(root, _Program())


def one_of_its_name(place: Place, parent: pulumi.Resource | None, deployment: str) -> None:
    """Refuse a second deployment of one name in one namespace: both would own the same objects.

    Args:
        place: of the deployment.
        parent: of the component; it may be the NimStack of the same deployment.
        deployment: `name` of the settings.

    Raises:
        pulumi.RunError: with the first one.
    """
    key = (cluster_key(place.provider), place.namespace, deployment)
    first = _this_program().deployments.setdefault(key, place)
    if first.component is not place.component and first.component is not parent:
        raise pulumi.RunError(
            f"{place.where}: {first.where} of this program deploys {deployment!r} to the namespace "
            f"{place.namespace!r} as well. Give the two another nim.name or another nim.namespace."
        )


def one_security_level(place: Place, level: str, *, owned: bool) -> None:
    """Refuse two deployments of one namespace whose pods need different levels, where this program sets the level.

    The stricter level would refuse the pods of the other deployment, at their next restart, and the other level would
    loosen what the first one holds.

    Args:
        place: of the deployment.
        level: the strictest Pod Security Standard that its pods meet.
        owned: whether the deployment makes the namespace.

    Raises:
        pulumi.RunError: with both deployments.
    """
    mine = _Held(place.where, level, owned)
    others = _this_program().namespaces.setdefault((cluster_key(place.provider), place.namespace), [])
    for other in others:
        if _collide(mine, other) or _collide(other, mine):
            raise pulumi.RunError(
                f"{place.where}: the pods need the pod security level {level!r}, and those of {other.where} "
                f"{other.level!r}. Both are in the namespace {place.namespace!r} of this program, and a namespace has "
                "one level. Use two namespaces, or make the namespace yourself with the less strict level and set "
                "nim.createNamespace to false in both."
            )
    others.append(mine)


def _collide(setter: _Held, other: _Held) -> bool:
    strict = _FROM_THE_STRICTEST.index
    if not setter.owned or setter.level == other.level:
        return False
    return other.owned or strict(setter.level) < strict(other.level)
