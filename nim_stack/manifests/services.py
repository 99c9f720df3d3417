"""The Services in front of leaders."""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan


def leader_service(plan: DeploymentPlan, namespace: str) -> Manifest:
    """Routes to ready leaders only.

    It is not awaited, because that wait fails after ten minutes while pods are loading; the LWS carries the wait. It
    finds the container's port by name, so that `ports.server` changes the pods and not the Service.
    """
    name, service = plan.settings.name, plan.settings.service
    port: Manifest = {
        "name": names.service_port(service.port),
        "port": service.port,
        "targetPort": names.HTTP,
        "protocol": "TCP",
    }
    if service.node_port is not None:
        port["nodePort"] = service.node_port
    spec: Manifest = {"type": service.type, "selector": names.leader_pods(name), "ports": [port]}
    if service.load_balancer_class is not None:
        spec["loadBalancerClass"] = service.load_balancer_class
    if service.load_balancer_source_ranges:
        spec["loadBalancerSourceRanges"] = list(service.load_balancer_source_ranges)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": names.leader_service(name),
            "namespace": namespace,
            "labels": names.labels(name, "leader"),
            "annotations": {**service.annotations, names.SKIP_AWAIT: "true"},
        },
        "spec": spec,
    }


def live_service(name: str, deployment: str, port: int) -> Manifest:
    """Routes to the ready leaders of one deployment, whichever is live, under a name that outlives it."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "labels": names.labels(name, "live"),
            "annotations": {names.SKIP_AWAIT: "true"},
        },
        "spec": {
            "type": "ClusterIP",
            "selector": names.leader_pods(deployment),
            "ports": [
                {"name": names.service_port(port), "port": port, "targetPort": names.HTTP, "protocol": "TCP"},
            ],
        },
    }


def replacing(plan: DeploymentPlan) -> list[str]:
    """Changed fields for which the Service is deleted and made anew.

    A preview applies a changed port beside the one of before, and two ports cannot have one nodePort. A LoadBalancer is
    left alone: a new one would have another address.
    """
    service = plan.settings.service
    fixed = service.type == "NodePort" and service.node_port is not None
    return ["spec.ports[0].port"] if fixed else []
