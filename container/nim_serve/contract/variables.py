"""Every variable of the contract: how it is read, what it means, and what holds without it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from nim_serve.contract import values

DEFAULT_SERVER_PORT = 8000
DEFAULT_RAY_PORT = 6379
CACHE_PATH = "/opt/nim/.cache"


@dataclass(frozen=True)
class EnvVar:
    """One variable of the contract."""

    name: str
    meaning: str
    parse: Callable[[str], Any] = values.text
    """Reads the value, or raises a ValueError that says what to use instead."""
    default: str | None = None
    """What holds without it, as it would be written; None when nothing does."""
    secret: bool = False
    """Whether its value is a key, which is neither read nor shown."""
    extension: bool = False
    """Whether it is this project's and not NVIDIA's: the licensed image does not know it."""


ENV: Mapping[str, EnvVar] = MappingProxyType(
    {
        var.name: var
        for var in (
            EnvVar("NIM_MODEL_PATH", "model: hf://<owner>/<model>[@<revision>] or a directory", values.model),
            EnvVar(
                "NIM_MODEL_PROFILE",
                "profile that sets precision, TP and PP; the sizes below win over it",
                values.profile,
            ),
            EnvVar("NIM_TENSOR_PARALLEL_SIZE", "GPUs of a tensor-parallel group", values.count),
            EnvVar("NIM_PIPELINE_PARALLEL_SIZE", "pipeline stages", values.count),
            EnvVar("NIM_NUM_COMPUTE_NODES", "nodes of the group, the leader included", values.count, "1"),
            EnvVar("NIM_SERVED_MODEL_NAME", "name of the model in the API, or several with commas", values.names),
            EnvVar("NIM_MAX_MODEL_LEN", "longest sequence in tokens; without it the model's own", values.count),
            EnvVar("NIM_CACHE_PATH", "directory of the model cache", values.directory, CACHE_PATH),
            EnvVar("NIM_SERVER_PORT", "port of the API, health and metrics", values.port, str(DEFAULT_SERVER_PORT)),
            EnvVar("NIM_HEALTH_PORT", "a second port that answers health alone, from the start", values.port),
            EnvVar("NIM_PASSTHROUGH_ARGS", "further vLLM arguments, quoted as for a shell", values.arguments, ""),
            EnvVar("NIM_JSONL_LOGGING", "log lines as JSON", values.flag, "0"),
            EnvVar("NIM_LOG_LEVEL", "least severe level that is logged", values.level, "INFO"),
            EnvVar("NIM_DISABLE_MODEL_DOWNLOAD", "serve from the cache or fail, never download", values.flag, "0"),
            EnvVar("HF_ENDPOINT", "address of the Hugging Face hub or of a mirror"),
            EnvVar("HF_TOKEN", "token for the Hugging Face hub", secret=True),
            EnvVar("NGC_API_KEY", "key for NGC; the open image does not use it", secret=True),
            EnvVar("VLLM_HOST_IP", "address of this pod, for Ray and vLLM (status.podIP)", extension=True),
            EnvVar(
                "NIM_STACK_SHARED_CACHE", "1: only the leader downloads; 0: every pod", values.flag, "1", extension=True
            ),
            *(
                EnvVar(name, meaning, values.whole if zero else values.count, default, extension=True)
                for name, meaning, default, zero in (
                    ("NIM_STACK_JOIN_TIMEOUT_SECONDS", "how long the group may take to join", "1800", False),
                    ("NIM_STACK_REJOIN_TIMEOUT_SECONDS", "the same once the group has served", "300", False),
                    ("NIM_STACK_LOAD_TIMEOUT_SECONDS", "from the engine's start to its first token", "7200", False),
                    ("NIM_STACK_STALL_SECONDS", "requests run and nothing is computed; 0: never a fault", "120", True),
                    ("NIM_STACK_HEAL_TRIES", "restarts in place in a row; 0: exit at a fault", "5", True),
                    ("NIM_STACK_HEAL_WINDOW_SECONDS", "serving this long clears the count", "60", False),
                    ("NIM_STACK_DRAIN_SECONDS", "from SIGTERM until running requests are cut off", "40", True),
                    ("NIM_STACK_DRAIN_DELAY_SECONDS", "of these, how long new requests may come", "5", True),
                )
            ),
            EnvVar(
                "NIM_STACK_HEARTBEAT_PORT",
                "port of the leader's heartbeat; without it the Ray port + 1",
                values.port,
                extension=True,
            ),
            EnvVar(
                "NIM_STACK_TERMINATION_LOG",
                "file for the reason of an exit (the pod's terminationMessagePath)",
                values.directory,
                "/dev/termination-log",
                extension=True,
            ),
        )
    }
)
