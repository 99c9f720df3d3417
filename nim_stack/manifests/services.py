"""The Service in front of the leaders."""

from nim_stack import names
from nim_stack.manifests.references import Manifest
from nim_stack.plan import DeploymentPlan


def leader_service(plan: DeploymentPlan, namespace: str) -> Manifest:
    """Routes to ready leaders only.

    It is not awaited, because that wait fails after ten minutes while pods are loading; the LWS carries the wait. Its
    port stays the same and finds the container's by name, so that `ports.server` changes the pods and not the Service.
    """
    name = plan.settings.name
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": names.leader_service(name),
            "namespace": namespace,
            "labels": names.labels(name, "leader"),
            "annotations": {names.SKIP_AWAIT: "true"},
        },
        "spec": {
            "type": "ClusterIP",
            "selector": {names.LWS_NAME_LABEL: name, names.LWS_WORKER_INDEX_LABEL: "0"},
            "ports": [{"name": names.HTTP, "port": names.SERVICE_PORT, "targetPort": names.HTTP, "protocol": "TCP"}],
        },
    }
