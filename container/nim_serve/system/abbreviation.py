"""Long lists in messages, made short."""

from collections.abc import Iterable

MOST_NAMED = 8


def abbreviated(items: Iterable[str], separator: str = ", ") -> str:
    """Name the first eight items, and count the others."""
    given = list(items)
    rest = [f"and {len(given) - MOST_NAMED} more"] if len(given) > MOST_NAMED else []
    return separator.join([*given[:MOST_NAMED], *rest])
