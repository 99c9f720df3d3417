"""Converters of values: YAML of people who write for Helm has quoted numbers, truth values as text, and placeholders.

A converter takes a value as YAML has it, and raises ValueError with the reason when it cannot be converted.
"""

import re
from collections.abc import Callable
from typing import Any

from nim_stack.base import names


def is_unset(value: Any) -> bool:
    """Whether a value says nothing: Helm takes null for `remove the default`."""
    return value is None or value in ("", {}, [])


def is_placeholder(value: Any) -> bool:
    """Whether a value is a hole of a documentation's example, such as <your-rwx-storage-class>."""
    return isinstance(value, str) and re.search(r"<[^<>]+>", value) is not None


def as_is(value: Any) -> Any:
    """The value as it is, for a setting that takes what the source has."""
    return value


def text(value: Any) -> str:
    """Text; numbers and truth values as YAML writes them.

    Raises:
        ValueError: it is a list, a mapping or null.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError("it is not text")


def word(value: Any) -> str:
    """Text of any value; a value of a wrong form is for the settings to refuse."""
    try:
        return text(value)
    except ValueError:
        return repr(value)


def count(value: Any) -> int:
    """A whole number, quoted or not.

    Raises:
        ValueError: it is something else.
    """
    found = text(value).strip()
    if not re.fullmatch(r"[0-9]+(\.0+)?", found):
        raise ValueError("it is not a whole number")
    return int(found.partition(".")[0])


def truth(value: Any) -> bool:
    """A truth value, as YAML, text or the 0 and 1 of variables.

    Raises:
        ValueError: it is something else.
    """
    found = text(value).strip().lower()
    if found not in ("true", "false", "1", "0", "yes", "no"):
        raise ValueError("it is neither true nor false")
    return found in ("true", "1", "yes")


def is_on(value: Any) -> bool:
    """Whether a switch is there and on; False for what is no truth value."""
    try:
        return not is_unset(value) and truth(value)
    except ValueError:
        return False


def texts(value: Any) -> dict[str, str]:
    """A mapping of text to text; `true` without quotes in a node selector is the text.

    Raises:
        ValueError: it is no mapping, or one with lists or mappings inside.
    """
    if not isinstance(value, dict):
        raise ValueError("it is not a mapping")
    return {str(key): text(item) for key, item in value.items() if item is not None}


def object_names(value: Any) -> list[str]:
    """A list of names, or of mappings with a name.

    Raises:
        ValueError: it is no list, or a name is not text.
    """
    if not isinstance(value, list):
        raise ValueError("it is not a list")
    return [text(item.get("name") if isinstance(item, dict) else item) for item in value]


def one_name(value: Any) -> list[str]:
    """A list of one name."""
    return [word(value)]


def objects(value: Any) -> list[dict[str, Any]]:
    """A list of mappings.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError("it is not a list of mappings")
    return value


def mapping(value: Any) -> dict[str, Any]:
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """Those items of a list that are mappings."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def name_beside(value: Any) -> str:
    """A name for the new deployment, which runs beside the old one: LWS makes a Service of its own name, and finds none
    of its pods when there is one already."""
    return f"{word(value)[: names.MAX_NAME - 4].rstrip('-')}-nim"


def variables(*spellings: str) -> Callable[[Any], list[dict[str, Any]]]:
    """A converter to environment variables of the same value, one for each spelling of the name."""
    return lambda value: [{"name": name, "value": word(value)} for name in spellings]


def named_objects(value: Any) -> list[dict[str, Any]]:
    """A list of Kubernetes objects with names, from a mapping of names to the rest of them.

    Raises:
        ValueError: it is neither that list nor a mapping of mappings.
    """
    if isinstance(value, list):
        return objects(value)
    if not isinstance(value, dict) or not all(isinstance(item, dict) for item in value.values()):
        raise ValueError("it is not a mapping of names")
    return [{"name": str(name), **item} for name, item in value.items()]


def metrics(value: Any) -> list[dict[str, Any]]:
    """Metrics of an autoscaler; a quantity without quotes is text.

    Raises:
        ValueError: it is no list of mappings, or a quantity is not text.
    """
    return [{key: _quoted(item) for key, item in metric.items()} for metric in objects(value)]


def _quoted(source: Any) -> Any:
    target = mapping(mapping(source).get("target"))
    if not target:
        return source
    quoted = {key: text(item) if key in ("value", "averageValue") else item for key, item in target.items()}
    return {**source, "target": quoted}


def log_level(value: Any) -> str:
    """The name of a log level in capitals."""
    return text(value).upper()


def tolerations(value: Any) -> list[dict[str, Any]]:
    """Tolerations without the one of the GPU taint, which all pods have.

    Raises:
        ValueError: it is no list of mappings.
    """
    usual = {"key": names.GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}
    return [item for item in objects(value) if item != usual]
