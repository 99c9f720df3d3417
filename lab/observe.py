"""Look at what serves: ask the model through the leader Service, find pods, processes, ranks and vLLM's own counter."""

import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lab.console import LabError
from lab.inside import inside
from lab.network import enter
from lab.pki import kubeconfig
from lab.shell import run
from lab.toolchain import build
from nim_stack.base.documents import Json


def kubectl_command(*words: str) -> list[str]:
    """The words of one kubectl call against the lab."""
    return [*enter(), str(build.KUBERNETES.path), "kubectl", "--kubeconfig", str(kubeconfig()), *words]


def kubectl(*words: str, stdin: str | None = None) -> str:
    """Run kubectl against the lab and return its output."""
    return run(kubectl_command(*words), stdin=stdin)


def get(*words: str) -> Json:
    """`kubectl get … -o json`."""
    result: Json = json.loads(kubectl("get", *words, "-o", "json"))
    return result


@dataclass(frozen=True)
class Leader:
    """The leader Service of a stack, reached by its address: the host is in no cluster's DNS."""

    namespace: str
    service: str
    path: str
    address: str

    @staticmethod
    def of(endpoint: str) -> "Leader":
        """From the exported URL: http://<service>.<namespace>.svc…:<port>/v1."""
        url = urlsplit(endpoint)
        service, namespace = (url.hostname or "").split(".")[:2]
        cluster_ip = get("service", service, "-n", namespace)["spec"]["clusterIP"]
        return Leader(namespace, service, url.path, f"http://{cluster_ip}:{url.port or 80}")

    def request(self, path: str, body: Json | None = None, timeout: float = 60) -> str:
        """One request from inside the sealed network; a refusal is a LabError with its text."""
        return inside(_Request(self.address + path, body, timeout))

    def chat(self, prompt: str, tokens: int = 16) -> str:
        """A chat completion at temperature 0; returns the text."""
        model = json.loads(self.request(f"{self.path}/models"))["data"][0]["id"]
        body = {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": tokens,
            "temperature": 0,
            "seed": 0,
        }
        answer = json.loads(self.request(f"{self.path}/chat/completions", body))
        text: str = answer["choices"][0]["message"]["content"]
        return text

    def successes(self) -> int:
        """vLLM's own count of requests that it finished."""
        lines = re.findall(r"^vllm:request_success_total\{[^}]*\} ([0-9.e+]+)$", self.request("/v1/metrics"), re.M)
        return round(sum(float(value) for value in lines))

    def successes_after(self, count: int, seconds: float = 15) -> int:
        """The counter once it has moved past `count`; it is written after the answer, so it may lag."""
        deadline = time.monotonic() + seconds
        while (now := self.successes()) <= count and time.monotonic() < deadline:
            time.sleep(0.3)
        return now


@dataclass(frozen=True)
class _Request:
    url: str
    body: Json | None
    timeout: float

    def __call__(self) -> str:
        data = None if self.body is None else json.dumps(self.body).encode()
        request = urllib.request.Request(self.url, data=data, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                text: str = answer.read().decode()
                return text
        except urllib.error.HTTPError as refusal:
            raise LabError(f"{self.url}: HTTP {refusal.code} {refusal.read().decode()[:500]}") from refusal
        except OSError as trouble:
            raise LabError(f"{self.url}: {trouble}") from trouble


@dataclass(frozen=True)
class Pod:
    """A pod of a group, where it runs, and which ranks of the engine run in it."""

    name: str
    node: str
    address: str
    ranks: tuple[str, ...]


def pods(namespace: str, group: str, with_ranks: bool = True) -> list[Pod]:
    """The pods of a LeaderWorkerSet, leader first."""
    found = get("pods", "-n", namespace, "-l", f"leaderworkerset.sigs.k8s.io/name={group}")["items"]
    result = []
    for item in sorted(found, key=lambda item: item["metadata"]["name"]):
        name = item["metadata"]["name"]
        result.append(
            Pod(
                name,
                item["spec"].get("nodeName", "-"),
                item["status"].get("podIP", "-"),
                ranks(namespace, name) if with_ranks else (),
            )
        )
    return result


def ranks(namespace: str, pod: str) -> tuple[str, ...]:
    """Titles of the engine's rank processes in a pod, as `ps` shows them."""
    lines = kubectl("exec", "-n", namespace, pod, "--", "ps", "-eo", "args=").splitlines()
    return tuple(
        sorted(line.strip() for line in lines if re.search(r"RayWorkerProc|VLLM::Worker|RayWorkerWrapper", line))
    )


def first_process(container: str) -> int:
    """The process of this machine that is process 1 of a container.

    Raises:
        LabError: there is none: the container has ended, or it never started.
    """
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if container and container in (entry / "cgroup").read_text() and _own_number(entry) == "1":
                return int(entry.name)
        except OSError:  # it has ended meanwhile
            continue
    raise LabError(f"the container {container or '(none)'} does not run")


def _own_number(process: Path) -> str:
    """Its number in the innermost namespace of processes."""
    lines = (process / "status").read_text().splitlines()
    return next(line for line in lines if line.startswith("NSpid:")).split()[-1]
