"""Devices by dynamic resource allocation: claims of the pods, and the ComputeDomain of multi-node NVLink.

Facts of the NVIDIA DRA driver (api/nvidia.com/resource/v1beta1/computedomain.go): the domain follows its pods to their
nodes, its controller makes the ResourceClaimTemplate that it names, and `numNodes` is to be 0 since IMEX daemons know
each other by DNS name (the default from 25.12). With 0 one domain serves any number of groups, and never has to be
replaced when that number changes, which matters as its spec is immutable.
"""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan


def pod_claims(plan: DeploymentPlan) -> list[Manifest]:
    """`resourceClaims` of the pod spec."""
    claims = list(plan.settings.pods.resource_claims)
    domain = plan.compute_domain
    if domain is not None:
        template = domain.resource_claim_template or names.compute_domain_claims(plan.settings.name)
        claims.append({"name": names.COMPUTE_DOMAIN_CLAIM, "resourceClaimTemplateName": template})
    return claims


def compute_domain(plan: DeploymentPlan, namespace: str) -> Manifest | None:
    """The domain that the stack makes; none without need of one, or where an existing one is named."""
    domain = plan.compute_domain
    if domain is None or domain.resource_claim_template is not None:
        return None
    name = plan.settings.name
    return {
        "apiVersion": names.COMPUTE_DOMAIN_API,
        "kind": "ComputeDomain",
        "metadata": {
            "name": names.compute_domain(name),
            "namespace": namespace,
            "labels": names.labels(name),
        },
        "spec": {
            "numNodes": 0,
            "channel": {"resourceClaimTemplate": {"name": names.compute_domain_claims(name)}},
        },
    }
