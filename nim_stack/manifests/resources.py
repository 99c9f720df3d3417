"""What the model container asks the node for."""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.claims import pod_claims
from nim_stack.settings.pods import Role


def model_resources(plan: DeploymentPlan, role: Role) -> Manifest:
    """GPUs and devices are both request and limit; memory and disk too, so that a pod is never the first to be
    evicted. A processor is shared, so that its request has no limit."""
    resources = plan.settings.resources.overridden(plan.settings.pods.of(role).resources)
    limits = {names.GPU_RESOURCE: str(plan.gpus_per_node)}
    limits |= {"memory": resources.memory} if resources.memory else {}
    limits |= {"ephemeral-storage": resources.ephemeral_storage} if resources.ephemeral_storage else {}
    limits |= plan.fabric.resources if plan.fabric else {}
    limits |= resources.extended
    cpu = resources.cpu
    if cpu is None and resources.memory is None and any(name.startswith("hugepages-") for name in limits):
        # The API server takes huge pages only beside processors or memory. LWS accepts a template with huge pages
        # alone, and its pods never appear.
        cpu = "1"
    asked: Manifest = {"limits": limits, "requests": limits | ({"cpu": cpu} if cpu else {})}
    claims = [{"name": claim["name"]} for claim in pod_claims(plan)]
    return asked | ({"claims": claims} if claims else {})


def shared_memory(plan: DeploymentPlan, role: Role) -> str:
    """The size of /dev/shm in the pods of a role, as a Kubernetes quantity such as 16Gi."""
    return plan.settings.resources.overridden(plan.settings.pods.of(role).resources).shm
