"""What is wrong with a setting, said so that a user can act on it.

There are two ways to fail and no third: an error refuses the deployment at preview, a warning lets it pass. All of
them are reported at once, because a user who fixes one at a time pays for a preview each time. Each belongs to a rule
with a stable code, under which `nim-stack rules CODE` and the documentation explain cause and cure.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

from nim_stack.base.errors import NimStackError

DOCUMENT = "docs/rules.md"
Severity = Literal["error", "warning"]
"""How bad it is when a rule is broken: an error refuses or prevents, a warning does not."""
Level = Literal["ok", Severity, "unknown"]
"""How one thing was found to be. What could not be looked at is `unknown`: neither well nor bad, and always said."""


@dataclass(frozen=True)
class Place:
    """Where something stands in a file, in the form in which compilers and editors write it."""

    file: str
    """Path of the file, as a person in the current folder would name it."""
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


Locate = Callable[[str], Place | None]
"""Finds where a setting stands by its dotted path, such as `nim.nodes`; None where no file is known that has it."""


@dataclass(frozen=True)
class Rule:
    """One thing that is judged. The code is never given to another rule."""

    code: str
    title: str = ""
    severity: Severity = "error"
    cause: str = ""
    """Why it cannot work, or is unwise, wherever it happens."""
    cure: str = ""
    """What to do about it, wherever it happens."""
    page: str = DOCUMENT
    """The page of the documentation that explains it."""

    @property
    def section(self) -> str:
        """Where the documentation explains it: the page and the anchor in it."""
        return f"{self.page}#{self.code.lower()}"

    def problem(self, path: str, given: object, why: str, instead: str) -> "Problem":
        """A problem that code outside a registry has found; the parameters are those of a `Finding`."""
        return Problem(path, given, why, instead, rule=self)


@dataclass(frozen=True)
class Finding:
    """One thing that a judge found: where it is, what stands there, why that is not right, and what would be."""

    path: str
    """Dotted path of the setting, as in the stack file: `nim.nodes`, `ngcApiKey`. Empty when the finding is about a
    deployment or a cluster and not about one setting."""
    given: object
    """The value of the setting; None where there is none, or where it says nothing."""
    why: str
    """What is wrong; with the level `ok`, what was seen to be right."""
    instead: str
    """Which values work, or what to do. Empty with the level `ok`."""
    evidence: tuple[str, ...] = ()
    """What was seen, in the words of the cluster and of logs."""
    level: Level | None = None
    """None: the severity of the rule."""


@dataclass(frozen=True, kw_only=True)
class Problem(Finding):
    """A finding, and the rule that it is about."""

    rule: Rule
    reads: frozenset[str] = frozenset()
    """Settings that the judgement depends on; it is dropped when one of them is itself unreadable."""
    place: Place | None = None
    """Where the setting, or its nearest parent, stands in a file; None where it comes from no file."""

    @classmethod
    def of(cls, rule: Rule, finding: Finding, reads: frozenset[str] = frozenset()) -> Self:
        """What a judge of the rule found."""
        return cls(**vars(finding), rule=rule, reads=reads)

    @property
    def severity(self) -> Level:
        """The level of this finding, else the severity of its rule."""
        return self.level or self.rule.severity

    def __str__(self) -> str:
        given = "" if self.given is None else f" = {self.given!r}"
        place = "" if self.place is None else f"{self.place}: "
        return f"{place}{self.rule.code} {self.path}{given}: {self.why}. {self.instead}"

    def placed(self, locate: Locate | None) -> "Problem":
        """The same problem with its place, if it has none and one is found."""
        if locate is None or self.place is not None or not self.path:
            return self
        return replace(self, place=locate(self.path))

    def depends_on(self, paths: Iterable[str]) -> bool:
        """Whether the judgement used one of these settings, or one inside or around them."""
        return any(_overlap(mine, other) for mine in self.reads | {self.path} for other in paths)

    @property
    def document(self) -> dict[str, Any]:
        """The problem as a mapping that `--json` prints; `given` is None for a list or a mapping."""
        return {
            "code": self.rule.code,
            "severity": self.severity,
            "path": self.path,
            "given": self.given if isinstance(self.given, str | int | float | bool) else None,
            "why": self.why,
            "instead": self.instead,
            "section": self.rule.section,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
            "column": self.place.column if self.place else None,
        }


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


class RefusedError(NimStackError, ValueError):
    """The deployment cannot work as described; carries every error, and the warnings that were found beside them."""

    exit_code: ClassVar[int] = 1

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
    """The values as a sentence lists them: `a, b or c`."""
    *head, last = [str(value) for value in values]
    return f"{', '.join(head)} or {last}" if head else last
