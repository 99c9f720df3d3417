"""How a check is written: a function of plan and snapshot that yields what it finds, each with what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.base.problems import Finding
from nim_stack.base.registry import Registry
from nim_stack.manifests.pods import References, pod_template
from nim_stack.operations.diagnosis.observed import ObservedDeployment
from nim_stack.operations.observing.snapshot import Snapshot
from nim_stack.plan import DeploymentPlan
from nim_stack.settings.pods import Role

_ORDER = (
    "kubernetes",
    "lws",
    "dns",
    "scheduler",
    "apis",
    "gpu-nodes",
    "gpu-type",
    "gpu-free",
    "node-resources",
    "namespace",
    "pod-security",
    "storage",
    "secrets",
    "names",
    "quota",
    "access",
)
"""The cluster's own part first, then the nodes, then the namespace and what is allowed in it."""


@dataclass(frozen=True)
class Preflight:
    """A plan, and a snapshot of the cluster that it is for: what the checks before `pulumi up` look at."""

    plan: DeploymentPlan
    snapshot: Snapshot

    @cached_property
    def observed(self) -> ObservedDeployment:
        """What the snapshot shows of the deployment of this name."""
        return ObservedDeployment(self.snapshot)

    @cached_property
    def specs(self) -> Mapping[Role, Json]:
        """Pod specs of both roles as they would be made."""
        references = References("any")
        return {role: pod_template(self.plan, references, role)["spec"] for role in ("leader", "worker")}

    @cached_property
    def deployed(self) -> bool:
        """Whether this deployment is there already: then its own objects are no clash and its GPUs are its own."""
        return self.observed.group is not None and self.ours(self.observed.group)

    @cached_property
    def own_claim(self) -> Json | None:
        """The claim under the name that this deployment's would have."""
        return self.observed.claims.get(names.cache_claim(self.plan.settings.name))

    @cached_property
    def pods(self) -> int:
        """Pods of the groups that a start makes; an autoscaler may make more."""
        return self.plan.nodes * self.plan.settings.least_groups

    def ours(self, obj: Json) -> bool:
        """Whether an object carries the labels of this deployment."""
        labels = obj["metadata"].get("labels") or {}
        return bool(
            labels.get(names.PART_OF_LABEL) == names.PROJECT
            and labels.get(names.INSTANCE_LABEL) == self.plan.settings.name
        )


CHECKS = Registry[Preflight]("nim_stack.operations.doctor", order=_ORDER)
check = CHECKS.add
"""Decorator of a check. It yields at least one finding, of whatever level, unless another check says it already."""


def ok(why: str) -> Finding:
    """Something that is as it must be."""
    return Finding("", None, why, "", level="ok")


def problem(why: str, instead: str) -> Finding:
    """Something that `pulumi up` would fail on."""
    return Finding("", None, why, instead, level="error")


def warning(why: str, instead: str) -> Finding:
    """Something that may be meant, or may go wrong later."""
    return Finding("", None, why, instead, level="warning")


def unknown(why: str, instead: str = "Ask somebody who may read it, or run doctor with wider rights.") -> Finding:
    """Something that could not be looked at."""
    return Finding("", None, why, instead, level="unknown")
