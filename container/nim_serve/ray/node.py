"""One Ray node: how it is started for each role, and the daemons it leaves to the launcher."""

import os
import sys
from collections.abc import Mapping

from nim_serve.contract.serve_config import ENV, ServeConfig
from nim_serve.system.process import descendants, process_table

ENVIRONMENT: Mapping[str, str] = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    # A rank's lines belong in its own pod's log, not in files that go with the pod.
    "RAY_LOG_TO_STDERR": "1",
    "RAY_BACKEND_LOG_LEVEL": "warning",
    # Loading weights fills the page cache, and Ray's killer takes that for a leak (ray#35989): the cgroup decides.
    "RAY_memory_monitor_refresh_ms": "0",
    # Importing vLLM from a slow disk takes longer than the default 60 s.
    "RAY_worker_register_timeout_seconds": "300",
    # How long a raylet outlives its head; the default is 60 s.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "20",
    # The launcher stops vLLM before Ray, so there is nothing left to drain.
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
    "RAY_START_HOOK": "nim_serve.ray.hook.lean",
}
"""Defaults; the pod's own environment wins."""

OBJECT_STORE_LIMIT = 1 << 30
OBJECT_STORE_LEAST = 80 << 20
"""Bytes. vLLM passes tensors beside Ray, so the store is nearly empty; Ray refuses less than 75 MB."""

DAEMONS = ("gcs_server", "raylet")


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the environment for processes that serve: the model is on disk by then, so they need no token."""
    secret = {var.name for var in ENV.values() if var.secret}
    return {name: value for name, value in environment.items() if name not in secret}


def node_environment(environment: Mapping[str, str], own_ip: str) -> dict[str, str]:
    """Give the environment of Ray's daemons and, through them, of the ranks."""
    return {**ENVIRONMENT, **without_secrets(environment), "VLLM_HOST_IP": own_ip}


def object_store_bytes(shared_memory: str = "/dev/shm") -> int:
    """Give the size of Ray's object store: a third of the free shared memory at most; vLLM and NCCL need the rest."""
    space = os.statvfs(shared_memory)
    return max(OBJECT_STORE_LEAST, min(OBJECT_STORE_LIMIT, space.f_frsize * space.f_bavail // 3))


def _common(config: ServeConfig, own_ip: str) -> list[str]:
    return [
        f"--node-ip-address={own_ip}",
        f"--num-gpus={config.gpus_per_node}",
        # Ranks ask for GPUs only; Ray starts one idle Python process for each CPU it counts.
        "--num-cpus=1",
        f"--object-store-memory={object_store_bytes()}",
        "--disable-usage-stats",
    ]


def head_command(config: ServeConfig, own_ip: str, port: int) -> list[str]:
    """Give the command `ray start` of the leader."""
    start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", f"--port={port}"]
    return [*start, "--include-dashboard=false", *_common(config, own_ip)]


def worker_command(config: ServeConfig, own_ip: str, head_ip: str, port: int) -> list[str]:
    """Give the command `ray start` of a worker."""
    return [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", f"--address={head_ip}:{port}"),
        *_common(config, own_ip),
    ]


def adopted_daemons(expected: tuple[str, ...]) -> dict[str, int]:
    """Give the process numbers, by name, of the expected daemons that run below this process."""
    found = descendants(os.getpid(), process_table())
    return {info.name: info.pid for info in found if info.name in expected}
