"""The settings as shapes that other type systems have too: packages and TypedDicts are made of them.

Read from the JSON schema of the settings. Of it three things have no counterpart there, and become wider:

- bounds, patterns and rules across settings, which the program judges at preview;
- `null`, which says the same as leaving a setting out;
- a patch of a pod, in which every field may be null and keys such as `$patch` stand: a mapping to anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nim_stack.settings.json_schema import settings_schema

ROOT = "StackSettings"
"""The object that a stack file has under `nim:`."""
_PATCH = ".patch"


@dataclass(frozen=True)
class Plain:
    """Text, a number or a truth value."""

    kind: Literal["string", "integer", "number", "boolean"]


@dataclass(frozen=True)
class Words:
    """One of a few words, under a name that is made of the object and its field."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class ListOf:
    """A list of one shape."""

    items: "Shape"


@dataclass(frozen=True)
class MapOf:
    """A mapping from text to one shape."""

    values: "Shape"


@dataclass(frozen=True)
class Named:
    """An object, by its name."""

    name: str


@dataclass(frozen=True)
class Either:
    """One of several shapes."""

    options: tuple["Shape", ...]


@dataclass(frozen=True)
class Anything:
    """Whatever JSON can say."""


Shape = Plain | Words | ListOf | MapOf | Named | Either | Anything


@dataclass(frozen=True)
class Field:
    """One field of an object."""

    shape: Shape
    required: bool
    description: str
    """Empty for Kubernetes' own fields, which Kubernetes describes."""


@dataclass(frozen=True)
class Object:
    """One object: its fields by the name that a stack file gives them."""

    name: str
    description: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    kubernetes: bool = False
    """Whether Kubernetes defines it."""


def settings_objects() -> dict[str, Object]:
    """Every object of the settings by its name, each after those that it is made of; the last is `ROOT`."""
    schema = settings_schema()
    definitions: dict[str, Any] = schema.pop("$defs") | {ROOT: schema}
    found: dict[str, Object] = {}
    _collect(ROOT, definitions, found)
    return found


def shapes_in(shape: Shape) -> Iterator[Shape]:
    """The shape itself and all shapes that it is made of; a named object is not entered."""
    yield shape
    match shape:
        case ListOf(inner) | MapOf(inner):
            yield from shapes_in(inner)
        case Either(options):
            for option in options:
                yield from shapes_in(option)


def _collect(key: str, definitions: Mapping[str, Any], found: dict[str, Object]) -> None:
    name = _name(key)
    if name in found:
        return
    body = _body(definitions[key])
    required = body.get("required", [])
    fields: dict[str, Field] = {}
    for label, schema in body.get("properties", {}).items():
        for inner in _references(schema):
            _collect(inner, definitions, found)
        shape = _shape(schema, f"{name}{label[:1].upper()}{label[1:]}", definitions)
        fields[label] = Field(shape, label in required, schema.get("description", ""))
    about = definitions[key].get("description", body.get("description", ""))
    found[name] = Object(name, about, fields, kubernetes="." in key)


def _body(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object; where a shorter form may stand for it, the form with fields."""
    options = definition.get("anyOf", [definition])
    return next(option for option in options if option.get("type") == "object")


def _name(key: str) -> str:
    """`core_v1.Toleration` is CoreV1Toleration; a name of our own stays as it is."""
    if "." not in key:
        return key
    module, _, kind = key.partition(".")
    return "".join(part[:1].upper() + part[1:] for part in module.split("_")) + kind


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        key = schema.get("$ref", "").removeprefix("#/$defs/")
        if key and not key.endswith(_PATCH):
            yield key
        for inner in schema.values():
            yield from _references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _references(inner)


def _shape(schema: Mapping[str, Any], place: str, definitions: Mapping[str, Any]) -> Shape:
    if "$ref" in schema:
        return _referred(schema["$ref"].removeprefix("#/$defs/"), definitions)
    if "anyOf" in schema:
        options = [_shape(option, place, definitions) for option in schema["anyOf"] if option.get("type") != "null"]
        return options[0] if len(options) == 1 else Either(tuple(options))
    if "enum" in schema:
        return Words(place, tuple(schema["enum"]))
    kind = schema.get("type")
    (only,) = [each for each in kind if each != "null"] if isinstance(kind, list) else [kind]
    match only:
        case "array":
            return ListOf(_shape(schema["items"], place, definitions))
        case "object":
            return MapOf(_shape(_values(schema), place, definitions))
        case "string" | "integer" | "number" | "boolean":
            return Plain(only)
        case None:
            return Anything()
    raise TypeError(f"{place}: no shape for {schema}")


def _referred(key: str, definitions: Mapping[str, Any]) -> Shape:
    if key.endswith(_PATCH):
        return MapOf(Anything())
    shorter = [option for option in definitions[key].get("anyOf", []) if option.get("type") != "object"]
    named = Named(_name(key))
    if not shorter:
        return named
    (field_name,) = [
        label
        for label, schema in _body(definitions[key])["properties"].items()
        if schema.get("enum") == shorter[0]["enum"]
    ]
    return Either((Words(f"{_name(key)}{field_name[:1].upper()}{field_name[1:]}", tuple(shorter[0]["enum"])), named))


def _values(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the keys of a mapping lead to."""
    if schema.get("patternProperties"):
        (values,) = schema["patternProperties"].values()
    else:
        values = schema.get("additionalProperties", {})
    return values if isinstance(values, dict) else {}
