"""What is wrong with the value of one field, by the tables of words, numbers, names and quantities."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from nim_stack.base.problems import choices
from nim_stack.values.kubernetes.quantities import SIGNS, complaint
from nim_stack.values.kubernetes.ranges import FILE_MODE, RANGES, STICKY_MODE
from nim_stack.values.kubernetes.spelling import KEYS, NEEDED, TEXTS, VALUES, Form
from nim_stack.values.kubernetes.words import WORDS

Found = tuple[str, str]
"""Where in the value, and what is wrong there; the value itself where that is empty."""


def needed(kind: str) -> frozenset[str]:
    """Fields of a type that it calls optional, and the API server refuses to do without."""
    return NEEDED.get(kind, frozenset())


def is_quantity(field: str) -> bool:
    """Whether a field that the types call a text takes numbers as well."""
    return field in SIGNS


def is_judged(field: str) -> bool:
    """Whether a table says something of the field."""
    return any(field in table for table in (WORDS, TEXTS, RANGES, SIGNS, KEYS, VALUES))


def of_field(field: str, value: Any) -> Iterator[Found]:
    """What is wrong with the value of a field; what has another type than the field's is not judged."""
    if field in SIGNS:
        wrong = complaint(value, SIGNS[field])
        if wrong:
            yield "", wrong
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            for what in _of_scalar(field, item):
                yield str(position), what
    elif isinstance(value, dict):
        yield from _of_mapping(field, value)
    else:
        for what in _of_scalar(field, value):
            yield "", what


def _of_scalar(field: str, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if field in WORDS and value not in WORDS[field]:
            yield _not_one_of(value, WORDS[field])
        if field in TEXTS:
            yield from _not_as(value, TEXTS[field])
    elif isinstance(value, int) and not isinstance(value, bool) and field in RANGES:
        least, most = RANGES[field]
        if not least <= value <= most:
            yield f"{value} is out of range, {_range(least, most)} is possible"


def _of_mapping(field: str, value: dict[Any, Any]) -> Iterator[Found]:
    for key, item in value.items():
        if field in KEYS and isinstance(key, str):
            for what in _not_as(key, KEYS[field]):
                yield "", what
        if field in VALUES and not isinstance(item, str | None):
            yield str(key), f"{item!r} is not text"
        elif field in VALUES and item is not None:
            for what in _not_as(item, VALUES[field]):
                yield str(key), what


def _not_one_of(value: str, words: tuple[str, ...]) -> str:
    spelled = {word.lower(): word for word in words if word}
    close = get_close_matches(value.lower(), spelled, n=1)
    hint = f" (the nearest is {spelled[close[0]]})" if close else ""
    shown = choices(spelled.values()) if len(spelled) < 20 else f"{', '.join(list(spelled.values())[:8])} and so on"
    return f"{value!r} is not {shown}{hint}"


def _not_as(value: str, form: Form) -> Iterator[str]:
    if not form.takes(value):
        yield f"{value!r} is not {form.words}"


def _range(least: int, most: int) -> str:
    if (least, most) in (FILE_MODE, STICKY_MODE):
        return f"{least} to {most}, which is 0{most:o} in octal,"
    return f"{least} to {most}" if most < 2**31 - 1 else f"{least} or more"
