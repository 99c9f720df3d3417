"""nim_serve in two pods made by hand: the launcher as the cluster runs it, without the cluster."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lab.console import LabError
from lab.engine import model, pods
from lab.engine.sandbox import Process, Sandbox, two_pods
from lab.paths import REPO

MODEL_ID = "lab/tiny-llama"
TOKEN = "hf_lab_token"
HUB_PORT = 8080
SERVER_PORT = 8000
RAY_PORT = 6379
START_LIMIT_SECONDS = 240.0
POLL_SECONDS = 0.1
REQUEST: Mapping[str, Any] = {"prompt": "The quick brown", "max_tokens": 16, "temperature": 0}
"""One request for every plan: greedy, so that the same model gives the same text."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; status 0 when nothing listened."""

    status: int
    body: str

    def json(self) -> Any:
        """The body, parsed as JSON."""
        return json.loads(self.body)


Role = Literal["leader", "worker"]


@dataclass
class Group:
    """Two pods that may run: the leader's sandbox and processes, and how to reach its server."""

    leader_pod: Sandbox
    begin: Callable[[Role, str], Process]
    """Starts a pod's first process; the second word names its log."""

    leader: Process
    worker: Process | None = None
    _restarts: int = 0

    def call(self, path: str, body: Mapping[str, Any] | None = None, *, timeout: float = 60) -> Answer:
        """Ask the leader's server, from inside its network."""
        return call(self.leader_pod, path, body, timeout=timeout)

    def processes(self) -> list[Process]:
        """Both pods' first processes, as far as started."""
        return [process for process in (self.leader, self.worker) if process]

    def process(self, role: Role) -> Process:
        """The first process of a pod that was started."""
        found = self.leader if role == "leader" else self.worker
        if found is None:
            raise LabError(f"the group runs without a {role}")
        return found

    def restart(self, role: Role) -> None:
        """Start an ended pod's first process again, in the same network, as a kubelet does."""
        self._restarts += 1
        fresh = self.begin(role, f"{role}-{self._restarts}")
        if role == "leader":
            self.leader = fresh
        else:
            self.worker = fresh

    def logs(self) -> list[Path]:
        """Of all processes so far."""
        return [path for process in self.processes() for path in process.log.parent.glob("*.log")]

    def requests(self) -> list[dict[str, Any]]:
        """What the hub was asked for, and by whom."""
        return list(call(self.leader_pod, "/_lab/requests", port=HUB_PORT).json())

    def wait_until_ready(self) -> float:
        """Seconds until the group serves; fails at once when either pod ends."""
        started = time.monotonic()
        while self.call("/v1/health/ready", timeout=5).status != 200:
            for process in self.processes():
                if process.popen.poll() is not None:
                    raise LabError(f"a pod ended with {process.popen.returncode}:\n{process.output()[-3000:]}")
            if time.monotonic() - started > START_LIMIT_SECONDS:
                raise LabError(f"not ready within {START_LIMIT_SECONDS:.0f} s:\n{self.leader.output()[-3000:]}")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - started

    def complete(self) -> str:
        """The text of the one request."""
        return str(self.call("/v1/completions", {"model": MODEL_ID, **REQUEST}).json()["choices"][0]["text"])


def call(
    pod: Sandbox, path: str, body: Mapping[str, Any] | None = None, *, timeout: float = 60, port: int = SERVER_PORT
) -> Answer:
    """One request to a server of a pod; curl, because this process is in another network namespace."""
    words = ["curl", "--silent", "--max-time", str(timeout), "--write-out", "\n%{http_code}"]
    if body is not None:
        words += ["--header", "content-type: application/json", "--data", json.dumps(body)]
    done = subprocess.run(
        pod.command([*words, f"http://{pod.address}:{port}{path}"]), capture_output=True, text=True, check=False
    )
    text, _, status = done.stdout.rpartition("\n")
    return Answer(int(status or 0), text)


@contextmanager
def hub(pod: Sandbox) -> Iterator[None]:
    """The hub stand-in on a pod's address."""
    command = [sys.executable, "-m", "lab.engine.hub", "--host", pod.address, "--port", str(HUB_PORT)]
    command += ["--token", TOKEN, "--model-dir", str(model.ensure()), "--model-id", MODEL_ID]
    process = subprocess.Popen(
        pod.command(command), cwd=REPO, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def settings(tensor: int, pipeline: int, hub_address: str) -> dict[str, str]:
    """What a pod spec sets for both roles."""
    return {
        "NIM_MODEL_PATH": f"hf://{MODEL_ID}",
        "NIM_TENSOR_PARALLEL_SIZE": str(tensor),
        "NIM_PIPELINE_PARALLEL_SIZE": str(pipeline),
        "NIM_NUM_COMPUTE_NODES": "2",
        "NIM_MAX_MODEL_LEN": "256",
        "HF_ENDPOINT": f"http://{hub_address}:{HUB_PORT}",
        "HF_TOKEN": TOKEN,
    }


@contextmanager
def start(
    tensor: int, pipeline: int, extra: Mapping[str, str] | None = None, *, with_worker: bool = True
) -> Iterator[Group]:
    """Start nim_serve in both pods at once; nothing is left at the end."""
    with two_pods() as (first, second), hub(first), tempfile.TemporaryDirectory(prefix="nim-group-") as scratch:
        cache = Path(scratch) / "cache"
        cache.mkdir()
        environment = {**settings(tensor, pipeline, first.address), **(extra or {})}
        serve = [pods.PYTHON, "-m", "nim_serve", "nim-serve-ray"]
        roles: dict[Role, tuple[Sandbox, list[str]]] = {
            "leader": (first, [*serve, "--head", "--port", str(RAY_PORT)]),
            "worker": (second, [*serve, "--head-address", f"{first.address}:{RAY_PORT}"]),
        }
        with ExitStack() as ends:

            def begin(role: Role, name: str) -> Process:
                pod, words = roles[role]
                process = pods.start(pod, name, words, scratch=Path(scratch), cache=cache, extra=environment)
                ends.callback(process.kill)
                return process

            worker = begin("worker", "worker") if with_worker else None
            yield Group(first, begin, begin("leader", "leader"), worker)
