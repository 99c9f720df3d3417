"""The contract of the container, once: arguments, ports, paths and environment of NIM LLM 2.x on Ray.

The licensed NIM image satisfies it; this package satisfies it on stock vLLM and Ray. Standard library only, so that a
test can hold the Kubernetes manifests to it without either. Facts: NIM LLM 2.x documentation, pages "CLI reference",
"Environment variables", "Architecture" and "Multi-node deployment".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nim_serve.contract.limits import Limits
from nim_serve.contract.values import PRECISIONS, ModelSource, Profile, key_problems
from nim_serve.contract.variables import CACHE_PATH, DEFAULT_RAY_PORT, DEFAULT_SERVER_PORT, ENV

__all__ = ["CACHE_PATH", "DEFAULT_RAY_PORT", "DEFAULT_SERVER_PORT", "ENV"]

HEALTH_READY_PATH = "/v1/health/ready"
HEALTH_LIVE_PATH = "/v1/health/live"
METRICS_PATH = "/v1/metrics"
MODELS_PATH = "/v1/models"

SERVE = "nim-serve"
SERVE_RAY = "nim-serve-ray"
DOWNLOAD = "download-to-cache"
LIST_PROFILES = "list-model-profiles"
ACTIONS = (SERVE, SERVE_RAY, DOWNLOAD, LIST_PROFILES)
"""What the image's entrypoint takes as its first argument; so a pod sets `args` and leaves `command` alone."""


class ContractError(ValueError):
    """The environment or the arguments cannot work; the error has every problem, not the first one only."""

    def __init__(self, problems: list[str]) -> None:
        """Take the problems, one sentence each."""
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class ServeConfig:
    """The environment, read and checked. It holds no secret, so it may be logged."""

    model: ModelSource
    precision: str
    """As vLLM's option `--dtype` takes it."""
    tensor_parallel: int
    pipeline_parallel: int
    nodes: int
    """The number of pods of the group, the leader included."""
    served_names: tuple[str, ...]
    """What the API calls the model; empty for the model's own name."""
    max_model_len: int | None
    """The longest sequence in tokens; None for the model's own."""
    cache_path: str
    server_port: int
    health_port: int | None
    """The port that answers health alone; None when there is none."""
    passthrough: tuple[str, ...]
    """Further arguments for vLLM."""
    jsonl: bool
    """Whether log lines are JSON."""
    log_level: str
    disable_download: bool
    shared_cache: bool
    """Whether only the leader downloads the model."""
    heartbeat_port: int | None
    """The port of the leader's heartbeat; None for the one after the Ray port."""
    termination_log: str
    """The file for the reason of an exit."""
    limits: Limits
    host_ip: str | None
    """The pod's IP address; None when the pod spec does not give it."""
    ignored: tuple[str, ...]
    """The variables that start with NIM_ and mean nothing here."""

    @property
    def world_size(self) -> int:
        """The number of GPUs of the whole group."""
        return self.tensor_parallel * self.pipeline_parallel

    @property
    def gpus_per_node(self) -> int:
        """The number of GPUs that one pod brings; the environment was refused unless this is whole."""
        return self.world_size // self.nodes


def head_args(port: int = DEFAULT_RAY_PORT) -> list[str]:
    """Give the container arguments of the leader pod."""
    return [SERVE_RAY, "--head", "--port", str(port)]


def worker_args(head: str, port: int = DEFAULT_RAY_PORT) -> list[str]:
    """Give the container arguments of a worker pod; `head` is the leader's name or address."""
    return [SERVE_RAY, "--head-address", f"{head}:{port}"]


def ignored_variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Name the variables that start with NIM_ and mean nothing here: they are logged, in case one is misspelt."""
    return tuple(sorted(name for name in environment if name.startswith("NIM_") and name not in ENV))


def port_problems(config: "ServeConfig", ray_port: int) -> list[str]:
    """Say which ports of one pod coincide; the Ray port comes with the arguments, the others with the environment."""
    ports = {
        "the Ray port": ray_port,
        "the heartbeat port (NIM_STACK_HEARTBEAT_PORT)": heartbeat_port(config, ray_port),
        "NIM_SERVER_PORT": config.server_port,
        **({} if config.health_port is None else {"NIM_HEALTH_PORT": config.health_port}),
    }
    names = list(ports)
    return [
        f"{one} and {other} are both {ports[one]}: use another one"
        for number, one in enumerate(names)
        for other in names[number + 1 :]
        if ports[one] == ports[other] and (one, other) != ("NIM_SERVER_PORT", "NIM_HEALTH_PORT")
    ] + (["no port is left for the heartbeat: set NIM_STACK_HEARTBEAT_PORT"] if max(ports.values()) > 65535 else [])


def heartbeat_port(config: "ServeConfig", ray_port: int) -> int:
    """Give the port at which the leader's supervisor listens for its workers."""
    return config.heartbeat_port or ray_port + 1


def parse_environment(environment: Mapping[str, str]) -> ServeConfig:
    """Read and check the environment of either role; an empty variable counts as absent.

    Raises:
        ContractError: the environment cannot work. The error has every problem, each saying what was given and what
            would work.
    """
    read, problems = _read_variables(environment)
    profile = read["NIM_MODEL_PROFILE"] or Profile("auto", 1, 1)
    tensor = read["NIM_TENSOR_PARALLEL_SIZE"] or profile.tensor_parallel
    pipeline = read["NIM_PIPELINE_PARALLEL_SIZE"] or profile.pipeline_parallel
    nodes = read["NIM_NUM_COMPUTE_NODES"] or 1
    sized = ("NIM_TENSOR_PARALLEL_SIZE", "NIM_PIPELINE_PARALLEL_SIZE", "NIM_NUM_COMPUTE_NODES", "NIM_MODEL_PROFILE")
    if not any(problem.startswith(sized) for problem in problems):
        problems += split_problems(tensor, pipeline, nodes)
    problems += _health_port_problems(read)
    problems += key_problems(environment.get("VLLM_API_KEY", ""))
    if not any(problem.startswith("NIM_STACK_DRAIN") for problem in problems):
        problems += Limits.read(read).problems()
    if problems:
        raise ContractError(problems)
    return ServeConfig(
        model=read["NIM_MODEL_PATH"],
        precision=PRECISIONS[profile.precision],
        tensor_parallel=tensor,
        pipeline_parallel=pipeline,
        nodes=nodes,
        served_names=read["NIM_SERVED_MODEL_NAME"] or (),
        max_model_len=read["NIM_MAX_MODEL_LEN"],
        cache_path=read["NIM_CACHE_PATH"],
        server_port=read["NIM_SERVER_PORT"],
        health_port=read["NIM_HEALTH_PORT"],
        passthrough=read["NIM_PASSTHROUGH_ARGS"] or (),
        jsonl=read["NIM_JSONL_LOGGING"],
        log_level=read["NIM_LOG_LEVEL"],
        disable_download=read["NIM_DISABLE_MODEL_DOWNLOAD"],
        shared_cache=read["NIM_STACK_SHARED_CACHE"],
        heartbeat_port=read["NIM_STACK_HEARTBEAT_PORT"],
        termination_log=read["NIM_STACK_TERMINATION_LOG"],
        limits=Limits.read(read),
        host_ip=read["VLLM_HOST_IP"],
        ignored=ignored_variables(environment),
    )


def _read_variables(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Read each variable by itself: the values by name (None for one that is absent or refused), and the problems."""
    problems: list[str] = []
    read: dict[str, Any] = {}
    for var in ENV.values():
        given = environment.get(var.name, "").strip() or var.default
        read[var.name] = None
        if given is not None and not var.secret:
            try:
                read[var.name] = var.parse(given)
            except ValueError as wrong:
                problems.append(f"{var.name}={given!r}: {wrong}")
    if not environment.get("NIM_MODEL_PATH", "").strip():
        problems.append("NIM_MODEL_PATH is not set: use hf://<owner>/<model>, or an absolute directory")
    if ":" in (read["VLLM_HOST_IP"] or ""):
        # Ray's head address, the listeners and vLLM's --host are all written for IPv4.
        problems.append(
            f"VLLM_HOST_IP={read['VLLM_HOST_IP']!r} is an IPv6 address: use a cluster with IPv4, "
            "or a dual-stack one with IPv4 first"
        )
    return read, problems


def split_problems(tensor: int, pipeline: int, nodes: int) -> list[str]:
    """Say why the GPUs of a group cannot be split evenly over its nodes; an empty list when they can."""
    if tensor * pipeline % nodes == 0:
        return []
    return [
        f"tensor parallel {tensor} × pipeline parallel {pipeline} = {tensor * pipeline} GPUs cannot be split "
        f"evenly over NIM_NUM_COMPUTE_NODES={nodes}: use a number of nodes that divides it"
    ]


def _health_port_problems(read: Mapping[str, Any]) -> list[str]:
    if read["NIM_HEALTH_PORT"] is None or read["NIM_HEALTH_PORT"] != read["NIM_SERVER_PORT"]:
        return []
    return [
        f"NIM_HEALTH_PORT={read['NIM_HEALTH_PORT']} is NIM_SERVER_PORT, which answers health anyway: "
        "use another port, or leave it out"
    ]
