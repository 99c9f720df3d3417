"""Rules on what a stack must not slip past its own settings: vLLM options and variables that a setting decides.

Secrets among them matter most: a key under `nim.env` would be readable in the stack file, the state and the pod.
"""

from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.deployment.resolution import Resolution
from nim_stack.deployment.vllm_options import spelled
from nim_stack.rules.registry import rule
from nim_stack.values.types import EnvVar

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


OWNED_VARIABLES = {
    names.NGC_KEY: "the secret ngcApiKey, or nim.secrets.ngcApiSecret",
    names.HF_KEY: "the secret hfToken, or nim.secrets.hfTokenSecret",
    "NGC_CLI_API_KEY": "the secret ngcApiKey, or nim.secrets.ngcApiSecret",
    "NIM_REPOSITORY_OVERRIDE": "nim.download.repositoryOverride",
    "NIM_DISABLE_MODEL_DOWNLOAD": "nim.download.disabled",
    "HF_HUB_OFFLINE": "nim.download.disabled",
    "HF_ENDPOINT": "nim.download.hubEndpoint",
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
    "NIM_STACK_SHARED_CACHE": "nothing, it follows from nim.storage",
    "NIM_STACK_JOIN_TIMEOUT_SECONDS": "nim.timeouts",
    "NIM_STACK_LOAD_TIMEOUT_SECONDS": "nim.timeouts",
    "NIM_STACK_REJOIN_TIMEOUT_SECONDS": "nim.healing.rejoinSeconds",
    "NIM_STACK_STALL_SECONDS": "nim.healing.stallSeconds",
    "NIM_STACK_HEAL_TRIES": "nim.healing.tries",
    "NIM_STACK_HEAL_WINDOW_SECONDS": "nim.healing.windowSeconds",
    "NIM_STACK_HEARTBEAT_PORT": "nim.ports.heartbeat",
    "NIM_STACK_DRAIN_SECONDS": "nim.pods.terminationGracePeriodSeconds",
    "NIM_HEALTH_PORT": "nim.ports.health",
    "VLLM_HOST_IP": "nothing, it is the pod's address",
    "LWS_LEADER_ADDRESS": "nothing, LWS sets it",
    "LWS_GROUP_SIZE": "nothing, LWS sets it",
    "LWS_WORKER_INDEX": "nothing, LWS sets it",
}


JSON_LOGGING = "NIM_JSONL_LOGGING"


def _variables(resolved: Resolution) -> Iterator[tuple[str, EnvVar]]:
    """Variables that the settings give to both roles or to one, each with the path of its setting."""
    settings = resolved.settings
    for path, env in (
        ("nim.env", settings.env),
        ("nim.pods.leader.env", settings.pods.leader.env),
        ("nim.pods.worker.env", settings.pods.worker.env),
    ):
        for position, variable in enumerate(env):
            yield f"{path}.{position}", variable


@rule(
    "NIM100",
    "A further argument overrules a setting",
    cause="NIM ranks passthrough arguments above its variables, so that the deployment would not be what its settings "
    "say, and what was planned would not hold.",
    cure="Use the setting.",
)
def passthrough(resolved: Resolution) -> Iterator[Finding]:
    for position, argument in enumerate(resolved.settings.passthrough_args):
        option = spelled(argument.split("=")[0])
        if option in OWNED_OPTIONS:
            why = "it would overrule what the stack says"
            yield Finding(f"nim.passthroughArgs.{position}", argument, why, f"Use {OWNED_OPTIONS[option]}.")


@rule(
    "NIM101",
    "The stack sets this variable itself",
    cause="The later of two variables of one name wins without a word; and a key among them would stand in the stack "
    "file, the state and the pod in clear.",
    cure="Use the setting or the secret that the message names.",
)
def environment(resolved: Resolution) -> Iterator[Finding]:
    for path, variable in _variables(resolved):
        if variable.name in OWNED_VARIABLES:
            instead = f"Use {OWNED_VARIABLES[variable.name]}."
            yield Finding(f"{path}.name", variable.name, "the stack sets this variable itself", instead)


@rule(
    "NIM102",
    "A variable is there twice",
    cause="The later one wins without a word.",
    cure="Leave one of the two out.",
)
def twice(resolved: Resolution) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for path, variable in _variables(resolved):
        where = (path.rpartition(".")[0], variable.name)
        if where in seen:
            yield Finding(f"{path}.name", variable.name, "it is there twice", "Leave one of the two out.")
        seen.add(where)


@rule(
    "NIM103",
    "JSON logging on Ray",
    cause="The JSON log formatter of NIM is not available in Ray workers, which fail with it (NVIDIA's page on "
    "multi-node deployment, known limitations). The stack sets NIM_JSONL_LOGGING to 0.",
    cure="Leave it out.",
)
def json_logging(resolved: Resolution) -> Iterator[Finding]:
    for path, variable in _variables(resolved):
        if variable.name == JSON_LOGGING:
            why = "workers of a Ray group fail with JSON logs, so the stack sets it to 0"
            yield Finding(f"{path}.name", variable.name, why, "Leave it out.")


@rule(
    "NIM104",
    "A variable replaces one of the fabric",
    cause="The fabric sets it as its network needs it. The stack's own value is used instead.",
    cure="None is needed when that is meant.",
    severity="warning",
    reads=frozenset({"nim.fabric", "nim.catalog"}),
)
def fabric_variable(resolved: Resolution) -> Iterator[Finding]:
    if resolved.settings.fabric is None or resolved.layout.fabric is None:
        return
    theirs = {variable.name: variable.value for variable in resolved.layout.fabric.env}
    for path, variable in _variables(resolved):
        if theirs.get(variable.name, variable.value) != variable.value:
            why = f"it replaces {theirs[variable.name]!r}, which the fabric {resolved.layout.fabric.name} needs"
            instead = "Leave it out unless that is meant."
            yield Finding(f"{path}.value", variable.value, why, instead)
