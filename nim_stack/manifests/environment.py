"""Variables of the model container."""

import shlex

from nim_stack.base.documents import Manifest
from nim_stack.deployment.deadlines import AFTER_DRAIN_SECONDS, MARGIN_SECONDS
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.model_source import model_environment
from nim_stack.manifests.references import References
from nim_stack.settings.pods import Role


def environment(plan: DeploymentPlan, references: References, role: Role) -> list[Manifest]:
    """Those of the plan, then the fabric's, the stack's and the role's, of which the last of one name wins."""
    settings = plan.settings
    values: dict[str, object] = {
        "NIM_TENSOR_PARALLEL_SIZE": None if settings.profile else plan.tensor_parallel,
        "NIM_PIPELINE_PARALLEL_SIZE": None if settings.profile else plan.pipeline_parallel,
        "NIM_NUM_COMPUTE_NODES": plan.nodes,
        "NIM_SERVED_MODEL_NAME": plan.served_name,
        "NIM_MAX_MODEL_LEN": settings.max_model_len,
        "NIM_PASSTHROUGH_ARGS": shlex.join(settings.passthrough_args) or None,
        "NIM_SERVER_PORT": settings.ports.server,
        # NVIDIA: "The NIM JSON log formatter is not available in Ray workers" (multi-node page, known limitations).
        "NIM_JSONL_LOGGING": 0,
        # Understood by the open image; the licensed one ignores them.
        "NIM_STACK_SHARED_CACHE": int(settings.storage.shared),
        "NIM_STACK_JOIN_TIMEOUT_SECONDS": plan.budget.join,
        **(_supervision(plan) if plan.supervised else {}),
    }
    env = model_environment(plan, references, offline=plan.offline)
    env += [{"name": name, "value": str(value)} for name, value in values.items() if value is not None]
    # Ray and vLLM would otherwise guess among the pod's interfaces.
    env.append({"name": "VLLM_HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}})
    fabric = plan.fabric.env if plan.fabric else ()
    further = {variable.name: variable for variable in (*fabric, *settings.env, *settings.pods.of(role).env)}
    return env + [variable.manifest for variable in further.values()]


def _supervision(plan: DeploymentPlan) -> dict[str, object]:
    """What the supervisor of the open image is told; the grace period ends the drain and what comes after it."""
    settings, healing = plan.settings, plan.settings.healing
    return {
        "NIM_HEALTH_PORT": settings.ports.health_port,
        "NIM_STACK_HEARTBEAT_PORT": settings.ports.heartbeat_port,
        "NIM_STACK_LOAD_TIMEOUT_SECONDS": plan.budget.load + MARGIN_SECONDS,
        "NIM_STACK_REJOIN_TIMEOUT_SECONDS": healing.rejoin_seconds,
        "NIM_STACK_STALL_SECONDS": healing.stall_seconds,
        "NIM_STACK_HEAL_TRIES": healing.tries,
        "NIM_STACK_HEAL_WINDOW_SECONDS": healing.window_seconds,
        "NIM_STACK_DRAIN_SECONDS": settings.pods.termination_grace_period_seconds - AFTER_DRAIN_SECONDS,
    }
