"""Values written as Kubernetes writes them, checked against its published types, and against what the API server takes
in them: what it would drop or refuse is refused at preview.

The types are those of the package lightkube-models, which is generated from Kubernetes' OpenAPI document. They are
imported when the first such value is read: that takes 0.2 s, and most stacks have none.
"""

import types
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from nim_stack.values.kubernetes import Found, is_judged, is_quantity, needed, of_field, of_object

FORM = "x-kubernetes"
"""Stands in a JSON schema for a Kubernetes object, until nim_stack.values.kubernetes.schema writes its fields there."""


@dataclass(frozen=True)
class Form:
    """Metadata of a setting that holds a Kubernetes object, such as `core_v1.Toleration`."""

    kind: str
    required: bool = True
    """Whether fields that Kubernetes requires must be there; a patch can leave them out."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> dict[str, Any]:
        return {FORM: asdict(self)}

    def _checked(self, value: dict[str, Any]) -> dict[str, Any]:
        found = complaints(value, self.kind, self.required)
        if found:
            raise ValueError("; ".join(found))
        return value


Toleration = Annotated[dict[str, Any], Form("core_v1.Toleration")]
Affinity = Annotated[dict[str, Any], Form("core_v1.Affinity")]
TopologySpreadConstraint = Annotated[dict[str, Any], Form("core_v1.TopologySpreadConstraint")]
Volume = Annotated[dict[str, Any], Form("core_v1.Volume")]
VolumeMount = Annotated[dict[str, Any], Form("core_v1.VolumeMount")]
Container = Annotated[dict[str, Any], Form("core_v1.Container")]
EnvVarSource = Annotated[dict[str, Any], Form("core_v1.EnvVarSource")]
PodResourceClaim = Annotated[dict[str, Any], Form("core_v1.PodResourceClaim")]
PodSecurityContext = Annotated[dict[str, Any], Form("core_v1.PodSecurityContext")]
SecurityContext = Annotated[dict[str, Any], Form("core_v1.SecurityContext")]
PodTemplatePatch = Annotated[dict[str, Any], Form("core_v1.PodTemplateSpec", required=False)]
NetworkPolicyPeer = Annotated[dict[str, Any], Form("networking_v1.NetworkPolicyPeer")]
NetworkPolicyEgressRule = Annotated[dict[str, Any], Form("networking_v1.NetworkPolicyEgressRule")]
MetricSpec = Annotated[dict[str, Any], Form("autoscaling_v2.MetricSpec")]
HorizontalPodAutoscalerBehavior = Annotated[dict[str, Any], Form("autoscaling_v2.HorizontalPodAutoscalerBehavior")]


def complaints(value: Any, kind: str, required: bool = True) -> list[str]:
    """What the API server would not accept in the form of a value; whether it works is another matter.

    Args:
        value: an object as Kubernetes writes it.
        kind: module and class of lightkube-models.
        required: whether fields that Kubernetes requires must be there; a patch can leave them out, and null in it
            takes a field away.
    """
    return [f"{place}: {what}" if place else what for place, what in _walk(value, type_of(kind), "", required)]


def type_of(kind: str) -> Any:
    """The class of lightkube-models, by its module and name."""
    module, _, name = kind.partition(".")
    return getattr(import_module(f"lightkube.models.{module}"), name)


@cache
def field_types(struct: Any) -> dict[str, Any]:
    """Fields by the names that Kubernetes writes, with the types of their values."""
    hints = get_type_hints(struct)
    return {name.rstrip("_"): hint for name, hint in hints.items() if not name.startswith("__")}


@cache
def required_fields(struct: Any) -> frozenset[str]:
    """Fields without a default, which come first in a generated class, and those that the API server needs as well."""
    fields = list(struct.__struct_fields__)
    return frozenset(fields[: len(fields) - len(struct.__struct_defaults__)]) | needed(struct.__name__)


def _walk(value: Any, hint: Any, place: str, required: bool) -> Iterator[Found]:
    if value is None and not required:
        return
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        if len(options) == 1:
            yield from _walk(value, options[0], place, required)
        elif not any(_is_plain(option, value) for option in options):
            yield place, f"{value!r} is neither of {', '.join(option.__name__ for option in options)}"
    elif origin is list:
        if not isinstance(value, list | tuple):
            yield place, f"{value!r} is not a list"
        else:
            for position, item in enumerate(value):
                yield from _walk(item, get_args(hint)[0], _at(place, str(position)), required)
    elif origin is dict or hint is dict:
        yield from _mapping(value, get_args(hint), place, required)
    elif hasattr(hint, "__struct_fields__"):
        yield from _struct(value, hint, place, required)
    elif not _is_plain(hint, value):
        yield place, f"{value!r} is not {_WORDS.get(hint, 'of the right type')}"


def _mapping(value: Any, arguments: tuple[Any, ...], place: str, required: bool) -> Iterator[Found]:
    if not isinstance(value, dict):
        yield place, f"{value!r} is not a mapping"
        return
    for key, item in value.items():
        if not isinstance(key, str):
            yield place, f"the key {key!r} is not text"
        elif len(arguments) == 2:
            yield from _walk(item, arguments[1], _at(place, key), required)


def _struct(value: Any, struct: Any, place: str, required: bool) -> Iterator[Found]:
    name = struct.__name__
    if not isinstance(value, dict):
        yield place, f"{value!r} is not a mapping with the fields of {name}"
        return
    sound = True
    for found in _fields(value, struct, place, required):
        sound = False
        yield found
    if sound and required:
        yield from _inside(place, of_object(name, value))


@dataclass(frozen=True)
class _Field:
    """What is known of a field, worked out once."""

    hint: Any
    """Type of its value, or of what it is when it is not left out."""
    name: str
    judged: bool

    def may_be(self, value: Any) -> bool:
        """Whether the value has the type, when that is seen at once."""
        return self.hint in _PLAIN and _PLAIN[self.hint](value)


@cache
def _known(struct: Any) -> dict[str, _Field]:
    found = {}
    for name, hint in field_types(struct).items():
        field = f"{struct.__name__}.{name}"
        options = [option for option in get_args(hint) if option is not type(None)]
        only = options[0] if get_origin(hint) in (Union, types.UnionType) and len(options) == 1 else hint
        found[name] = _Field(only, field, is_judged(field))
    return found


def _fields(value: dict[Any, Any], struct: Any, place: str, required: bool) -> Iterator[Found]:
    known = _known(struct)
    for key, item in value.items():
        field = known.get(key)
        if field is not None:
            if not field.may_be(item) and not is_quantity(field.name):
                yield from _walk(item, field.hint, _at(place, key), required)
            if field.judged and (item is not None or required):
                yield from _inside(_at(place, key), of_field(field.name, item))
        elif required or not str(key).startswith("$"):
            close = get_close_matches(str(key), known, n=1)
            hint = f" (the nearest is {close[0]})" if close else f"; it has {', '.join(sorted(known))}"
            yield place, f"{key!r} is not a field of {struct.__name__}{hint}"
    if required:
        for missing in sorted(required_fields(struct) - value.keys()):
            yield place, f"{missing!r} is missing, which {struct.__name__} needs"


def _inside(place: str, found: Iterator[Found]) -> Iterator[Found]:
    for at, what in found:
        yield _at(place, at) if at else place, what


def _at(place: str, part: str) -> str:
    return f"{place}.{part}" if place else part


_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_PLAIN: dict[Any, Callable[[Any], bool]] = {
    str: lambda value: isinstance(value, str),
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


def _is_plain(hint: Any, value: Any) -> bool:
    """Whether a scalar has its type; what is not a scalar here (quantities, free JSON) takes anything."""
    return _PLAIN.get(hint, lambda _: True)(value)
