"""How a known failure is written: a function that yields what it sees, under a code and the words that explain it."""

from collections.abc import Sequence

from nim_stack.base.problems import Finding
from nim_stack.base.registry import Registry
from nim_stack.operations.diagnosis.observed import ObservedDeployment

DOCUMENT = "docs/troubleshooting.md"
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


def not_serving(observed: ObservedDeployment) -> bool:
    """The condition of most failures: some group does not serve."""
    return not observed.available


def all_ready(observed: ObservedDeployment) -> bool:
    """The condition of failures that a group can have while all its pods are ready."""
    return observed.available


FAILURES = Registry[ObservedDeployment](
    "nim_stack.operations.diagnosis", page=DOCUMENT, applies=not_serving, order=_ORDER
)
failure = FAILURES.add
"""Decorator of a judge. A failure with which the model can serve all the same has the severity `warning`."""


def sign(why: str, evidence: tuple[str, ...], instead: str) -> Finding:
    """What a judge saw: the failure in this deployment's own words, the proof, and what to do here."""
    return Finding("", None, why, instead, evidence)


def some(texts: Sequence[str], most: int = 4) -> tuple[str, ...]:
    """The first few texts without repetition, and how many more there are."""
    unique = list(dict.fromkeys(texts))
    rest = len(unique) - most
    return tuple(unique[:most]) + ((f"and {rest} more like these",) if rest > 0 else ())
