"""The Gateway API HTTPRoute to the leader Service."""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.deployment.public_url import is_of_the_api
from nim_stack.settings.access import HttpRoute, ParentRef


def http_route(plan: DeploymentPlan, wanted: HttpRoute, namespace: str) -> Manifest:
    """One path prefix, on the Gateways' listeners. The resource plugin has no wait for the kind, so none is skipped."""
    settings = plan.settings
    rule: Manifest = {
        "matches": [{"path": {"type": "PathPrefix", "value": wanted.path}}],
        "backendRefs": [{"name": names.leader_service(settings.name), "port": settings.service.port}],
    }
    if not is_of_the_api(wanted.path):
        # The model answers below /v1 alone.
        whole = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
        rule["filters"] = [{"type": "URLRewrite", "urlRewrite": {"path": whole}}]
    if wanted.request_timeout is not None:
        rule["timeouts"] = {"request": wanted.request_timeout}
    spec: Manifest = {"parentRefs": [_gateway(parent) for parent in wanted.parent_refs], "rules": [rule]}
    if wanted.hostnames:
        spec["hostnames"] = list(wanted.hostnames)
    return {
        "apiVersion": f"{names.GATEWAY_GROUP}/v1",
        "kind": "HTTPRoute",
        "metadata": {
            "name": settings.name,
            "namespace": namespace,
            "labels": names.labels(settings.name, "route"),
            **({"annotations": dict(wanted.annotations)} if wanted.annotations else {}),
        },
        "spec": spec,
    }


def _gateway(parent: ParentRef) -> Manifest:
    reference = {"name": parent.name, "namespace": parent.namespace, "sectionName": parent.section_name}
    return {key: value for key, value in reference.items() if value is not None}
