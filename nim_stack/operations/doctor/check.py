"""How a check is written: a function of plan and snapshot that yields what it finds, each with what to do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from nim_stack.base import names
from nim_stack.manifests.pods import References, pod_template
from nim_stack.operations.diagnosis.case import Case
from nim_stack.operations.observing.snapshot import Snapshot
from nim_stack.plan import DeploymentPlan
from nim_stack.settings.pods import Role

Json = dict[str, Any]
Level = Literal["ok", "warning", "problem", "unknown"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    what: str
    do: str = ""


def ok(what: str) -> Finding:
    return Finding("ok", what)


def problem(what: str, do: str) -> Finding:
    return Finding("problem", what, do)


def warning(what: str, do: str) -> Finding:
    return Finding("warning", what, do)


def unknown(what: str, do: str = "Ask somebody who may read it, or run doctor with wider rights.") -> Finding:
    return Finding("unknown", what, do)


@dataclass(frozen=True)
class Examined:
    """A plan, and the cluster that it is for."""

    plan: DeploymentPlan
    snapshot: Snapshot

    @cached_property
    def case(self) -> Case:
        return Case(self.snapshot)

    @cached_property
    def specs(self) -> Mapping[Role, Json]:
        """Pod specs of both roles as they would be made."""
        references = References("any")
        return {role: pod_template(self.plan, references, role)["spec"] for role in ("leader", "worker")}

    @cached_property
    def deployed(self) -> bool:
        """Whether this deployment is there already: then its own objects are no clash and its GPUs are its own."""
        return self.case.group is not None and self.ours(self.case.group)

    @cached_property
    def own_claim(self) -> Json | None:
        """The claim under the name that this deployment's would have."""
        return self.case.claims.get(names.cache_claim(self.plan.settings.name))

    @cached_property
    def pods(self) -> int:
        """Pods of the groups that a start makes; an autoscaler may make more."""
        return self.plan.nodes * self.plan.settings.least_groups

    def ours(self, obj: Json) -> bool:
        """Whether an object carries the labels of this deployment."""
        labels = obj["metadata"].get("labels") or {}
        return bool(
            labels.get("app.kubernetes.io/part-of") == "nim-stack"
            and labels.get("app.kubernetes.io/instance") == self.plan.settings.name
        )


Judge = Callable[[Examined], Iterator[Finding]]
CHECKS: dict[str, Judge] = {}
"""All checks by name, in the order in which they are shown."""


def check(name: str) -> Callable[[Judge], Judge]:
    """Register a function as a check."""

    def register(judge: Judge) -> Judge:
        CHECKS[name] = judge
        return judge

    return register
