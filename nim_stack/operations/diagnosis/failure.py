"""How a known failure is written: a function that yields what it sees, under a code and the words that explain it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from nim_stack.operations.diagnosis.case import Case

DOCUMENT = "docs/troubleshooting.md"


@dataclass(frozen=True)
class Failure:
    """One class of failures. The code is never given to another one."""

    code: str
    title: str
    cause: str
    cure: str
    """What to do, wherever it happens."""
    lesser: bool = False
    """Whether the model can serve all the same."""
    though_ready: bool = False
    """Whether it is one of a group whose pods are all ready."""

    @property
    def section(self) -> str:
        return f"{DOCUMENT}#{self.code}"


@dataclass(frozen=True)
class Sign:
    """What a judge saw: the failure in this deployment's own words, the proof, and what to do here."""

    what: str
    evidence: tuple[str, ...]
    do: str


@dataclass(frozen=True)
class Verdict:
    """One failure that this deployment has."""

    failure: Failure
    sign: Sign

    @property
    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "code": self.failure.code,
            "title": self.failure.title,
            "severity": "warning" if self.failure.lesser else "failure",
            "what": self.sign.what,
            "evidence": list(self.sign.evidence),
            "do": self.sign.do,
            "section": self.failure.section,
        }


Judge = Callable[[Case], Iterator[Sign]]
When = Literal["always", "not serving", "ready"]


@dataclass(frozen=True)
class Judgement:
    """A failure, and the function that sees it."""

    failure: Failure
    judge: Judge
    when: When

    def verdicts(self, case: Case) -> Iterator[Verdict]:
        if self.when != "always" and case.available != (self.when == "ready"):
            return
        for sign in self.judge(case):
            yield Verdict(self.failure, sign)


JUDGEMENTS: list[Judgement] = []
"""All of them, causes before what follows from them."""


def failure(
    code: str, title: str, *, cause: str, cure: str, lesser: bool = False, when: When = "not serving"
) -> Callable[[Judge], Judge]:
    """Register a function as the judge of a failure. It looks at deployments that do not serve, unless told."""

    def register(judge: Judge) -> Judge:
        JUDGEMENTS.append(Judgement(Failure(code, title, cause, cure, lesser, when == "ready"), judge, when))
        return judge

    return register


def some(texts: list[str], most: int = 4) -> tuple[str, ...]:
    """The first few, without repetition."""
    unique = list(dict.fromkeys(texts))
    rest = len(unique) - most
    return tuple(unique[:most]) + ((f"and {rest} more like these",) if rest > 0 else ())
