"""What a stack must not slip past its own settings: vLLM options and variables that a setting already decides.

Secrets among them matter most: a key under `nim.env` would be readable in the stack file, the state and the pod.
"""

from collections.abc import Iterator

from nim_stack import names
from nim_stack.problems import Problem
from nim_stack.settings import StackSettings

OWNED_OPTIONS = {
    "--model": "nim.model",
    "--served-model-name": "nim.servedModelName",
    "--max-model-len": "nim.maxModelLen",
    "--port": "nim.ports.server",
    "--host": "nothing, the server listens on every address",
    "--tensor-parallel-size": "nim.tensorParallel",
    "-tp": "nim.tensorParallel",
    "--pipeline-parallel-size": "nim.pipelineParallel",
    "-pp": "nim.pipelineParallel",
    "--distributed-executor-backend": "nothing, Ray is what joins the nodes",
}
"""Options that would overrule a setting: NIM ranks NIM_PASSTHROUGH_ARGS above its variables (its advanced
configuration page)."""


def passthrough(settings: StackSettings) -> Iterator[Problem]:
    """Further arguments that would overrule a setting."""
    for position, argument in enumerate(settings.passthrough_args):
        option = argument.split("=")[0]
        option = option.replace("_", "-") if option.startswith("--") else option
        if option in OWNED_OPTIONS:
            why = "it would overrule what the stack says"
            yield Problem(f"nim.passthroughArgs.{position}", argument, why, f"Use {OWNED_OPTIONS[option]}.")


OWNED_VARIABLES = {
    names.NGC_KEY: "the secret ngcApiKey, or nim.secrets.ngcApiSecret",
    names.HF_KEY: "the secret hfToken, or nim.secrets.hfTokenSecret",
    "NIM_MODEL_PATH": "nim.model",
    "NIM_MODEL_PROFILE": "nim.profile",
    "NIM_TENSOR_PARALLEL_SIZE": "nim.tensorParallel",
    "NIM_PIPELINE_PARALLEL_SIZE": "nim.pipelineParallel",
    "NIM_NUM_COMPUTE_NODES": "nim.nodes",
    "NIM_SERVED_MODEL_NAME": "nim.servedModelName",
    "NIM_MAX_MODEL_LEN": "nim.maxModelLen",
    "NIM_SERVER_PORT": "nim.ports.server",
    "NIM_PASSTHROUGH_ARGS": "nim.passthroughArgs",
    "NIM_LOG_LEVEL": "nim.logLevel",
    "NIM_CACHE_PATH": "nothing, the cache is mounted where it points",
    "NIM_JSONL_LOGGING": "nothing: workers of a Ray group fail with JSON logs, so it is always 0",
    "NIM_STACK_SHARED_CACHE": "nothing, it follows from nim.storage",
    "NIM_STACK_JOIN_TIMEOUT_SECONDS": "nim.timeouts",
    "VLLM_HOST_IP": "nothing, it is the pod's address",
    "LWS_LEADER_ADDRESS": "nothing, LWS sets it",
    "LWS_GROUP_SIZE": "nothing, LWS sets it",
    "LWS_WORKER_INDEX": "nothing, LWS sets it",
}


def environment(settings: StackSettings) -> Iterator[Problem]:
    """Further variables that the stack sets itself, and those that are there twice."""
    seen: set[str] = set()
    for position, variable in enumerate(settings.env):
        path = f"nim.env.{position}.name"
        if variable.name in OWNED_VARIABLES:
            instead = f"Use {OWNED_VARIABLES[variable.name]}."
            yield Problem(path, variable.name, "the stack sets this variable itself", instead)
        if variable.name in seen:
            yield Problem(path, variable.name, "it is there twice", "Leave one of the two out.")
        seen.add(variable.name)
