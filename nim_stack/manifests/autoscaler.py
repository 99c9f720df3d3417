"""The HorizontalPodAutoscaler on the LeaderWorkerSet."""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.settings.rollout import Autoscaling


def autoscaler(plan: DeploymentPlan, wanted: Autoscaling, namespace: str) -> Manifest:
    """Counts groups through the LWS's scale subresource, whose selector is that of the leaders: metrics of pods are
    those of leaders alone."""
    name = plan.settings.name
    spec: Manifest = {
        "scaleTargetRef": {"apiVersion": f"{names.LWS_GROUP}/v1", "kind": "LeaderWorkerSet", "name": name},
        "minReplicas": wanted.min_replicas,
        "maxReplicas": wanted.max_replicas,
        "metrics": list(wanted.metrics),
    }
    if wanted.behavior is not None:
        spec["behavior"] = wanted.behavior
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": namespace, "labels": names.labels(name, "autoscaler")},
        "spec": spec,
    }
