"""What differs between the live object and the program's, and which differences make a new object necessary."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

from lab.standin.objects import builtin
from lab.standin.values import Obj

Where = tuple[str | int, ...]
ADD, DELETE, UPDATE = 0, 2, 4  # kinds of PropertyDiff; the next number is the same kind, forcing a replacement

# The official plugin's table (provider/pkg/provider/diff.go at 4.34), for the API versions that are still served.
_FORCE_NEW = json.loads(Path(__file__).with_name("force_new.json").read_text())
_DATA = {"v1/Secret": ["type", "stringData", "data"], "v1/ConfigMap": ["binaryData", "data"]}
_MISSING = object()


def compare(live: Obj, new: Obj, was: Obj, mutable: set[str], ignored: list[str]) -> dict[str, int]:
    """Compare the live object, pruned to the old inputs `was`, with the new inputs: property path → kind of change.

    `mutable` has those of the kinds Secret and ConfigMap whose data the provider may change in place.
    """
    kind = f"{new.get('apiVersion')}/{new.get('kind')}"
    frozen = kind in _DATA and (new["kind"] not in mutable or new.get("immutable") is True)
    force = ["metadata.name", "metadata.namespace", *_FORCE_NEW.get(kind, []), *(_DATA[kind] if frozen else [])]
    found = {}
    for path, change, value in _walk((), live, new, was, builtin(new)):
        if not any(re.match(rf"{re.escape(start)}([.\[]|$)", _text(path)) for start in ignored):
            found[_text(path)] = change + any(_along(name.split("."), path, value) for name in force)
    return found


def _walk(path: Where, old: Any, new: Any, was: Any, known: bool) -> Iterator[tuple[Where, int, Any]]:
    if new is _MISSING:
        yield path, DELETE, None
    elif old is _MISSING:
        # The server drops zero values of many fields of its own kinds; the official plugin knows them from the schema.
        if not (known and new == was and new in (False, 0, "", {}, [])):
            yield path, ADD, new
    elif isinstance(old, dict) and isinstance(new, dict):
        before = was if isinstance(was, dict) else {}
        for k in sorted(old.keys() | new.keys()):
            a, b, c = (part.get(k, _MISSING) for part in (old, new, before))
            yield from _walk((*path, k), a, b, c, known)
    elif isinstance(old, list) and isinstance(new, list):
        earlier = was[: max(len(old), len(new))] if isinstance(was, list) else []
        for i, (a, b, c) in enumerate(zip_longest(old, new, earlier, fillvalue=_MISSING)):
            yield from _walk((*path, i), a, b, c, known)
    elif old != new and not (known and _quantity(path, old) == _quantity(path, new)):
        yield path, UPDATE, new


def _quantity(path: Where, value: Any) -> Any:
    """Read an amount of a resource: the server spells it its own way (1024Mi is 1Gi), as the official plugin does."""
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)(m|[kKMGTPE]?i?)", str(value))
    if not match or {"limits", "requests", "capacity", "hard", "sizeLimit"}.isdisjoint(path):
        return value
    power = " KMGTPE".index(match[2][:1].upper() or " ") if match[2] != "m" else -1
    return Decimal(match[1]) * Decimal(1024 if match[2].endswith("i") else 1000) ** power


def _along(prop: list[str], path: Where, value: Any) -> bool:
    """Say whether the property lies on the path or, when it goes further, inside the value found there."""
    if any(want not in (str(part), "*") for want, part in zip(prop, path, strict=False)):
        return False
    for want in prop[len(path) :]:
        value = {"*": value[0]} if isinstance(value, list) and value else value
        if not isinstance(value, dict) or want not in value:
            return False
        value = value[want]
    return True


def _text(path: Where) -> str:
    parts = (f"[{json.dumps(p)}]" if isinstance(p, int) or re.search(r'[."\[\]]', p) else f".{p}" for p in path)
    return "".join(parts).removeprefix(".")
