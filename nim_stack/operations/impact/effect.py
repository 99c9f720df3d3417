"""A consequence in words, and what a step on any object means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nim_stack.base.documents import Json
from nim_stack.operations.impact.preview import Step

Approval = Literal["outage", "deletion", "gpus", "address", "exposure", "failure", "unknown"]
APPROVALS: dict[Approval, str] = {
    "outage": "for some time no group of a model serves",
    "deletion": "a group, claim, namespace, Secret, CRD or the LWS controller is deleted or replaced",
    "gpus": "more GPUs are held than before",
    "address": "clients have to use another address or port",
    "exposure": "the API becomes reachable for more clients",
    "failure": "the update cannot end well as it stands",
    "unknown": "what happens is known only in the update",
}
Topic = Literal["weights", "secrets", "access", "cluster"]


@dataclass(frozen=True)
class Effect:
    """One consequence, in a sentence."""

    topic: Topic
    text: str
    approvals: tuple[Approval, ...] = ()


def goes(step: Step) -> bool:
    """Whether the object of the step is deleted from the cluster, be it for another one."""
    return step.op in ("delete", "replace", "discard") and not step.retained


def spec_of(inputs: Json, *path: str) -> Any:
    """The value at a path below `spec`; None when it is not there."""
    value: Any = inputs.get("spec")
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def other(step: Step) -> Iterator[Effect]:
    """What happens to an object of a kind that no other function knows."""
    verb = {"create": "is made", "delete": "is deleted", "replace": "is replaced", "update": "changes"}.get(
        step.op, step.op
    )
    if step.op == "delete" and step.retained:
        verb = "stays, no longer managed by this stack"
    fields = f": {', '.join(step.fields[:5])}" if step.op == "update" and step.fields else ""
    yield Effect("cluster", f"{step.kind} {step.name} {verb}{fields}")
