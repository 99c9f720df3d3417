"""The vLLM process: its command line and environment, and how its server is accepts_connections."""

import re
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from nim_serve.contract.serve_config import ServeConfig
from nim_serve.model.cache import default_name, model_path
from nim_serve.ray.node import without_secrets
from nim_serve.vllm.engine_watch import Server
from nim_serve.vllm.middleware import CLASS_PATH, STATUS_FILE

QUIET_SINCE = (0, 16)
"""The vLLM that brought --disable-access-log-for-endpoints (vllm-project/vllm#30011); an older one refuses it."""


def vllm_release() -> tuple[int, ...]:
    """Give major and minor version of the image's vLLM, read without importing it; empty where there is none."""
    try:
        found = re.match(r"(\d+)\.(\d+)", version("vllm"))
    except PackageNotFoundError:
        return ()
    return tuple(map(int, found.groups())) if found else ()


def served_names(config: ServeConfig) -> tuple[str, ...]:
    """Give the names that the API has for the model."""
    return config.served_names or (default_name(config.model),)


def command(config: ServeConfig, extra: Sequence[str] = (), *, ray: bool) -> list[str]:
    """Give the command `vllm serve`; `ray` is whether Ray starts the ranks.

    An option that comes later wins, so the order is environment, pass-through arguments, command line (`extra`).
    """
    return [
        *(sys.executable, "-m", "vllm.entrypoints.cli.main", "serve", str(model_path(config))),
        *("--host", "0.0.0.0", "--port", str(config.server_port)),
        *("--served-model-name", *served_names(config)),
        *("--tensor-parallel-size", str(config.tensor_parallel)),
        *("--pipeline-parallel-size", str(config.pipeline_parallel)),
        # Without it vLLM counts the GPUs of this node and refuses a larger group.
        *(("--distributed-executor-backend", "ray") if ray else ()),
        *(("--dtype", config.precision) if config.precision != "auto" else ()),
        *(("--max-model-len", str(config.max_model_len)) if config.max_model_len else ()),
        *("--middleware", CLASS_PATH),
        # The supervisor asks for these all the time: a hundred thousand lines a day. One string with commas for vLLM.
        *(("--disable-access-log-for-endpoints", "/health,/metrics") if vllm_release() >= QUIET_SINCE else ()),
        *config.passthrough,
        *extra,
    ]


def environment(
    config: ServeConfig, base: Mapping[str, str], own_ip: str, status_file: str, ray_address: str | None = None
) -> dict[str, str]:
    """Give vLLM's environment: the pod's without secrets; the model is local, so vLLM asks no hub unless told to.

    `own_ip` is the pod's address, `status_file` where the supervisor writes its status, and `ray_address` that of the
    Ray head, or None without Ray.
    """
    level = {"TRACE": "DEBUG"}.get(config.log_level, config.log_level)
    defaults = {"HF_HUB_OFFLINE": "1", "VLLM_LOGGING_LEVEL": level, "VLLM_NO_USAGE_STATS": "1"}
    # Without the address ray.init may start a private cluster of one node and wait for 30 minutes.
    address = {"RAY_ADDRESS": ray_address} if ray_address else {}
    own = {"VLLM_HOST_IP": own_ip, STATUS_FILE: status_file, **address}
    return {**defaults, **without_secrets(base), **own}


def server(config: ServeConfig, base: Mapping[str, str], extra: Sequence[str] = ()) -> Server:
    """Say how vLLM is reached from this pod: with TLS and a key when its environment or arguments ask for them."""
    tls = any(word.split("=")[0].replace("_", "-") == "--ssl-certfile" for word in (*config.passthrough, *extra))
    return Server(config.server_port, tls=tls, key=base.get("VLLM_API_KEY"))
