"""How a rule is written: a function that yields what it finds, under the code and the words that explain it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nim_stack.base.problems import Problem, Rule, Severity
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.subject import Subject

SIZES = frozenset(
    f"nim.{name}"
    for name in ("nodes", "gpusPerNode", "tensorParallel", "pipelineParallel", "profile", "gpu", "fabric", "catalog")
)
MODEL = frozenset({"nim.model", "nim.precision", "nim.image", "nim.catalog"})
GPU = frozenset({"nim.gpu", "nim.catalog"})


@dataclass(frozen=True)
class Finding:
    """One setting that a rule objects to."""

    path: str
    given: object
    why: str
    instead: str


Judge = Callable[[Subject], Iterator[Finding]]


@dataclass(frozen=True)
class Judgement:
    """A rule, and the function that applies it."""

    rule: Rule
    judge: Judge
    reads: frozenset[str]
    needs_split: bool
    """Whether it judges TP and PP, which a profile's hash leaves open."""

    def problems(self, subject: Subject) -> Iterator[Problem]:
        """What the rule finds with a deployment; nothing when it needs a split that only the container will know."""
        if self.needs_split and subject.layout.split_unknown:
            return
        for found in self.judge(subject):
            yield self.rule.problem(found.path, found.given, found.why, found.instead, self.reads)


JUDGEMENTS: list[Judgement] = []
"""All of them."""


def rule(
    code: str,
    title: str,
    *,
    cause: str,
    cure: str,
    severity: Severity = "error",
    reads: frozenset[str] = frozenset(),
    needs_split: bool = False,
) -> Callable[[Judge], Judge]:
    """Register a function as the judge of a rule."""

    def register(judge: Judge) -> Judge:
        JUDGEMENTS.append(Judgement(Rule(code, title, severity, cause, cure), judge, reads, needs_split))
        return judge

    return register


def unchecked(resolved: Resolution) -> list[Rule]:
    """Rules that cannot be applied, because the split is known to the container alone."""
    return [judgement.rule for judgement in JUDGEMENTS if judgement.needs_split and resolved.layout.split_unknown]
