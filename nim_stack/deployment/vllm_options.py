"""vLLM options among the further arguments: those that change the arithmetic of memory are read, not ignored."""

from collections.abc import Sequence


def option(arguments: Sequence[str], name: str) -> str | None:
    """Value of the last `--name value` or `--name=value`; an empty text for a switch without a value.

    vLLM takes `_` for `-` in option names.
    """
    value = None
    for position, argument in enumerate(arguments):
        given, separator, inline = argument.partition("=")
        if spelled(given) != name:
            continue
        following = arguments[position + 1] if position + 1 < len(arguments) else ""
        value = inline if separator else ("" if following.startswith("-") else following)
    return value


def spelled(option: str) -> str:
    """An option as vLLM's documentation spells it."""
    return option.replace("_", "-") if option.startswith("--") else option


def number(arguments: Sequence[str], name: str) -> float | None:
    """Value of a numeric option above 0, when it can be read as one."""
    try:
        found = float(option(arguments, name) or "")
    except ValueError:
        return None
    return found if 0 < found < float("inf") else None
