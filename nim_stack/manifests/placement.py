"""Where the pods may run, and who decides it. Leader and workers are placed by one scheduler: a group whose leader
alone is known to a gang scheduler is never complete.
"""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.affinity import affinity
from nim_stack.settings.pods import Queue, Role

SCHEDULERS = {"kai": "kai-scheduler", "volcano": "volcano"}
"""Schedulers that read queues, under the names of their usual installation. Kueue is none: it holds pods back until
their group is admitted, and leaves the rest to any scheduler."""


def placement(plan: DeploymentPlan, role: Role) -> Manifest:
    """Fields of the pod spec."""
    pods = plan.settings.pods
    own = pods.of(role)
    gpu = {"key": names.GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}
    spread = [_spread(plan, one) for one in (*pods.topology_spread_constraints, *own.topology_spread_constraints)]
    scheduler = pods.scheduler_name or (SCHEDULERS.get(pods.queue.kind) if pods.queue else None)
    fields = {
        "affinity": affinity(plan, role),
        "tolerations": [gpu, *pods.tolerations, *own.tolerations],
        "nodeSelector": plan.node_selector | own.node_selector,
        "topologySpreadConstraints": spread,
        "schedulerName": scheduler,
        "priorityClassName": pods.priority_class,
        "runtimeClassName": pods.runtime_class,
    }
    return {name: value for name, value in fields.items() if value}


def queue_labels(queue: Queue | None) -> dict[str, str]:
    """Labels of the pods. KAI looks at the LeaderWorkerSet first and at the pod next (its default grouper); tools that
    count a queue's pods look at the pods."""
    return {names.KAI_QUEUE_LABEL: queue.name} if queue and queue.kind == "kai" else {}


def group_labels(queue: Queue | None) -> dict[str, str]:
    """Labels of the LeaderWorkerSet. Kueue reads its label there alone, and marks the pods itself."""
    kueue = {names.KUEUE_QUEUE_LABEL: queue.name} if queue and queue.kind == "kueue" else {}
    return queue_labels(queue) | kueue


def group_annotations(plan: DeploymentPlan) -> dict[str, str]:
    """Annotations of the LeaderWorkerSet, which its controller hands on to pods and, for Volcano, to PodGroups."""
    pods = plan.settings.pods
    found = {}
    if pods.exclusive_topology is not None:
        found[names.EXCLUSIVE_TOPOLOGY] = pods.exclusive_topology
    if pods.queue is not None and pods.queue.kind == "volcano":
        found[names.VOLCANO_QUEUE] = pods.queue.name
    return found


def _spread(plan: DeploymentPlan, constraint: Manifest) -> Manifest:
    """A constraint without a selector counts no pods and does nothing; this deployment's pods are what is meant."""
    if "labelSelector" in constraint:
        return constraint
    return constraint | {"labelSelector": {"matchLabels": {names.LWS_NAME_LABEL: plan.settings.name}}}
