"""As much of JSON schema as the schema of stack files uses; any other word in a schema is an error, so that nothing in
it goes unread."""

import re
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]
_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
_PLAIN: dict[str, tuple[type | tuple[type, ...], Callable[[Any, Any], bool]]] = {
    "enum": (object, lambda value, options: value in options),
    "pattern": (str, lambda value, pattern: re.search(pattern, value) is not None),
    "minLength": (str, lambda value, least: len(value) >= least),
    "maxLength": (str, lambda value, most: len(value) <= most),
    "minItems": (list, lambda value, least: len(value) >= least),
    "maxItems": (list, lambda value, most: len(value) <= most),
    "minimum": ((int, float), lambda value, least: value >= least),
    "maximum": ((int, float), lambda value, most: value <= most),
    "exclusiveMinimum": ((int, float), lambda value, above: value > above),
    "required": (dict, lambda value, names: value.keys() >= set(names)),
}
_SAYS_NOTHING = {"$schema", "$defs", "title", "description", "default"}
_TOGETHER = {"properties", "patternProperties", "additionalProperties"}


def complaints(value: Any, schema: Schema, root: Schema, place: str = "") -> Iterator[str]:
    """What in the value is not as the schema says."""
    for word, said in schema.items():
        if word in _SAYS_NOTHING | _TOGETHER:
            continue
        if word == "$ref":
            yield from complaints(value, _resolved(said, root), root, place)
        elif word == "type":
            kinds = [said] if isinstance(said, str) else said
            if not any(_TYPES[kind](value) for kind in kinds):
                yield f"{place}: {value!r} is not {' or '.join(kinds)}"
        elif word == "anyOf":
            if all(list(complaints(value, option, root, place)) for option in said):
                yield f"{place}: {value!r} has none of the forms"
        elif word == "items":
            for position, item in enumerate(value if isinstance(value, list) else []):
                yield from complaints(item, said, root, f"{place}/{position}")
        elif word == "propertyNames":
            for name in value if isinstance(value, dict) else {}:
                yield from complaints(name, said, root, f"{place}/{name}")
        else:
            kinds, holds = _PLAIN[word]
            if isinstance(value, kinds) and not holds(value, said):
                yield f"{place}: {value!r} against {word} {said!r}"
    if isinstance(value, dict):
        yield from _fields(value, schema, root, place)


def _fields(value: dict[str, Any], schema: Schema, root: Schema, place: str) -> Iterator[str]:
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    others = schema.get("additionalProperties", True)
    for name, item in value.items():
        applying = [named[name]] if name in named else []
        applying += [inner for pattern, inner in patterns.items() if re.search(pattern, name)]
        if not applying and others is False:
            yield f"{place}: {name!r} is not known"
        elif not applying and isinstance(others, dict):
            applying = [others]
        for inner in applying:
            yield from complaints(item, inner, root, f"{place}/{name}")


def _resolved(reference: str, root: Schema) -> Schema:
    found: Schema = root["$defs"][reference.removeprefix("#/$defs/")]
    return found
