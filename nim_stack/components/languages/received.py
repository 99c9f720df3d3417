"""What arrives from a program in another language, as the arguments of a Python component.

Names arrive in camelCase and whole numbers as floats, since all numbers of the protocol are (pulumi/pulumi#18526).
Plain arguments decide sizes: one that is secret, or known only after something was created, is refused by name.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails
from pulumi.runtime.rpc import UNKNOWN
from pydantic.alias_generators import to_camel

from nim_stack.components.languages.offered import INPUTS_OF_OBJECTS, Argument, Offered
from nim_stack.settings.shapes import Named, shapes_in

_LATE = (
    "it is secret, or known only after something was created; sizes and names are decided before that, so that a "
    "preview shows everything. Write the value itself"
)


def received(offered: Offered, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a component, keys in snake_case; what is null is left out.

    Raises:
        pulumi.errors.InputPropertiesError: with every argument that is unknown, missing or known too late.
    """
    known = {to_camel(argument.name): argument for argument in offered.arguments}
    given = {label: value for label, value in inputs.items() if value is not None}
    problems = [*_problems(known, given)]
    if problems:
        raise InputPropertiesError("arguments that cannot work:", problems)
    return {known[label].name: _whole(value) if known[label].plain else value for label, value in given.items()}


def _problems(known: Mapping[str, Argument], given: Mapping[str, Any]) -> Iterator[InputPropertyErrorDetails]:
    for label in given.keys() - known.keys():
        yield {"property_path": label, "reason": f"there is no such argument. Known here: {', '.join(sorted(known))}"}
    for label, argument in known.items():
        if argument.required and label not in given:
            yield {"property_path": label, "reason": f"it is required: {argument.description}"}
        if argument.plain and label in given:
            for path in _late(given[label], label, _open(argument)):
                yield {"property_path": path, "reason": _LATE}


def _open(argument: Argument) -> frozenset[str]:
    """Names of the fields inside a plain argument that may be known only later."""
    inside = {shape.name for shape in shapes_in(argument.shape) if isinstance(shape, Named)}
    return frozenset(label for name, label in INPUTS_OF_OBJECTS if name in inside)


def _late(value: Any, path: str, free: frozenset[str]) -> Iterator[str]:
    """Paths of the values that are not known now."""
    if isinstance(value, pulumi.Output) or value == UNKNOWN:
        yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in free:
                yield from _late(inner, f"{path}.{key}", free)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _late(inner, f"{path}[{index}]", free)


def _whole(value: Any) -> Any:
    """The same value, with whole numbers as such."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return value
