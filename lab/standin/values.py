"""Property values as the engine sends them: plain Python data, in which secrets and unknowns keep their wire form."""

from collections.abc import Callable
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct

Obj = dict[str, Any]
_MARK, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # stands for what is known only after an update

decode: Callable[[Struct], Obj] = MessageToDict  # secrets stay marked


def encode(obj: Obj) -> Struct:
    return ParseDict(obj, Struct())


def plain(value: Any, old: str = "_", new: str = "-") -> Any:
    """Copy without secret marks and nulls; whole numbers as int, a CRD's `x_kubernetes_…` (SDK, state) respelled."""
    if isinstance(value, dict):
        if _MARK in value:
            return plain(value["value"], old, new)
        spell = {k: k.replace(old, new) if k.startswith(f"x{old}kubernetes{old}") else k for k in value}
        return {spell[k]: plain(v, old, new) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [plain(item, old, new) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def mark_secrets(outs: Obj, ins: Obj) -> Obj:
    """Mark in `outs`, in place, what is secret in `ins`; the data of a Secret always is."""
    for key, value in outs.items():
        given = _MARK if outs.get("kind") == "Secret" and key in ("data", "stringData") else ins.get(key)
        if isinstance(value, dict) and isinstance(given, dict) and _MARK not in given:
            mark_secrets(value, given)
        elif _MARK in str(given):
            outs[key] = {_MARK: _SECRET, "value": plain(value)}
    return outs
