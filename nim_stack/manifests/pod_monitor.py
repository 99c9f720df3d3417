"""The PodMonitor of the Prometheus Operator."""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.settings.access import PodMonitor


def pod_monitor(plan: DeploymentPlan, wanted: PodMonitor, namespace: str) -> Manifest:
    """Scrapes every leader, ready or not, each as a target of its own; a worker serves no metrics."""
    name = plan.settings.name
    return {
        "apiVersion": f"{names.MONITORING_GROUP}/v1",
        "kind": "PodMonitor",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {**names.labels(name, "metrics"), **wanted.labels},
        },
        "spec": {
            "selector": {"matchLabels": names.leader_pods(name)},
            "podTargetLabels": [names.LWS_NAME_LABEL, names.LWS_GROUP_INDEX_LABEL],
            "podMetricsEndpoints": [{"port": names.HTTP, "path": names.METRICS, "interval": wanted.interval}],
        },
    }
