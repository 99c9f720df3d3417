"""A table of writers: for each sentence, functions that bring the program to say it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.unit.words.stage import Stage

Lines = list[str]
Bring = Callable[[Stage], Iterator[Lines]]


@dataclass(frozen=True)
class Writer:
    """One sentence, in all situations in which it has words of its own."""

    name: str
    """Of the pattern that reads it (`sentence` in log_patterns.yaml), or a name of its own where none does."""

    bring: Bring
    """Yields the lines that the program wrote, once for each situation."""

    text: str = ""
    """Where diagnosis has no pattern for it: a regular expression that finds the sentence."""

    unread: str = ""
    """Why diagnosis deliberately has none; empty where it has one."""


WRITERS: dict[str, list[Writer]] = {}


def writes(name: str, *, text: str = "", unread: str = "") -> Callable[[Bring], Bring]:
    """Register a function as a writer of this sentence, which is the sentence of a pattern or deliberately unread."""

    def register(bring: Bring) -> Bring:
        WRITERS.setdefault(name, []).append(Writer(name, bring, text, unread))
        return bring

    return register
