"""The judgement on a snapshot: serving, on its way, one of the known failures, or none of these."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from nim_stack.base.problems import Problem, Rule
from nim_stack.operations.diagnosis.failure import FAILURES, all_ready
from nim_stack.operations.diagnosis.observed import ObservedDeployment
from nim_stack.operations.diagnosis.progress import Step, steps
from nim_stack.operations.observing.snapshot import Snapshot

State = Literal["serving", "starting", "failing", "unknown"]


@dataclass(frozen=True)
class Diagnosis:
    """What is known of one deployment."""

    observed: ObservedDeployment
    problems: tuple[Problem, ...]
    """Failures that this deployment has, causes before what follows from them."""

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What each pod that is not ready does now; empty when the deployment serves."""
        return () if self.observed.available else steps(self.observed)

    @property
    def failures(self) -> tuple[Problem, ...]:
        """What keeps the deployment from serving, or its clients from an answer."""
        return tuple(problem for problem in self.problems if not self._is_lesser(problem))

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is wrong while the deployment serves all the same."""
        return tuple(problem for problem in self.problems if self._is_lesser(problem))

    def _is_lesser(self, problem: Problem) -> bool:
        """While all pods are ready, a failure is only what clients notice all the same."""
        seen_while_ready = FAILURES.judgement(problem.rule.code).applies is all_ready
        return problem.severity != "error" or (self.observed.available and not seen_while_ready)

    @property
    def state(self) -> State:
        """The judgement in one word.

        `failing` when a known failure was found, `starting` while every step is within its time, and `unknown` when
        nothing known is wrong and yet the deployment neither serves nor is on its way."""
        if self.failures:
            return "failing"
        if self.observed.available:
            return "serving"
        return "starting" if self.steps and not any(step.late for step in self.steps) else "unknown"

    @property
    def looked_at(self) -> str:
        """What there was to judge by."""
        counts = [f"{len(found)} {what}" for what, found in sorted(self.observed.snapshot.objects.items()) if found]
        return f"{', '.join(counts) or 'nothing'}; ends of {len(self.observed.snapshot.logs)} logs"

    @property
    def document(self) -> dict[str, Any]:
        """The diagnosis for programs, as `nim-stack diagnose --json` prints it."""
        snapshot = self.observed.snapshot
        return {
            "namespace": snapshot.namespace,
            "name": snapshot.name,
            "taken": snapshot.taken,
            "state": self.state,
            "failures": [_document(problem) for problem in self.failures],
            "warnings": [_document(problem) for problem in self.warnings],
            "steps": [str(step) for step in self.steps],
            "notRead": list(snapshot.notes),
            "lookedAt": self.looked_at,
        }


def _document(problem: Problem) -> dict[str, Any]:
    """A failure for programs. The level `error` is called `failure` there."""
    return {
        "code": problem.rule.code,
        "title": problem.rule.title,
        "severity": "failure" if problem.severity == "error" else problem.severity,
        "what": problem.why,
        "evidence": list(problem.evidence),
        "do": problem.instead,
        "section": problem.rule.section,
    }


def diagnose(snapshot: Snapshot) -> Diagnosis:
    """The judgement; it depends on nothing but the snapshot."""
    observed = ObservedDeployment(snapshot)
    return Diagnosis(observed, tuple(FAILURES.problems(observed)))


def all_failures() -> tuple[Rule, ...]:
    """Every known failure, causes before what follows from them."""
    return FAILURES.rules
