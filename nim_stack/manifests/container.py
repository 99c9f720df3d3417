"""The containers of a pod: the model's own, and those that a stack adds."""

from typing import TYPE_CHECKING

from nim_stack import names
from nim_stack.budget import STARTUP_PERIOD_SECONDS
from nim_stack.manifests.cache_volume import cache_mount
from nim_stack.manifests.environment import environment
from nim_stack.manifests.references import Manifest, References
from nim_stack.manifests.resources import model_resources
from nim_stack.manifests.security import model_security_context, restricted
from nim_stack.settings.pods import Role

if TYPE_CHECKING:
    from nim_stack.plan import DeploymentPlan


def model_container(plan: "DeploymentPlan", references: References, role: Role) -> Manifest:
    """The container that serves; always the first, which `kubectl logs` and `exec` take when none is named."""
    settings = plan.settings
    leader = role == "leader"
    ports = [{"name": "ray", "containerPort": settings.ports.ray, "protocol": "TCP"}]
    if leader:
        ports.insert(0, {"name": names.HTTP, "containerPort": settings.ports.server, "protocol": "TCP"})
    return {
        "name": names.MODEL_CONTAINER,
        "image": plan.image,
        "imagePullPolicy": settings.image_pull_policy,
        "args": _arguments(settings.ports.ray, role),
        "env": environment(plan, references, role),
        "ports": ports,
        "resources": model_resources(plan, role),
        "securityContext": model_security_context(plan),
        # The pod is deleted with its group, and its log with it; the end of the log stays in the pod's status and in
        # the events until then.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            cache_mount(plan, role),
            {"name": names.SHM_VOLUME, "mountPath": names.SHM_MOUNT},
            *settings.pods.volume_mounts,
            *settings.pods.of(role).volume_mounts,
        ],
        # Workers have none: any restart by a probe recreates the group, a worker serves no HTTP, and asking Ray takes
        # 40 s once its head is gone. The processes watch each other and exit instead.
        **(_probes(plan) if leader else {}),
    }


def added_container(container: Manifest) -> Manifest:
    """As the stack writes it, inside the Pod Security Standard `restricted` unless it says otherwise itself."""
    return container | {"securityContext": restricted(container.get("securityContext"))}


def _arguments(ray_port: int, role: Role) -> list[str]:
    """Arguments for the image's own entrypoint; LWS puts LWS_LEADER_ADDRESS first in the environment."""
    if role == "leader":
        return ["nim-serve-ray", "--head", "--port", str(ray_port)]
    return ["nim-serve-ray", "--head-address", f"$(LWS_LEADER_ADDRESS):{ray_port}"]


def _probes(plan: "DeploymentPlan") -> Manifest:
    ready = {"httpGet": {"path": names.HEALTH_READY, "port": names.HTTP}, "timeoutSeconds": 5}
    live = {"httpGet": {"path": names.HEALTH_LIVE, "port": names.HTTP}, "timeoutSeconds": 10}
    return {
        "startupProbe": ready
        | {"periodSeconds": STARTUP_PERIOD_SECONDS, "failureThreshold": plan.budget.startup_failures},
        "readinessProbe": ready | {"periodSeconds": 5, "failureThreshold": 3},
        "livenessProbe": live | {"periodSeconds": 10, "failureThreshold": 6},
    }
