"""Who the processes are and what they may do: the Pod Security Standard `restricted`, unless a setting says otherwise.

A fabric with RDMA needs the capability IPC_LOCK, since RDMA pins memory, and that alone takes the pods out of it.
"""

from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan


def pod_security_context(plan: DeploymentPlan) -> Manifest:
    """Of the pod. On OpenShift the ids are those that the restricted-v2 SCC takes from the namespace's range, and
    others are refused."""
    security = plan.settings.pod_security
    ids = {"runAsUser": security.run_as_user, "runAsGroup": security.run_as_group, "fsGroup": security.fs_group}
    context: Manifest = {
        "runAsNonRoot": True,
        **({} if security.assigned_by_cluster else ids),
        # The default changes the owner of every file of the cache at each start.
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if security.supplemental_groups:
        context["supplementalGroups"] = list(security.supplemental_groups)
    return overlaid(context, plan.settings.pods.security_context)


def model_security_context(plan: DeploymentPlan) -> Manifest:
    """Of the model container, with the capabilities of the fabric beside those that the stack adds itself."""
    own = plan.settings.pods.container_security_context
    context = restricted(own)
    needed = plan.fabric.capabilities if plan.fabric else ()
    added = [*needed, *(name for name in own.get("capabilities", {}).get("add", ()) if name not in needed)]
    if added:
        context["capabilities"]["add"] = added
    return context


def restricted(own: Manifest | None = None) -> Manifest:
    """Of any container: what `restricted` wants of each one, under what the container says itself."""
    default = {"capabilities": {"drop": ["ALL"]}}
    return overlaid(default if escalates(own or {}) else {"allowPrivilegeEscalation": False, **default}, own or {})


def escalates(context: Manifest) -> bool:
    """Whether a container has more than its process could be kept from: the API server refuses the two together."""
    added = (context.get("capabilities") or {}).get("add") or ()
    return bool(context.get("privileged")) or "CAP_SYS_ADMIN" in added


def overlaid(context: Manifest, own: Manifest) -> Manifest:
    """Field by field; a list is taken as a whole."""
    result = dict(context)
    for name, value in own.items():
        inner = result.get(name)
        result[name] = overlaid(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result
