"""Rows of the matrix `lifecycle` on several deployments: one model for another, and one stack fewer."""

from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from lab import downloads
from lab.deployment import GROUP, NAMESPACE, PROMPT, Deployment, until
from lab.observe import Leader, get, kubectl
from lab.paths import REPO
from lab.stacks import Stack
from nim_stack.base.documents import Json
from tests.prove.lifecycle.load import asked_meanwhile

_EXCHANGE = REPO / "examples" / "blue_green"
_SPACE = "prove-exchange"
LEAST_REQUESTS = 300
_SMALL = {"resources": {"cpu": "250m"}}
"""Two groups at once and the LWS controllers: on two cores the smoke Job beside them would find no room."""


def another_model() -> Json:
    """The program examples/blue_green: green comes, clients are switched, blue goes; 300 requests and none fails."""
    blue, green = _settings(), _settings(maxModelLen=256)
    with _exchange() as stack:
        _set(stack, "blue", blue=blue)
        stack.pulumi("up", "--yes", "--skip-preview")
        endpoint = stack.outputs()["endpoint"]
        text = until("the new Service answers", lambda: Leader.of(endpoint).chat(PROMPT), 30)
        with asked_meanwhile(endpoint, LEAST_REQUESTS) as measured:
            _set(stack, "blue", blue=blue, green=green)
            stack.pulumi("up", "--yes", "--skip-preview")
            both = _groups()
            assert _led_to() == "chat-blue"
            _set(stack, "green", blue=blue, green=green)
            stack.pulumi("up", "--yes", "--skip-preview")
            assert _led_to() == "chat-green"
            _set(stack, "green", green=green)
            stack.pulumi("up", "--yes", "--skip-preview")
            until("blue has gone", lambda: _groups() == ["chat-green"], 60)
        assert both == ["chat-blue", "chat-green"], both
        assert stack.outputs()["endpoint"] == endpoint
        assert Leader.of(endpoint).chat(PROMPT) == text
        stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
        return {"groups": [1, 2, 1]} | measured


def one_stack_fewer() -> Json:
    """Two stacks share LWS and a claim that one of them owns: that one goes, the other serves on from the claim."""
    with Deployment(storage={"retain": True}, **_SMALL) as it:
        it.up()
        downloads.reset()
        theirs = {"storageClass": None, "size": None, "existingClaim": f"{GROUP}-model-cache"}
        with Neighbour(storage=theirs, **_SMALL) as other:
            other.up()
            assert downloads.weights() == [], "the second stack downloaded what is in the claim"
            group, claim = other.identities(), _claims()
            with asked_meanwhile(other.stack.outputs()["endpoint"], least=100) as measured:
                it.stack.pulumi("destroy", "--yes", "--skip-preview")
                until("the first stack's pods have gone", lambda: not it.identities(), 60)
            assert other.identities() == group
            assert _claims() == claim, "the claim did not outlive its stack"
            it.up()
            assert _claims() == claim
            it.serves()
            assert downloads.weights() == [], "the claim was not taken up again"
            other.stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
            return {"pods of the other stack made anew": 0, "claims kept": len(claim)} | measured


class Neighbour(Deployment):
    """Another stack in the namespace of the first, which makes and removes it."""

    group = f"{GROUP}-other"

    def _make(self) -> None:
        pass

    def _remove(self) -> None:
        self.stack.pulumi("destroy", "--yes", "--skip-preview", check=False)


def _claims() -> dict[str, str]:
    items = get("persistentvolumeclaims", "-n", NAMESPACE)["items"]
    return {item["metadata"]["name"]: item["metadata"]["uid"] for item in items}


@contextmanager
def _exchange() -> Iterator[Stack]:
    """The example's stack, and nothing of it afterwards."""
    stack = Stack("prove-exchange", REPO / "Pulumi.dev.yaml", project=_EXCHANGE)
    _set(stack, "blue", blue=_settings())
    stack.unlock()

    def remove() -> None:
        stack.pulumi("destroy", "--yes", "--skip-preview", check=False)
        kubectl("delete", "namespace", _SPACE, "--ignore-not-found")

    remove()
    try:
        yield stack
    finally:
        remove()


def _settings(**more: object) -> Json:
    """Of one deployment of the lab's model, as they stand in Pulumi.dev.yaml; LWS is there."""
    found: Json = yaml.safe_load((REPO / "Pulumi.dev.yaml").read_text())["config"]["nim-stack:nim"]
    return found | {"lws": "existing", "resources": found["resources"] | _SMALL["resources"]} | more


def _set(stack: Stack, live: str, **deployments: Json) -> None:
    values = {"name": "chat", "namespace": _SPACE, "live": live, "deployments": deployments}
    stack.write({"config": {f"nim-blue-green:{key}": value for key, value in values.items()}})


def _led_to() -> str:
    name: str = get("service", "chat", "-n", _SPACE)["spec"]["selector"]["leaderworkerset.sigs.k8s.io/name"]
    return name


def _groups() -> list[str]:
    """Deployments that have pods."""
    pods = get("pods", "-n", _SPACE, "-l", "leaderworkerset.sigs.k8s.io/name")["items"]
    return sorted({pod["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/name"] for pod in pods})


ROWS = {"another-model": another_model, "one-stack-fewer": one_stack_fewer}
