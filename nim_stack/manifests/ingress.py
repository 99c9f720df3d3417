"""The Ingress to the leader Service."""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.settings.access import Ingress


def ingress(plan: DeploymentPlan, wanted: Ingress, namespace: str) -> Manifest:
    """One host and path prefix.

    It is not awaited: that wait ends only when a controller writes an address into the status, which many on bare metal
    never do, and fails after ten minutes.
    """
    settings = plan.settings
    backend = {
        "service": {
            "name": names.leader_service(settings.name),
            "port": {"name": names.service_port(settings.service.port)},
        }
    }
    path = {"path": wanted.path, "pathType": "Prefix", "backend": backend}
    spec: Manifest = {"rules": [{"host": wanted.host, "http": {"paths": [path]}}]}
    if wanted.class_name is not None:
        spec["ingressClassName"] = wanted.class_name
    if wanted.tls_secret is not None:
        spec["tls"] = [{"hosts": [wanted.host], "secretName": wanted.tls_secret}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": settings.name,
            "namespace": namespace,
            "labels": names.labels(settings.name, "ingress"),
            "annotations": {**wanted.annotations, names.SKIP_AWAIT: "true"},
        },
        "spec": spec,
    }
