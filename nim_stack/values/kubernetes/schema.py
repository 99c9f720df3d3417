"""JSON schemas of Kubernetes' types, from the same classes that the values of a stack are checked against."""

import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from nim_stack.base.quantity import PATTERN
from nim_stack.values.kubernetes import is_quantity
from nim_stack.values.kubernetes.ranges import RANGES
from nim_stack.values.kubernetes.spelling import KEYS, TEXTS, VALUES, Form
from nim_stack.values.kubernetes.types import field_types, required_fields, type_of
from nim_stack.values.kubernetes.words import WORDS

Schema = dict[str, Any]
_PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    dict: {"type": "object"},
}
_HUGE = 2**31 - 1
"""A bound that is no more than the size of an integer."""


def definitions(kind: str, required: bool = True) -> dict[str, Schema]:
    """Definitions of a type and of all types inside it, by the names that `reference` gives them.

    Args:
        kind: module and class of lightkube-models, such as `core_v1.Toleration`.
        required: whether fields that Kubernetes requires must be there. Without it the definitions are those of a
            patch, in which any field can be left out or be null.
    """
    found: dict[str, Schema] = {}
    waiting = [type_of(kind)]
    while waiting:
        struct = waiting.pop()
        if _name(struct, required) not in found:
            found[_name(struct, required)] = _object(struct, required)
            waiting += [inner for hint in field_types(struct).values() for inner in _structs(hint)]
    return found


def reference(kind: str, required: bool = True) -> Schema:
    """Refers to the definition of a type."""
    return {"$ref": f"#/$defs/{_name(type_of(kind), required)}"}


def _name(struct: Any, required: bool) -> str:
    module = struct.__module__.rpartition(".")[2]
    return f"{module}.{struct.__name__}{'' if required else '.patch'}"


def _structs(hint: Any) -> Iterator[Any]:
    if hasattr(hint, "__struct_fields__"):
        yield hint
    for argument in get_args(hint):
        yield from _structs(argument)


def _object(struct: Any, required: bool) -> Schema:
    kind = struct.__name__
    fields = {name: _schema(hint, required, f"{kind}.{name}") for name, hint in sorted(field_types(struct).items())}
    if required:
        needed = sorted(required_fields(struct))
        return {"type": "object", "properties": fields, "additionalProperties": False} | (
            {"required": needed} if needed else {}
        )
    nullable = {name: {"anyOf": [schema, {"type": "null"}]} for name, schema in fields.items()}
    # Directives of a strategic merge patch, such as $patch and $retainKeys.
    directives: Schema = {r"^\$": {}}
    return {
        "type": "object",
        "properties": nullable,
        "patternProperties": directives,
        "additionalProperties": False,
    }


def _schema(hint: Any, required: bool, field: str) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if is_quantity(field):
        return {"anyOf": [{"type": "string", "pattern": f"^(?!-){PATTERN}$"}, {"type": "number", "minimum": 0}]}
    if origin in (Union, types.UnionType):
        options = [_schema(option, required, field) for option in arguments if option is not type(None)]
        return options[0] if len(options) == 1 else {"anyOf": options}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0], required, field)}
    if origin is dict and arguments:
        return _mapping(field, _schema(arguments[1], required, ""))
    if hint is dict and field in VALUES:
        return _mapping(field, dict(_PLAIN[str]))
    if hasattr(hint, "__struct_fields__"):
        return {"$ref": f"#/$defs/{_name(hint, required)}"}
    return _PLAIN.get(origin or hint, {}) | _narrower(hint, field)


def _mapping(field: str, values: Schema) -> Schema:
    if field in VALUES:
        values = values | _written(VALUES[field])
    keys = {"propertyNames": _written(KEYS[field])} if field in KEYS else {}
    return {"type": "object", "additionalProperties": values, **keys}


def _narrower(hint: Any, field: str) -> Schema:
    """What the API server takes of the values of a type."""
    if hint is int and field in RANGES:
        least, most = RANGES[field]
        return {"minimum": least} | ({"maximum": most} if most < _HUGE else {})
    if hint is str and field in WORDS:
        return {"enum": list(WORDS[field])}
    return _written(TEXTS[field]) if hint is str and field in TEXTS else {}


def _written(form: Form) -> Schema:
    return {"pattern": _whole(form.pattern)} | ({"maxLength": form.most} if form.most else {})


def _whole(pattern: str) -> str:
    return f"^({pattern})$"
