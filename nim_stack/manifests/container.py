"""The containers of a pod: the model's own, and those that a stack adds."""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.deadlines import STARTUP_PERIOD_SECONDS
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.cache_volume import cache_mount
from nim_stack.manifests.environment import environment
from nim_stack.manifests.references import References
from nim_stack.manifests.resources import model_resources
from nim_stack.manifests.security import model_security_context, restricted
from nim_stack.settings.pods import Role


def model_container(plan: DeploymentPlan, references: References, role: Role) -> Manifest:
    """The container that serves; always the first, which `kubectl logs` and `exec` take when none is named."""
    settings = plan.settings
    return {
        "name": names.MODEL_CONTAINER,
        "image": plan.image,
        "imagePullPolicy": settings.image_pull_policy,
        "args": _arguments(settings.ports.ray, role),
        "env": environment(plan, references, role),
        "ports": _ports(plan, role),
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
        **_probes(plan, role),
    }


def added_container(container: Manifest) -> Manifest:
    """As the stack writes it, inside the Pod Security Standard `restricted` unless it says otherwise itself."""
    return container | {"securityContext": restricted(container.get("securityContext"))}


def _arguments(ray_port: int, role: Role) -> list[str]:
    """Arguments for the image's own entrypoint; LWS puts LWS_LEADER_ADDRESS first in the environment."""
    if role == "leader":
        return ["nim-serve-ray", "--head", "--port", str(ray_port)]
    return ["nim-serve-ray", "--head-address", f"$(LWS_LEADER_ADDRESS):{ray_port}"]


def _ports(plan: DeploymentPlan, role: Role) -> list[Manifest]:
    ports = plan.settings.ports
    listening = {"ray": ports.ray}
    if role == "leader":
        listening = {names.HTTP: ports.server, **listening}
    if plan.supervised:
        listening |= {
            names.HEALTH: ports.health_port,
            **({"heartbeat": ports.heartbeat_port} if role == "leader" else {}),
        }
    return [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in listening.items()]


def _probes(plan: DeploymentPlan, role: Role) -> Manifest:
    """Workers have none with a supervisor: any restart by a probe recreates the group, a worker serves no HTTP, and the
    supervisors watch each other."""
    if role == "worker":
        return _ray_check(plan) if plan.settings.healing.ray_check and not plan.supervised else {}
    port = names.HEALTH if plan.supervised else names.HTTP
    ready = {"httpGet": {"path": names.HEALTH_READY, "port": port}, "timeoutSeconds": 5}
    live = {"httpGet": {"path": names.HEALTH_LIVE, "port": port}, "timeoutSeconds": 10}
    # The supervisor says what it knows, at once and without flapping; an engine's own answer may be late under load.
    period, failures = (1, 1) if plan.supervised else (5, 3)
    return {
        "startupProbe": ready
        | {"periodSeconds": STARTUP_PERIOD_SECONDS, "failureThreshold": plan.budget.startup_failures},
        "readinessProbe": ready | {"periodSeconds": period, "failureThreshold": failures},
        "livenessProbe": live | {"periodSeconds": 10, "failureThreshold": 6},
    }


def _ray_check(plan: DeploymentPlan) -> Manifest:
    """A worker whose head is gone ends, and its group with it. Asking Ray costs a second of a processor, and up to 40 s
    when nobody answers; the time to join is given first, since the head may come later."""
    ask = f'exec ray health-check --address "$LWS_LEADER_ADDRESS:{plan.settings.ports.ray}"'
    probe = {"exec": {"command": ["sh", "-c", ask]}, "periodSeconds": 30, "timeoutSeconds": 25}
    return {
        "startupProbe": probe | {"failureThreshold": -(-plan.budget.join // 30)},
        "livenessProbe": probe | {"failureThreshold": 3},
    }
