"""Reading what the engine gives: values that are missing, and values that are not known yet.

The engine gives every number as a float, and an object's keys as the Kubernetes API spells them.
"""

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Final


class Unknown(enum.Enum):
    """What stands where a preview has no value yet."""

    UNKNOWN = "not known before the update"


UNKNOWN: Final = Unknown.UNKNOWN


class NotKnownError(Exception):
    """A value that decides is not known; the message says which, and why."""


def read(value: Any, *path: str | int) -> Any:
    """The value at a path below another; None where a part of the path is missing.

    Raises:
        NotKnownError: the value, or one above it, is not known.
    """
    for depth, key in enumerate(path):
        _known(value, path[:depth])
        if isinstance(key, int):
            value = value[key] if isinstance(value, list) and key < len(value) else None
        else:
            value = value.get(key) if isinstance(value, Mapping) else None
    _known(value, path)
    return value


def _known(value: Any, path: Sequence[str | int]) -> None:
    if value is UNKNOWN:
        where = ".".join(str(key) for key in path) or "a value"
        raise NotKnownError(f"{where} is not known before the update")


def mapping(value: Any, *path: str | int) -> Mapping[str, Any]:
    """Like `read`; an empty mapping where there is none."""
    found = read(value, *path)
    return found if isinstance(found, Mapping) else {}


def items(value: Any, *path: str | int) -> list[Any]:
    """Like `read`; an empty list where there is no list.

    Raises:
        NotKnownError: the list or one of its items is not known.
    """
    found = read(value, *path)
    if not isinstance(found, list):
        return []
    for number in range(len(found)):
        read(value, *path, number)
    return list(found)


def mappings(value: Any, *path: str | int) -> list[Mapping[str, Any]]:
    """Like `items`, without what is no mapping: Kubernetes refuses such an object itself."""
    return [item for item in items(value, *path) if isinstance(item, Mapping)]


def whole_number(value: Any, what: str) -> int:
    """A count that the API takes as a number or as text.

    Raises:
        NotKnownError: it is not a whole number as this pack reads them.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise NotKnownError(f"{what} is {value!r}, which is no plain number") from None
    if not number.is_integer():
        raise NotKnownError(f"{what} is {value!r}, which is no whole number")
    return int(number)
