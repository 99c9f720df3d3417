"""Kubernetes objects as inputs: names, owners, normal form, and how a live one differs from the program's."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path
from typing import Any

from lab.standin.values import UNKNOWN, Obj

_READ_ONLY = {"creationTimestamp", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "uid"}
CREATOR = "pulumi-kubernetes"
# Managers whose fields become ours at the first update: of the create, and of people with kubectl. Names are prefixes.
_TAKEN_OVER = {"Apply": ("kubectl",), "Update": ("kubectl", "before-first-apply", CREATOR)}
ADD, DELETE, UPDATE = 0, 2, 4  # kinds of PropertyDiff; the next number is the same kind, forcing a replacement
# The official plugin's table (provider/pkg/provider/diff.go at 4.34), for the API versions that are still served.
_FORCE_NEW = json.loads(Path(__file__).with_name("force_new.json").read_text())
_DATA = {"v1/Secret": ["type", "stringData", "data"], "v1/ConfigMap": ["binaryData", "data"]}
_MISSING = object()


def annotation(obj: Obj, name: str) -> str:
    """Return the value of one of the plugin's annotations, such as `waitFor`, or nothing."""
    return str((obj.get("metadata", {}).get("annotations") or {}).get(f"pulumi.com/{name}", ""))


def full_name(obj: Obj) -> str:
    """Return namespace/name, or the name alone, which is also the resource's ID."""
    return "/".join(obj["metadata"][part] for part in ("namespace", "name") if obj["metadata"].get(part))


def normal(obj: Obj) -> Obj:
    """Bring inputs into the form that the server returns, so that equal objects compare equal. Changes `obj`."""
    if obj.get("kind") == "Secret" and "stringData" in obj and UNKNOWN not in str(obj):
        encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in obj.pop("stringData").items()}
        obj["data"] = obj.get("data", {}) | encoded
    if isinstance(meta := obj.get("metadata"), dict):
        obj["metadata"] = {k: v for k, v in meta.items() if k not in _READ_ONLY}
    return obj


def pruned(live: Any, inputs: Any) -> Any:
    """Reduce live state to what the inputs have: defaults are no drift, nor are zero values that the server drops."""
    if isinstance(live, dict) and isinstance(inputs, dict):
        return {k: pruned(live.get(k, v), v) for k, v in inputs.items() if k in live or not v}
    if isinstance(live, list) and isinstance(inputs, list):
        return [pruned(a, b) for a, b in zip(live, inputs, strict=False)]
    return live


def named(obj: Obj, old: Obj, resource: str, seed: bytes, proposed: str) -> None:
    """Give an unnamed object its old automatic name or a new one: the resource's and eight hexadecimal digits."""
    meta = obj["metadata"]
    if meta.get("name") or (old and not annotation(old, "autonamed")):
        return
    suffix = hashlib.sha256(seed + resource.encode()).hexdigest()[:8] if seed else secrets.token_hex(4)
    meta["name"] = old["metadata"]["name"] if old else proposed or f"{resource}-{suffix}"
    meta["annotations"] = {**meta.get("annotations", {}), "pulumi.com/autonamed": "true"}


def handed_over(entries: list[Obj], name: str) -> list[Obj]:
    """Give the fields of the create to the manager of server-side apply; nothing when there are none to give."""
    taken = [e for e in entries if e["manager"].startswith((name, *_TAKEN_OVER[e["operation"]]))]
    taken = [e for e in taken if "subresource" not in e]
    if all(e["manager"] == name and e["operation"] == "Apply" for e in taken):
        return []
    fields: Obj = {}
    for entry in taken:
        _merge(fields, entry.get("fieldsV1", {}))
    merged = {**taken[0], "manager": name, "operation": "Apply", "fieldsV1": fields}
    return [*(e for e in entries if e not in taken), merged]


def _merge(into: Obj, more: Obj) -> None:
    for key, value in more.items():
        _merge(into.setdefault(key, {}), value)


def compare(live: Obj, new: Obj, switches: set[str]) -> dict[str, Any]:
    """Compare the live object, pruned to the old inputs, with the new inputs: property path → kind of change."""
    kind = f"{new.get('apiVersion')}/{new.get('kind')}"
    frozen = kind in _DATA and f"enable{new['kind']}Mutable" not in switches  # of the provider
    force = ["metadata.name", "metadata.namespace", *_FORCE_NEW.get(kind, []), *(_DATA[kind] if frozen else [])]
    found = {at: (change, re.sub(r"\[(\d+)\]", r".\1", at) + ".") for at, change in _walk(live, new, "")}
    return {at: change + any(fnmatchcase(dotted, f"{f}.*") for f in force) for at, (change, dotted) in found.items()}


def _walk(old: Any, new: Any, at: str) -> Iterator[tuple[str, int]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            path = f"{at}[{json.dumps(key)}]" if re.search(r'[."\[\]]', key) else f"{at}.{key}".removeprefix(".")
            yield from _walk(old.get(key, _MISSING), new.get(key, _MISSING), path)
    elif isinstance(old, list) and isinstance(new, list):
        for index, (a, b) in enumerate(zip_longest(old, new, fillvalue=_MISSING)):
            yield from _walk(a, b, f"{at}[{index}]")
    elif str(old) != str(new):  # an amount of 1 comes back as "1"
        yield at, ADD if old is _MISSING else DELETE if new is _MISSING else UPDATE
