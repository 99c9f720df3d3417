"""The bare floor: the same engine, flags and files started by hand in two network namespaces, and its seconds by phase.

No Kubernetes and no launcher: `ray start` in both, a wait for the second node, `vllm serve`. What `up` takes is held
against it. `python -m lab.engine.floor --tensor 2 --pipeline 1 [--launcher]` prints JSON; with `--launcher`, nim_serve
does the starting in the same two namespaces.
"""

import argparse
import json
import shlex
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lab.console import LabError
from lab.engine import group, model, pods
from lab.engine.group import MODEL_ID, POLL_SECONDS, RAY_PORT, REQUEST, SERVER_PORT, START_LIMIT_SECONDS
from lab.engine.sandbox import Process, Sandbox, two_pods

MODEL_INSIDE = "/opt/nim/.cache"
"""The model itself is mounted where pods have their cache: there is nothing to download."""

MEMBERS = """
import sys
from ray._raylet import GcsClient
sys.exit(len(GcsClient(address=sys.argv[1]).get_all_node_info(timeout=5)) < 2)
"""


def _ray(own_ip: str, where: str) -> str:
    common = f"--node-ip-address={own_ip} --num-gpus=1 --num-cpus=1 --object-store-memory=100000000"
    return f"{pods.PYTHON} -m ray.scripts.scripts start {where} {common} --disable-usage-stats"


def leader_script(own_ip: str, tensor: int, pipeline: int) -> str:
    """What somebody would type on the first node."""
    address = f"{own_ip}:{RAY_PORT}"
    serve = [pods.PYTHON, "-m", "vllm.entrypoints.cli.main", "serve", MODEL_INSIDE, "--served-model-name", MODEL_ID]
    serve += ["--host", "0.0.0.0", "--port", str(SERVER_PORT), "--max-model-len", "256"]
    serve += ["--tensor-parallel-size", str(tensor), "--pipeline-parallel-size", str(pipeline)]
    serve += ["--distributed-executor-backend", "ray"]
    return f"""
        {_ray(own_ip, f"--head --port={RAY_PORT} --include-dashboard=false")} || exit 1
        until {pods.PYTHON} -c {shlex.quote(MEMBERS)} {address}; do sleep 0.2; done
        echo RAY-IS-COMPLETE
        RAY_ADDRESS={address} exec {shlex.join(serve)}
    """


def worker_script(own_ip: str, head_ip: str) -> str:
    """What somebody would type on the second node."""
    return f"""
        until (exec 3<>/dev/tcp/{head_ip}/{RAY_PORT}) 2>/dev/null; do sleep 0.1; done
        exec {_ray(own_ip, f"--address={head_ip}:{RAY_PORT}")} --block
    """


def _until(done: Callable[[], bool], process: Process) -> float:
    """The moment it is done."""
    while not done():
        if process.popen.poll() is not None or time.monotonic() - process.started > START_LIMIT_SECONDS:
            raise LabError(f"the floor did not start:\n{process.output()[-3000:]}")
        time.sleep(POLL_SECONDS)
    return time.monotonic()


def bare(tensor: int, pipeline: int) -> dict[str, Any]:
    """Start it once by hand; seconds by phase, and the text of the first completion."""
    with two_pods() as (first, second), tempfile.TemporaryDirectory(prefix="nim-floor-") as scratch:
        common: dict[str, Any] = {"scratch": Path(scratch), "cache": model.ensure(), "extra": {"HF_HUB_OFFLINE": "1"}}
        head = pods.start(first, "head", ["bash", "-c", leader_script(first.address, tensor, pipeline)], **common)
        try:
            words = ["bash", "-c", worker_script(second.address, first.address)]
            worker = pods.start(second, "worker", words, **common)
            try:
                return _measure(first, head)
            finally:
                worker.kill()
        finally:
            head.kill()


def _measure(pod: Sandbox, head: Process) -> dict[str, Any]:
    joined = _until(lambda: "RAY-IS-COMPLETE" in head.output(), head)
    healthy = _until(lambda: group.call(pod, "/health", timeout=5).status == 200, head)
    answer = group.call(pod, "/v1/completions", {"model": MODEL_ID, **REQUEST})
    ended = time.monotonic()
    return {
        "ray": round(joined - head.started, 2),
        "engine": round(healthy - joined, 2),
        "first_completion": round(ended - healthy, 2),
        "total": round(ended - head.started, 2),
        "text": answer.json()["choices"][0]["text"],
    }


def launched(tensor: int, pipeline: int) -> dict[str, Any]:
    """The same with nim_serve: its own phases from its log, the download from the hub stand-in included."""
    with group.start(tensor, pipeline) as running:
        running.wait_until_ready()
        healthy = time.monotonic()
        text = running.complete()
        ended = time.monotonic()
        line = next(line for line in running.leader.output().splitlines() if "leader: serving " in line)
        phases = {key: float(value) for key, _, value in (w.partition("_s=") for w in line.split()) if value}
        total = round(ended - running.leader.started, 2)
        return {**phases, "first_completion": round(ended - healthy, 2), "total": total, "text": text}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one run as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tensor", type=int, default=2)
    parser.add_argument("--pipeline", type=int, default=1)
    parser.add_argument("--launcher", action="store_true", help="let nim_serve do the starting")
    given = parser.parse_args(arguments)
    print(json.dumps((launched if given.launcher else bare)(given.tensor, given.pipeline), indent=1))


if __name__ == "__main__":
    main()
