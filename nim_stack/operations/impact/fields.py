"""What differs between two LeaderWorkerSets, in words, and whether the difference makes a new revision.

LWS keeps a revision of `leaderWorkerTemplate` and `networkConfig` and of nothing else (pkg/utils/revision at v0.9.0):
groups roll when that changes, and only then. It compares what it has parsed, so that `500m` and `0.5` are the same.
Another annotation for exclusive placement goes into the leaders' template without a revision, and rolls them too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.base.quantity import Quantity

MISSING = object()
_IN_REVISION = ("leaderWorkerTemplate", "networkConfig")
_PLACEMENT = (
    names.EXCLUSIVE_TOPOLOGY,
    f"{names.LWS_PREFIX}subgroup-exclusive-topology",
)
_ROLES = {"leaderTemplate": "leader", "workerTemplate": "worker"}
_NAMED_BY = ("name", "mountPath", "containerPort", "key", "topologyKey")
_ORDER = "(order)"
_QUANTITIES = frozenset({"limits", "requests", "sizeLimit"})


@dataclass(frozen=True)
class Difference:
    """One field that is not as before."""

    where: str
    """`both roles`, `leader`, `worker`, or the object itself."""
    field: str
    """The name of the field in words; its path when there are no words for it."""
    before: Any
    after: Any

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        if self.before is MISSING:
            return f"{where}{self.field} is added ({shown(self.after)})"
        if self.after is MISSING:
            return f"{where}{self.field} is removed ({shown(self.before)})"
        return f"{where}{self.field} {shown(self.before)} → {shown(self.after)}"


@dataclass(frozen=True)
class Differences:
    """What differs between a LeaderWorkerSet as it was and as it will be, by what LWS does about it."""

    in_revision: tuple[Difference, ...]
    in_placement: tuple[Difference, ...]
    elsewhere: tuple[Difference, ...]

    @property
    def rolls(self) -> bool:
        """Whether the groups start anew, because LWS makes a new revision or pods have to move."""
        return bool(self.in_revision or self.in_placement)


def compare(before: Json, after: Json) -> Differences:
    """What differs between the inputs of the object before and after the step."""
    old, new = _parts(before), _parts(after)
    pods = list(_both_roles(list(_walk(old[0], new[0], ()))))
    rest = [_difference("", path, a, b) for path, a, b in _walk(old[1], new[1], ())]
    placement = [difference for difference in rest if difference.field.endswith(_PLACEMENT)]
    return Differences(tuple(pods), tuple(placement), tuple(entry for entry in rest if entry not in placement))


def shown(value: Any) -> str:
    """A value for a line of a report."""
    text = value if isinstance(value, str) else _short(value)
    text = " ".join(text.split()) or '""'
    return text if len(text) <= 80 else f"{text[:77]}…"


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_short(inner)}" for key, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_short(inner) for inner in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _parts(inputs: Json) -> tuple[Json, Json]:
    """What the revision holds, and everything else."""
    spec = inputs.get("spec")
    if not isinstance(spec, Mapping):
        return {"spec": spec}, {"metadata": inputs.get("metadata")}
    revision = {key: spec[key] for key in _IN_REVISION if key in spec}
    rest = {key: value for key, value in spec.items() if key not in _IN_REVISION}
    return revision, {"metadata": inputs.get("metadata"), "spec": rest}


Found = tuple[tuple[str, ...], Any, Any]


def _walk(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[Found]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _walk(old.get(key, MISSING), new.get(key, MISSING), (*path, str(key)))
    elif _is_list(old) and _is_list(new):
        yield from _walk_lists(old, new, path)
    elif not _equal(old, new, path):
        yield path, old, new


def _walk_lists(old: Sequence[Any], new: Sequence[Any], path: tuple[str, ...]) -> Iterator[Found]:
    """Entries with a name are compared by it, as people do; their order is part of the revision all the same."""
    key = next((key for key in _NAMED_BY if _named(old, key) and _named(new, key)), None)
    if key is None:
        if list(old) != list(new):
            yield path, old, new
        return
    was, now = ({str(entry[key]): entry for entry in entries} for entries in (old, new))
    found = list(_walk(was, now, path))
    if not found and list(was) != list(now):
        found = [((*path, _ORDER), list(was), list(now))]
    yield from found


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _named(entries: Sequence[Any], key: str) -> bool:
    names = [entry.get(key) for entry in entries if isinstance(entry, Mapping)]
    return len(names) == len(entries) and None not in names and len(set(map(str, names))) == len(names)


def _equal(old: Any, new: Any, path: tuple[str, ...]) -> bool:
    if _QUANTITIES & set(path) and old is not MISSING and new is not MISSING:
        return bool(_quantity(old) == _quantity(new))
    return bool(old == new)


def _quantity(value: Any) -> Any:
    try:
        return Quantity.parse(value)
    except ValueError:
        return str(value)


def _both_roles(found: list[Found]) -> Iterator[Difference]:
    """A difference that both roles have is said once."""
    by_role: dict[str, list[Found]] = {"leader": [], "worker": []}
    for path, old, new in found:
        role = _ROLES.get(path[1]) if len(path) > 1 and path[0] == "leaderWorkerTemplate" else None
        if role is None:
            yield _difference("", path, old, new)
        else:
            by_role[role].append((path[2:], old, new))
    for entry in by_role["leader"]:
        yield _difference("both roles" if entry in by_role["worker"] else "leader", *entry)
    for entry in by_role["worker"]:
        if entry not in by_role["leader"]:
            yield _difference("worker", *entry)


def _difference(where: str, path: tuple[str, ...], old: Any, new: Any) -> Difference:
    whole = path[-1:] != ("value",)
    return Difference(where, _words(path), _value(old, whole), _value(new, whole))


def _value(value: Any, whole: bool) -> Any:
    """What an added variable is set to, rather than the entry that sets it."""
    if whole and isinstance(value, Mapping) and set(value) == {"name", "value"}:
        return value["value"]
    return value


def _words(path: tuple[str, ...]) -> str:
    parts = [part for part in path if part not in ("spec", "containers", names.MODEL_CONTAINER, "leaderWorkerTemplate")]
    if parts[-1:] == [_ORDER]:
        return f"order of {'.'.join(parts[:-1])}"
    if parts[:1] == ["env"]:
        parts = parts[1:2] if parts[2:] in ([], ["value"]) else parts[1:]
    elif parts[:1] == ["resources"] and len(parts) == 3:
        return f"{parts[2]} {parts[1].removesuffix('s')}"
    elif parts[:1] == ["volumes"] and parts[2:] == ["persistentVolumeClaim", "claimName"]:
        return f"claim of the volume {parts[1]}"
    elif parts == ["size"]:
        return "nodes of a group"
    elif parts[:2] == ["metadata", "annotations"] and len(parts) == 3:
        return f"annotation {parts[2]}"
    elif parts[:2] == ["metadata", "labels"] and len(parts) == 3:
        return f"label {parts[2]}"
    return ".".join(parts) or "spec"
