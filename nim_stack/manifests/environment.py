"""Variables of the model container."""

import shlex
from typing import TYPE_CHECKING

from nim_stack import names
from nim_stack.fields import EnvVar
from nim_stack.manifests.references import Manifest, References
from nim_stack.settings.pods import Role

if TYPE_CHECKING:
    from nim_stack.plan import DeploymentPlan


def environment(plan: "DeploymentPlan", references: References, role: Role) -> list[Manifest]:
    """Those of the plan, then the fabric's, the stack's and the role's, of which the last of one name wins."""
    settings = plan.settings
    values: dict[str, object] = {
        "NIM_MODEL_PATH": plan.model_path,
        "NIM_MODEL_PROFILE": settings.profile,
        "NIM_TENSOR_PARALLEL_SIZE": None if settings.profile else plan.tensor_parallel,
        "NIM_PIPELINE_PARALLEL_SIZE": None if settings.profile else plan.pipeline_parallel,
        "NIM_NUM_COMPUTE_NODES": plan.nodes,
        "NIM_SERVED_MODEL_NAME": plan.served_name,
        "NIM_MAX_MODEL_LEN": settings.max_model_len,
        "NIM_PASSTHROUGH_ARGS": shlex.join(settings.passthrough_args) or None,
        "NIM_SERVER_PORT": settings.ports.server,
        "NIM_CACHE_PATH": names.CACHE_MOUNT,
        # NVIDIA: "The NIM JSON log formatter is not available in Ray workers" (multi-node page, known limitations).
        "NIM_JSONL_LOGGING": 0,
        "NIM_LOG_LEVEL": settings.log_level,
        # Understood by the open image; the licensed one ignores them.
        "NIM_STACK_SHARED_CACHE": 1,
        "NIM_STACK_JOIN_TIMEOUT_SECONDS": plan.budget.join,
    }
    env: list[Manifest] = [{"name": name, "value": str(value)} for name, value in values.items() if value is not None]
    # Ray and vLLM would otherwise guess among the pod's interfaces.
    env.append({"name": "VLLM_HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}})
    for key, secret in ((names.NGC_KEY, references.api_secret), (names.HF_KEY, references.hf_secret)):
        if secret is not None:
            env.append({"name": key, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}})
    fabric = plan.fabric.env if plan.fabric else ()
    further = {variable.name: variable for variable in (*fabric, *settings.env, *settings.pods.of(role).env)}
    return env + [_entry(variable) for variable in further.values()]


def _entry(variable: EnvVar) -> Manifest:
    if variable.value_from is not None:
        return {"name": variable.name, "valueFrom": variable.value_from}
    return {"name": variable.name, "value": variable.value}
