"""Property values as the engine sends them: plain Python data, in which secrets and unknowns keep their wire form."""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct

Obj = dict[str, Any]

_MARK, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWNS = {  # string (the one the SDKs send), boolean, number, array, object
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}


def decode(message: Struct) -> Obj:
    """Read a message, secrets still marked."""
    return dict(MessageToDict(message))


def encode(obj: Mapping[str, Any]) -> Struct:
    """Write a message."""
    return ParseDict(dict(obj), Struct())


def plain(value: Any, old: str = "_", new: str = "-") -> Any:
    """Copy without secret marks and nulls; whole numbers as int, a CRD's `x_kubernetes_…` (SDK, state) respelled."""
    if isinstance(value, dict):
        if _is_secret(value):
            return plain(value["value"], old, new)
        spell = {k: k.replace(old, new) if k.startswith(f"x{old}kubernetes{old}") else k for k in value}
        return {spell[k]: plain(v, old, new) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [plain(item, old, new) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def unknown(value: Any) -> bool:
    """Say whether a value, or anything in it, is known only after an update."""
    return _holds(lambda v: isinstance(v, str) and v in _UNKNOWNS, value)


def mark_secrets(outs: Obj, ins: Mapping[str, Any]) -> Obj:
    """Mark in `outs`, in place, what is secret in `ins`; the data of a Secret always is."""
    marked = {_MARK: _SECRET, "value": None}
    if outs.get("kind") == "Secret":
        ins = {"data": marked, "stringData": marked}
    for key in ins.keys() & outs.keys():
        if isinstance(outs[key], dict) and isinstance(ins[key], dict) and not _is_secret(ins[key]):
            mark_secrets(outs[key], ins[key])
        elif not _is_secret(outs[key]) and _holds(_is_secret, ins[key]):
            outs[key] = {**marked, "value": outs[key]}
    return outs


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(_MARK) == _SECRET


def _holds(test: Callable[[Any], bool], value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return test(value) or any(_holds(test, item) for item in inner)
