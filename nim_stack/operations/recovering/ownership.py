"""Whether an object in the cluster is what an interrupted create made.

Name and kind are not enough: the create may have been about to fail because somebody else's object has the name, and a
resource of the state is deleted with its stack.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from nim_stack.base.documents import Json
from nim_stack.base.quantity import Quantity
from nim_stack.operations.recovering.secret_values import is_secret

_MANAGER = re.compile(r"pulumi-(resource-)?kubernetes(\.exe|-[0-9a-z]+)?")
"""Field managers of the Kubernetes plugin: of a create, and of server-side apply, which has a random end."""
_CUSTOM_MANAGER = "pulumi.com/patchFieldManager"
_SKEW = timedelta(minutes=5)
"""Between the clocks of the API server and of the machine that ran the engine."""


def stranger(live: Json, inputs: Json, since: str | None) -> str | None:
    """Why the object is not what a create with these inputs made; None when it is.

    Args:
        live: the object as the cluster has it.
        inputs: what the create was given.
        since: when the stack's connection to the cluster was made, as the state says: nothing of it is older.
    """
    meta = live.get("metadata", {})
    own = (inputs.get("metadata", {}).get("annotations") or {}).get(_CUSTOM_MANAGER)
    managers = sorted({entry.get("manager", "") for entry in meta.get("managedFields") or []})
    if not any(_MANAGER.fullmatch(name) or name == own for name in managers):
        return f"nothing of it was set by Pulumi, but by {', '.join(managers) or 'nobody who left a name'}"
    made, first = _time(meta.get("creationTimestamp")), _time(since)
    if made and first and made < first - _SKEW:
        return f"it was made at {meta['creationTimestamp']}, and this stack's connection to the cluster at {since}"
    if path := next(_differences(live, inputs, ""), None):
        return f"its {path} is not what this stack wants"
    return None


def field_manager(live: Json) -> str | None:
    """The plugin's newest manager of server-side apply, under which it goes on."""
    entries = [
        (entry.get("time", ""), entry["manager"])
        for entry in live.get("metadata", {}).get("managedFields") or []
        if entry.get("operation") == "Apply"
        and "subresource" not in entry
        and _MANAGER.fullmatch(entry.get("manager", ""))
    ]
    return max(entries)[1] if entries else None


def _time(text: Any) -> datetime | None:
    """ISO 8601 in UTC; the engine writes nanoseconds."""
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z$", str(text))
    return datetime.fromisoformat(f"{found[1]}+00:00") if found else None


def _differences(live: Any, inputs: Any, path: str) -> Iterator[str]:
    """Paths of inputs that the object does not have. More in the object is not a difference: defaults, controllers."""
    if is_secret(inputs) or path.startswith("metadata.managedFields"):
        return
    if isinstance(inputs, dict) and isinstance(live, dict):
        plain = {_spelled(key): value for key, value in live.items()}
        for key, value in inputs.items():
            at = f"{path}.{key}" if path else key
            if _spelled(key) in plain:
                yield from _differences(plain[_spelled(key)], value, at)
            elif not _empty(value) and not _write_only(at, inputs):
                yield at
    elif isinstance(inputs, list) and isinstance(live, list):
        if len(live) < len(inputs):
            yield path
        for number, (a, b) in enumerate(zip(live, inputs, strict=False)):
            yield from _differences(a, b, f"{path}[{number}]")
    elif not _same(live, inputs):
        yield path


def _spelled(key: str) -> str:
    """Some inputs of CRDs have the form that Python can write."""
    return key.replace("_", "-") if key.startswith("x_kubernetes_") else key


def _write_only(path: str, inputs: Json) -> bool:
    """A Secret comes back without `stringData`."""
    return path == "stringData" and inputs.get("kind") == "Secret"


def _empty(value: Any) -> bool:
    """What a server drops: zero values, and objects that hold nothing else."""
    if is_secret(value):
        return False
    if isinstance(value, dict):
        return all(_empty(item) for item in value.values())
    return value is None or value in ("", 0, False, [])


def _same(live: Any, wanted: Any) -> bool:
    if live == wanted or str(live) == str(wanted) or (_empty(live) and _empty(wanted)):
        return True
    if isinstance(live, (dict, list)) or isinstance(wanted, (dict, list)):
        return False
    try:
        return Quantity.parse(live) == Quantity.parse(wanted)
    except ValueError:
        return False
