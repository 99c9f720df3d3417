"""Property values as the engine sends them: plain Python data, in which secrets and unknowns keep their wire form."""

import json
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct

Obj = dict[str, Any]

_MARK, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def decode(message: Struct) -> Obj:
    """Read a message; secrets stay marked."""
    return dict(MessageToDict(message))


def encode(obj: Obj) -> Struct:
    """Write a message."""
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


def unknown(value: Any) -> bool:
    """Say whether a value, or anything in it, is known only after an update."""
    return _UNKNOWN in json.dumps(value)


def mark_secrets(outs: Obj, ins: Obj) -> Obj:
    """Mark in `outs`, in place, what is secret in `ins`; the data of a Secret always is."""
    marked = {_MARK: _SECRET, "value": None}
    if outs.get("kind") == "Secret":
        ins = {"data": marked, "stringData": marked}
    for key in ins.keys() & outs.keys():
        if isinstance(outs[key], dict) and isinstance(ins[key], dict) and _MARK not in ins[key]:
            mark_secrets(outs[key], ins[key])
        elif _MARK in json.dumps(ins[key]):
            outs[key] = {**marked, "value": plain(outs[key])}
    return outs
