"""The PodDisruptionBudget over the pods of all groups."""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.settings.rollout import DisruptionBudget


def disruption_budget(plan: DeploymentPlan, wanted: DisruptionBudget, namespace: str) -> Manifest:
    """An evicted pod takes its whole group down with it, which then counts as that many pods. So with maxUnavailable 1
    the next eviction waits until the group serves again: groups are drained one after another.

    Pods that are not ready can always be evicted, or a group that never becomes ready would hold up every drain.
    """
    name = plan.settings.name
    spec: Manifest = {
        "selector": {"matchLabels": names.group_pods(name)},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    if wanted.max_unavailable is not None:
        spec["maxUnavailable"] = wanted.max_unavailable
    if wanted.min_available is not None:
        spec["minAvailable"] = wanted.min_available
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": namespace, "labels": names.labels(name, "disruption-budget")},
        "spec": spec,
    }
