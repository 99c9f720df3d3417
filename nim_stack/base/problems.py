"""What is wrong with a setting, said so that a user can act on it.

There are two ways to fail and no third: an error refuses the deployment at preview, a warning lets it pass. All of
them are reported at once, because a user who fixes one at a time pays for a preview each time. Each belongs to a rule
with a stable code, under which `nim-stack rules CODE` and the documentation explain cause and cure.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

DOCUMENT = "docs/rules.md"
Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Rule:
    """One thing that is judged. The code is never given to another rule."""

    code: str
    title: str
    severity: Severity
    cause: str
    """Why it cannot work, or is unwise, wherever it happens."""
    cure: str

    @property
    def section(self) -> str:
        """Where the documentation explains it."""
        return f"{DOCUMENT}#{self.code.lower()}"

    def problem(
        self, path: str, given: object, why: str, instead: str, reads: frozenset[str] = frozenset()
    ) -> "Problem":
        """The problem that this rule finds with one setting; the arguments are the fields of `Problem`."""
        return Problem(self, path, given, why, instead, reads)


@dataclass(frozen=True)
class Problem:
    """One setting that a rule objects to: where it is, what was given, why not, and what would work."""

    rule: Rule
    path: str
    """Dotted path of the setting, as in the stack file: `nim.nodes`, `ngcApiKey`."""
    given: object
    why: str
    instead: str
    reads: frozenset[str] = field(default=frozenset())
    """Settings that the judgement depends on; it is dropped when one of them is itself unreadable."""

    def __str__(self) -> str:
        given = "" if self.given is None else f" = {self.given!r}"
        return f"{self.rule.code} {self.path}{given}: {self.why}. {self.instead}"

    def depends_on(self, paths: Iterable[str]) -> bool:
        """Whether the judgement used one of these settings, or one inside or around them."""
        return any(_overlap(mine, other) for mine in self.reads | {self.path} for other in paths)

    @property
    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "code": self.rule.code,
            "severity": self.rule.severity,
            "path": self.path,
            "given": self.given if isinstance(self.given, str | int | float | bool) else None,
            "why": self.why,
            "instead": self.instead,
            "section": self.rule.section,
        }


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


class RefusedError(ValueError):
    """The deployment cannot work as described; carries every error, and the warnings that were found beside them."""

    def __init__(
        self, problems: Iterable[Problem], where: str = "the settings", warnings: Iterable[Problem] = ()
    ) -> None:
        self.problems = tuple(problems)
        self.warnings = tuple(warnings)
        self.where = where
        count = len(self.problems)
        head = f"{where}: {'one setting' if count == 1 else f'{count} settings'} cannot work; nothing was changed."
        codes = " ".join(sorted({problem.rule.code for problem in self.problems}))
        foot = f"`nim-stack rules {codes}` prints the cause and the cure of each code."
        super().__init__("\n".join([head, *(f"  - {problem}" for problem in self.problems), foot]))


def choices(values: Iterable[object]) -> str:
    """`a, b or c`."""
    *head, last = [str(value) for value in values]
    return f"{', '.join(head)} or {last}" if head else last
