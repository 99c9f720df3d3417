"""The pods of a group: one builder for both roles.

Every field reaches leader and worker alike unless the role itself is the difference; the chart and the operator of
NIM each forget fields on workers, and a worker that differs fails when the group is already loading.
"""

from collections.abc import Iterator
from typing import get_args

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.cache_volume import cache_volume
from nim_stack.manifests.claims import pod_claims
from nim_stack.manifests.container import added_container, model_container
from nim_stack.manifests.patch import patched
from nim_stack.manifests.placement import placement, queue_labels
from nim_stack.manifests.pod_security import PodSecurityLevel, least, pod_security_level
from nim_stack.manifests.programs.wait_for_leader import wait_for_leader
from nim_stack.manifests.references import References
from nim_stack.manifests.resources import shared_memory
from nim_stack.manifests.security import pod_security_context
from nim_stack.settings.pods import Pods, Role

__all__ = ["ROLES", "Manifest", "References", "Role", "patches", "pod_template", "security_level", "unpatched_template"]

ROLES: tuple[Role, ...] = get_args(Role)


def pod_template(plan: DeploymentPlan, references: References, role: Role) -> Manifest:
    """Pod template of one role."""
    template = unpatched_template(plan, references, role)
    for _, patch in patches(plan.settings.pods, role):
        template, _ = patched(template, patch)
    return template


def patches(pods: Pods, role: Role) -> Iterator[tuple[str, Manifest]]:
    """Patches of a role in their order, each with the path of its setting."""
    for path, patch in (("nim.pods.patch", pods.patch), (f"nim.pods.{role}.patch", pods.of(role).patch)):
        if patch:
            yield path, patch


def unpatched_template(plan: DeploymentPlan, references: References, role: Role) -> Manifest:
    """What a patch is applied to."""
    settings, pods, own = plan.settings, plan.settings.pods, plan.settings.pods.of(role)
    before = [added_container(container) for container in (*pods.init_containers, *own.init_containers)]
    if role == "worker" and _waits(plan):
        before.append(wait_for_leader(plan))
    spec: Manifest = {
        # No Kubernetes API inside the group, and no variables for every Service of the namespace: one of them can be
        # called VLLM_PORT (vllm-project/vllm#34199).
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": pods.termination_grace_period_seconds,
        "securityContext": pod_security_context(plan),
        **placement(plan, role),
        **({"initContainers": before} if before else {}),
        "containers": [
            model_container(plan, references, role),
            *(added_container(container) for container in (*pods.sidecars, *own.sidecars)),
        ],
        "volumes": [
            cache_volume(plan, references),
            {"name": names.SHM_VOLUME, "emptyDir": {"medium": "Memory", "sizeLimit": shared_memory(plan, role)}},
            *pods.volumes,
            *own.volumes,
        ],
    }
    if pods.host_network:
        # On the node's network the usual policy is the node's own DNS, which does not know the leader's name.
        spec |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    if pods.service_account is not None:
        spec["serviceAccountName"] = pods.service_account
    if claims := pod_claims(plan):
        spec["resourceClaims"] = claims
    if references.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in references.pull_secrets]
    labels = pods.labels | own.labels | queue_labels(pods.queue) | names.labels(settings.name, role)
    annotations = (plan.fabric.annotations if plan.fabric else {}) | pods.annotations | own.annotations
    if references.keys_digest is not None:
        annotations = annotations | {names.KEYS_DIGEST: references.keys_digest}
    metadata: Manifest = {"labels": labels} | ({"annotations": annotations} if annotations else {})
    return {"metadata": metadata, "spec": spec}


def security_level(plan: DeploymentPlan) -> PodSecurityLevel:
    """The Pod Security Standard that the namespace can hold all pods of the deployment to."""
    templates = [pod_template(plan, References("any"), role) for role in ROLES]
    return least(
        pod_security_level(template["spec"], template["metadata"].get("annotations")) for template in templates
    )


def _waits(plan: DeploymentPlan) -> bool:
    said = plan.settings.healing.wait_for_leader
    return not plan.supervised if said is None else said
