"""One stack to prove things with: LWS from a stack of its own, so that a row changes nothing but its deployment."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from lab.console import LabError
from lab.observe import Leader, Pod, get, kubectl, pods
from lab.paths import REPO
from lab.stacks import SECRETS, Stack

Json = dict[str, Any]
PROMPT = "The quick brown fox"
NAMESPACE = GROUP = "prove"
LWS = Stack("prove-lws", REPO / "Pulumi.dev.yaml", {"replicas": 0, "namespace": "prove-lws", "name": "lws-only"})


def install_lws() -> None:
    """LWS into the cluster, unless it is there."""
    LWS.configure()
    LWS.unlock()
    LWS.pulumi("up", "--yes", "--skip-preview")


def remove_lws() -> None:
    LWS.pulumi("destroy", "--yes", "--skip-preview")


class Deployment:
    """The stack `prove` in a namespace that the row makes and that goes with it."""

    def __init__(self, **settings: Any) -> None:
        own = {"namespace": NAMESPACE, "name": GROUP, "createNamespace": False, "lws": "existing"}
        self.stack = Stack("prove", REPO / "Pulumi.dev.yaml", own)
        self.first = settings

    def __enter__(self) -> "Deployment":
        self.stack.configure(self.first)
        for name, value in SECRETS.items():  # an earlier row may have rotated one
            self.stack.rotate(name, value)
        self.stack.unlock()
        self._remove()
        kubectl("create", "namespace", NAMESPACE)
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    def _remove(self) -> None:
        self.stack.pulumi("destroy", "--yes", "--skip-preview", check=False)
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true")

    def configure(self, without: tuple[str, ...] = (), **settings: Any) -> None:
        self.stack.configure(settings, without)

    def up(self) -> None:
        self.stack.pulumi("up", "--yes", "--skip-preview")

    def serves(self) -> str:
        """The text of a completion, which every stack of this model gives alike."""
        text = Leader.of(self.stack.outputs()["endpoint"]).chat(PROMPT)
        assert text.strip(), "the completion is empty"
        return text

    def pods(self) -> list[Pod]:
        return pods(NAMESPACE, GROUP, with_ranks=False)

    def identities(self) -> dict[str, str]:
        """uid of every pod, by name: a pod that was made anew has another."""
        found = get("pods", "-n", NAMESPACE, "-l", f"leaderworkerset.sigs.k8s.io/name={GROUP}")["items"]
        return {item["metadata"]["name"]: item["metadata"]["uid"] for item in found}


def apply(*manifests: Mapping[str, Any]) -> None:
    """Objects that a row needs beside the stack."""
    kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)}))


def until(what: str, check: Callable[[], Any], seconds: float, pause: float = 0.5) -> Any:
    """The first true result of the check.

    Raises:
        AssertionError: there was none in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := check():
                return found
        except LabError:
            pass
        time.sleep(pause)
    raise AssertionError(f"{what}: not within {seconds:.0f} s")
