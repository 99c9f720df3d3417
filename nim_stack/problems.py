"""What is wrong with a setting, said so that a user can act on it.

There are two ways to fail and no third: a problem refuses the deployment at preview, a warning lets it pass. All
problems are reported at once, because a user who fixes one at a time pays for a preview each time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One setting that cannot work: where it is, what was given, why not, and what would work."""

    path: str
    """Dotted path of the setting, as in the stack file: `nim.nodes`, `ngcApiKey`."""
    given: object
    why: str
    instead: str
    reads: frozenset[str] = field(default=frozenset())
    """Settings that the judgement depends on; it is dropped when one of them is itself unreadable."""

    def __str__(self) -> str:
        given = "" if self.given is None else f" = {self.given!r}"
        return f"{self.path}{given}: {self.why}. {self.instead}"

    def depends_on(self, paths: Iterable[str]) -> bool:
        """Whether the judgement used one of these settings, or one inside or around them."""
        return any(_overlap(mine, other) for mine in self.reads | {self.path} for other in paths)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


class RefusedError(ValueError):
    """The deployment cannot work as described; carries every problem."""

    def __init__(self, problems: Iterable[Problem], where: str = "the settings") -> None:
        self.problems = tuple(problems)
        self.where = where
        count = len(self.problems)
        head = f"{where}: {'one setting' if count == 1 else f'{count} settings'} cannot work; nothing was changed."
        super().__init__("\n".join([head, *(f"  - {problem}" for problem in self.problems)]))


def choices(values: Iterable[object]) -> str:
    """`a, b or c`."""
    *head, last = [str(value) for value in values]
    return f"{', '.join(head)} or {last}" if head else last
