"""The judgement on a snapshot: serving, on its way, one of the known failures, or none of these."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from nim_stack.operations.diagnosis import answering, containers, control, engine, joining, nodes, scheduling, storage  # noqa: F401
from nim_stack.operations.diagnosis.case import Case
from nim_stack.operations.diagnosis.failure import JUDGEMENTS, Failure, Verdict
from nim_stack.operations.diagnosis.progress import Step, steps
from nim_stack.operations.observing.snapshot import Snapshot

State = Literal["serving", "starting", "failing", "unknown"]
_ORDER = (
    "lws-absent",
    "lws-too-old",
    "webhook-down",
    "not-deployed",
    "quota",
    "pod-security",
    "admission",
    "node-not-ready",
    "stuck-terminating",
    "claim-missing",
    "class-missing",
    "class-for-one-node",
    "claim-for-one-node",
    "claim-pending",
    "too-few-gpus",
    "selector",
    "taint",
    "not-enough-resources",
    "scheduler-absent",
    "unschedulable",
    "pull-refused",
    "image-missing",
    "registry-unreachable",
    "secret-missing",
    "mount-failed",
    "container-not-created",
    "disk-full",
    "evicted",
    "hub-refuses-token",
    "ngc-refuses-key",
    "model-not-found",
    "cache-not-shared",
    "download-failed",
    "invalid-environment",
    "out-of-memory",
    "shared-memory-too-small",
    "gpu-memory",
    "wrong-interface",
    "service-shadows-leader",
    "leader-address-missing",
    "leader-name-unresolved",
    "connection-lost",
    "leader-unreachable",
    "images-differ",
    "group-incomplete",
    "nccl-failed",
    "startup-too-slow",
    "engine-failed",
    "crash-loop",
    "no-completion",
    "not-asked",
    "nccl-over-tcp",
)
"""The cluster's part first, then that of the nodes, and last what repeats: causes before what follows from them."""


@dataclass(frozen=True)
class Diagnosis:
    """What is known of one deployment."""

    case: Case
    verdicts: tuple[Verdict, ...]
    """Causes before what follows from them."""

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        return () if self.case.available else steps(self.case)

    @property
    def failures(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if not self._lesser(verdict))

    @property
    def warnings(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if self._lesser(verdict))

    def _lesser(self, verdict: Verdict) -> bool:
        """While all pods are ready, a failure is what clients notice all the same."""
        return verdict.failure.lesser or (self.case.available and not verdict.failure.though_ready)

    @property
    def state(self) -> State:
        if self.failures:
            return "failing"
        if self.case.available:
            return "serving"
        return "starting" if self.steps and not any(step.late for step in self.steps) else "unknown"

    @property
    def looked_at(self) -> str:
        """What there was to judge by."""
        counts = [f"{len(found)} {what}" for what, found in sorted(self.case.snapshot.objects.items()) if found]
        return f"{', '.join(counts) or 'nothing'}; ends of {len(self.case.snapshot.logs)} logs"

    @property
    def document(self) -> dict[str, Any]:
        """For programs."""
        snapshot = self.case.snapshot
        return {
            "namespace": snapshot.namespace,
            "name": snapshot.name,
            "taken": snapshot.taken,
            "state": self.state,
            "failures": [verdict.document for verdict in self.failures],
            "warnings": [verdict.document for verdict in self.warnings],
            "steps": [str(step) for step in self.steps],
            "notRead": list(snapshot.notes),
            "lookedAt": self.looked_at,
        }


def diagnose(snapshot: Snapshot) -> Diagnosis:
    """The judgement; it depends on nothing but the snapshot."""
    case = Case(snapshot)
    found = [verdict for judgement in JUDGEMENTS for verdict in judgement.verdicts(case)]
    return Diagnosis(case, tuple(sorted(found, key=lambda verdict: _ORDER.index(verdict.failure.code))))


def all_failures() -> tuple[Failure, ...]:
    """Every known failure, causes before what follows from them."""
    known = {judgement.failure.code: judgement.failure for judgement in JUDGEMENTS}
    return tuple(known[code] for code in _ORDER)
