"""Manifests as what differs from other manifests: a text that a reviewer can read, and from which the whole comes back.

Objects are matched by kind, mappings by key, and lists whose entries have names by these names. A line says what
becomes of one place:

    - path                   the place is gone
    ~ path: value            the place has another value
    + path, after key: value the place is new, and follows its sibling `key` (or stands `first`)

Values are YAML, on the line or as a block below it. Lines below `in path:` have paths inside of this one. A place that
changes in the same way in the pods of leader and worker is written once, as `{leader,worker}Template`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

import yaml

from nim_stack.manifests.render import to_yaml

Path = tuple[str, ...]
Manifests = list[dict[str, Any]]
_LEADER, _WORKER, _BOTH = "leaderTemplate", "workerTemplate", "{leader,worker}Template"
_WIDTH = 100
"""Mappings and lists that are longer are written as a block."""


@dataclass(frozen=True)
class Change:
    """What becomes of one place."""

    sign: str
    """`-`, `~` or `+`."""
    path: Path
    """Kind of the object first; an entry of a list by its name."""
    value: Any = None
    after: str | None = None
    """Of a new place: the sibling that it follows; None when it is the first."""


def written(before: Manifests, after: Manifests) -> str:
    """The text that says what differs.

    Raises:
        AssertionError: the whole does not come back from it.
    """
    changes = _for_both_roles(list(_changes(_by_kind(before), _by_kind(after), ())))
    text = "".join(f"{line}\n" for line in _lines(changes))
    assert to_yaml(applied(before, text)) == to_yaml(after), "the form of the differences cannot say this one"
    return text


def applied(before: Manifests, text: str) -> Manifests:
    """The manifests of which the text says how they differ.

    Raises:
        KeyError, ValueError: the text speaks of a place that is not there, or has a line of no known form.
    """
    whole: Any = _by_kind(before)
    for change in _read(text):
        for path in _of_each_role(change.path):
            whole = _put(whole, path, change)
    return list(whole.values())


def _by_kind(manifests: Manifests) -> dict[str, Any]:
    """Each object under its kind, a second one of the kind under `Kind#2`."""
    found: dict[str, Any] = {}
    for manifest in manifests:
        kind = manifest["kind"]
        count = sum(key.partition("#")[0] == kind for key in found)
        found[f"{kind}#{count + 1}" if count else kind] = manifest
    return found


def _entries(value: Any) -> dict[str, Any] | None:
    """Of a mapping, and of a list whose entries have names of their own."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(one, dict) and "name" in one for one in value):
        named = {str(one["name"]): one for one in value}
        return named if len(named) == len(value) else None
    return None


def _changes(before: Any, after: Any, path: Path) -> Iterator[Change]:
    old, new = _entries(before), _entries(after)
    if old is None or new is None or type(before) is not type(after):
        if json.dumps(before) != json.dumps(after):  # True is 1 for Python, and a mapping has no order
            yield Change("~", path, after)
        return
    matches = SequenceMatcher(None, list(old), list(new), autojunk=False).get_matching_blocks()
    stays = {list(new)[match.b + offset] for match in matches for offset in range(match.size)}
    renamed = "name" in old.keys() & new.keys() and "name" not in stays
    if path and ((old and new and not stays) or renamed):
        yield Change("~", path, after)
        return
    for key in old:
        if key not in stays:
            yield Change("-", (*path, key))
    previous: str | None = None
    for key, value in new.items():
        if key in stays:
            yield from _changes(old[key], value, (*path, key))
        else:
            yield Change("+", (*path, key), value, previous)
        previous = key


def _put(value: Any, path: Path, change: Change) -> Any:
    """The value with the change at the path, which ends there."""
    if not path:
        return change.value
    entries = _entries(value)
    if entries is None:
        raise ValueError(f"{'.'.join(change.path)}: nothing is inside of {value!r}")
    key, *rest = path
    found = dict(entries)
    if rest or change.sign == "~":
        found[key] = _put(found[key], tuple(rest), change)
    elif change.sign == "-":
        del found[key]
    else:
        keys = list(found)
        keys.insert(0 if change.after is None else keys.index(change.after) + 1, key)
        found[key] = change.value
        found = {one: found[one] for one in keys}
    return list(found.values()) if isinstance(value, list) else found


def _of_each_role(path: Path) -> list[Path]:
    if _BOTH not in path:
        return [path]
    return [tuple(role if part == _BOTH else part for part in path) for role in (_LEADER, _WORKER)]


def _for_both_roles(changes: list[Change]) -> list[Change]:
    """What leader and worker have alike is said once; new places of a mapping only when all of them are alike, since
    one may follow the other."""

    def role_of(change: Change) -> str | None:
        return next((part for part in change.path if part in (_LEADER, _WORKER)), None)

    def shared(change: Change) -> Change:
        role = role_of(change)
        if role is None:
            return change
        at = change.path.index(role)
        return replace(change, path=(*change.path[:at], _BOTH, *change.path[at + 1 :]))

    def siblings(change: Change, role: str) -> list[Change]:
        parent = shared(change).path[:-1]
        found = [one for one in changes if role_of(one) == role and shared(one).path[:-1] == parent and one.sign == "+"]
        return [shared(one) for one in found]

    def alike(change: Change) -> bool:
        if change.sign == "+":
            return siblings(change, _LEADER) == siblings(change, _WORKER)
        return sum(shared(one) == shared(change) for one in changes) == 2

    found = []
    for change in changes:
        if shared(change) == change or not alike(change):
            found.append(change)
        elif role_of(change) == _LEADER:
            found.append(shared(change))
    return found


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    section: Path = ()
    for change in changes:
        here = _section(change.path)
        if here != section and here:
            yield f"in {_path(here)}:"
        section = here
        indent = "  " if here else ""
        line = f"{indent}{change.sign} {_path(change.path[len(here) :])}"
        if change.sign == "+":
            line += ", first" if change.after is None else f", after {change.after}"
        yield from _with_value(line, change.value, f"{indent}    ") if change.sign != "-" else [line]


def _section(path: Path) -> Path:
    """What several lines have in common: the object; in pods the template's spec, or the container."""
    for length in range(len(path) - 1, 1, -1):
        if path[length - 2] in ("containers", "initContainers", _LEADER, _WORKER, _BOTH):
            return path[:length]
    return path[:1] if len(path) > 1 else ()


def _with_value(line: str, value: Any, indent: str) -> Iterator[str]:
    style = '"' if isinstance(value, str) and "\n" in value else None
    form: dict[str, Any] = {"width": 10**6, "sort_keys": False, "allow_unicode": True}
    flow = yaml.safe_dump(value, default_flow_style=True, default_style=style, **form)
    short = flow.removesuffix("...\n").strip()
    if not isinstance(value, dict | list) or ("\n" not in short and len(short) <= _WIDTH):
        yield f"{line}: {short}"
        return
    yield f"{line}:"
    for part in yaml.safe_dump(value, default_flow_style=False, **form).splitlines():
        yield f"{indent}{part}".rstrip()


def _path(path: Path) -> str:
    """With dots; a part that has one itself stands in brackets."""
    parts = [f"[{part}]" if re.search(r"[.\[: ,]", part) and part != _BOTH else f".{part}" for part in path]
    return "".join(parts).removeprefix(".")


def _read(text: str) -> Iterator[Change]:
    section: Path = ()
    for line, block in _with_blocks(text):
        if line.startswith("in "):
            section = _parts(line.removeprefix("in ").removesuffix(":"))
            continue
        here = section if line.startswith("  ") else ()
        form = re.fullmatch(
            r"(?P<sign>[-~+]) (?P<path>(?:\[[^\]]+\]|\{[^}]+\}|[^\[{:, ])+)"
            r"(?P<place>, (?:first|after (?P<after>\S+?)))?(?P<value>:.*)?",
            line.strip(),
        )
        if form is None:
            raise ValueError(f"a line of no known form: {line}")
        value = yaml.safe_load(block or (form["value"] or ":").removeprefix(":"))
        yield Change(form["sign"], (*here, *_parts(form["path"])), value, form["after"])


def _with_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Each line with the block below it, which is further in than any line."""
    lines: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if lines and (not line.strip() or line.startswith("    ")):
            lines[-1][1].append(line)
        else:
            lines.append((line, []))
    for line, block in lines:
        yield line, "\n".join(block)


def _parts(path: str) -> Path:
    return tuple(found[1] or found[2] for found in re.finditer(r"\[([^\]]+)\]|\.?([^.\[]+)", path))
