"""One stack to prove things with: LWS from a stack of its own, so that a row changes nothing but its deployment."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

from lab.console import LabError
from lab.observe import Leader, Pod, get, kubectl, pods
from lab.paths import REPO
from lab.stacks import SECRETS, Stack

PROMPT = "The quick brown fox"
NAMESPACE = GROUP = "prove"


def owner(**settings: Any) -> Stack:
    """The stack that installs LWS and serves nothing."""
    own = {"replicas": 0, "namespace": "prove-lws", "name": "lws-only", **settings}
    return Stack("prove-lws", REPO / "Pulumi.dev.yaml", own)


def install_lws() -> None:
    """LWS into the cluster, unless it is there."""
    stack = owner()
    stack.configure()
    stack.unlock()
    stack.pulumi("up", "--yes", "--skip-preview")


def remove_lws() -> None:
    owner().pulumi("destroy", "--yes", "--skip-preview")


class Deployment:
    """The stack `prove` in a namespace that the row makes and that goes with it."""

    group = GROUP

    def __init__(self, **settings: Any) -> None:
        own = {"namespace": NAMESPACE, "name": self.group, "createNamespace": False, "lws": "existing"}
        self.stack = Stack(self.group, REPO / "Pulumi.dev.yaml", own)
        self.first = settings

    def __enter__(self) -> Self:
        self.stack.configure(self.first)
        for name, value in SECRETS.items():  # an earlier row may have rotated one
            self.stack.rotate(name, value)
        self.stack.unlock()
        self._remove()
        self._make()
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    def _make(self) -> None:
        kubectl("create", "namespace", NAMESPACE)

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
        return pods(NAMESPACE, self.group, with_ranks=False)

    def identities(self) -> dict[str, str]:
        """uid of every pod, by name: a pod that was made anew has another."""
        found = get("pods", "-n", NAMESPACE, "-l", f"leaderworkerset.sigs.k8s.io/name={self.group}")["items"]
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
