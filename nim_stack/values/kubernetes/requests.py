"""Requests and limits of a container that do not go together, or that no node has."""

from collections.abc import Iterator, Mapping
from typing import Any

from nim_stack.base.quantity import Quantity
from nim_stack.values.kubernetes.field import Found
from nim_stack.values.kubernetes.quantities import complaint
from nim_stack.values.kubernetes.spelling import LABEL_KEY

_OF_EVERY_NODE = ("cpu", "memory", "ephemeral-storage")
_HUGE_PAGES = "hugepages-"


def of_container(value: Mapping[str, Any]) -> Iterator[Found]:
    """As pkg/apis/core/validation of Kubernetes 1.37 has it for ResourceRequirements."""
    limits, requests = value.get("limits") or {}, value.get("requests") or {}
    sound = True
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, quantity in amounts.items():
            for what in _of_one(name, quantity):
                sound = False
                yield f"{kind}.{name}", what
    if not sound:
        return
    for name, quantity in requests.items():
        for what in _against(name, quantity, limits.get(name)):
            yield f"requests.{name}", what
    asked = limits.keys() | requests.keys()
    huge = sorted(name for name in asked if name.startswith(_HUGE_PAGES))
    if huge and not asked & {"cpu", "memory"}:
        yield f"limits.{huge[0]}", "huge pages need cpu or memory beside them"


def _of_one(name: str, quantity: Any) -> Iterator[str]:
    wrong = complaint(quantity)
    if wrong:
        yield wrong
        return
    if not LABEL_KEY.takes(name):
        yield f"{name!r} is no name of a resource, which is {LABEL_KEY.words.partition(': ')[2]}"
    elif name.startswith(_HUGE_PAGES):
        if not is_whole(name, Quantity.parse(quantity)):
            yield f"{quantity!r} is no multiple of the size of the pages"
    elif "/" not in name and name not in _OF_EVERY_NODE:
        known = "cpu, memory, ephemeral-storage, hugepages-<size> and <vendor>/<device>"
        yield f"{name!r} is no resource of a container; there are {known}"
    elif not _may_exceed(name) and not is_whole(name, Quantity.parse(quantity)):
        yield f"{quantity!r} is not whole, and devices are counted"


def _against(name: str, request: Any, limit: Any) -> Iterator[str]:
    """A request and its limit, or None for a limit that is missing; both are quantities."""
    if limit is None:
        if not _may_exceed(name):
            yield "the limit is missing, which must be the same as the request here"
        return
    wanted, most = Quantity.parse(request), Quantity.parse(limit)
    if not _may_exceed(name) and wanted != most:
        yield f"{request!r} is not the limit of {limit!r}, and the two must be the same here"
    elif wanted > most:
        yield f"{request!r} is more than the limit of {limit!r}"


def is_whole(name: str, quantity: Quantity) -> bool:
    """Whether a quantity is a whole number of devices, or of the huge pages whose size ends the resource's name."""
    unit = name.removeprefix(_HUGE_PAGES) if name.startswith(_HUGE_PAGES) else "1"
    try:
        return quantity.is_multiple_of(Quantity.parse(unit))
    except ValueError:
        return False


def _may_exceed(name: str) -> bool:
    """Whether a node can promise more than it has of it: not of devices and huge pages."""
    return not name.startswith(_HUGE_PAGES) and ("/" not in name or "kubernetes.io/" in name)
