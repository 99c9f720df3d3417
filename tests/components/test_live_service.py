"""LiveService: it leads to one deployment, waits for its answer, and refuses a switch that clients would notice."""

from typing import Any

import pulumi
import pytest

from nim_stack.components.live_service import LiveService, LiveServiceArgs
from nim_stack.components.multi_node_nim import MultiNodeNim
from tests.components.recorder import Recording, deploy

SETTINGS: dict[str, Any] = {
    "model": "hf://org/tiny",
    "nodes": 2,
    "gpusPerNode": 1,
    "image": "registry.example/open-nim:1",
    "storage": {"existingClaim": "weights"},
    "namespace": "chat",
    "servedModelName": "chat",
}


def switched(live: str, *, green: dict[str, Any] | None = None, **more: Any) -> Recording:
    def program() -> None:
        settings = {"blue": SETTINGS, "green": SETTINGS | (green or {})}
        deployments = {
            colour: MultiNodeNim(
                colour, {"settings": {**own, "name": own.get("name", f"chat-{colour}")}, "namespace": own["namespace"]}
            )
            for colour, own in settings.items()
        }
        args: LiveServiceArgs = {"name": "chat", "deployments": deployments, "live": live}
        LiveService("live", {**args, **more})  # type: ignore[typeddict-item]

    return deploy(program)


@pytest.mark.parametrize("live", ["blue", "green"])
def test_the_service_leads_to_the_leaders_of_the_live_deployment(live: str) -> None:
    recording = switched(live)
    inputs = recording.inputs("live-service")
    assert inputs["metadata"]["name"] == "chat"
    assert inputs["metadata"]["namespace"] == "chat"
    assert inputs["spec"]["selector"] == {
        "leaderworkerset.sigs.k8s.io/name": f"chat-{live}",
        "leaderworkerset.sigs.k8s.io/worker-index": "0",
    }
    assert recording.outputs["live"] == {"endpoint": "http://chat.chat.svc:8000/v1", "model": "chat"}


@pytest.mark.parametrize(("live", "other"), [("blue", "green"), ("green", "blue")])
def test_clients_are_switched_when_the_live_deployment_has_answered_and_not_held_up_by_the_other(
    live: str, other: str
) -> None:
    waited = switched(live).dependencies("live-service")
    assert {f"{live}-group", f"{live}-smoke"} <= waited
    assert not [name for name in waited if name.startswith(other)]


def test_the_address_is_the_same_whichever_is_live() -> None:
    kept = [recording.inputs("live-service") for recording in (switched("blue"), switched("green"))]
    for inputs in kept:
        del inputs["spec"]["selector"]
    assert kept[0] == kept[1]


def test_another_port_is_one_of_the_service_alone() -> None:
    recording = switched("blue", port=80)
    (port,) = recording.inputs("live-service")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (80, "http")
    assert recording.outputs["live"]["endpoint"] == "http://chat.chat.svc:80/v1"


REFUSED = [
    pytest.param(
        "red",
        {},
        {},
        "LiveService live: live = 'red': the deployments are blue, green. Name one of them.",
        id="a live deployment that is none of them",
    ),
    pytest.param(
        "blue",
        {"servedModelName": "talk"},
        {},
        "LiveService live: the deployments serve chat (blue), talk (green): a client asks by one name, and would be "
        "refused after the switch. Set servedModelName to one name in all of them.",
        id="two names for clients",
    ),
    pytest.param(
        "blue",
        {"namespace": "elsewhere"},
        {},
        "LiveService live: the deployments are in the namespaces chat (blue), elsewhere (green): a Service reaches "
        "pods of its own alone. Use one.",
        id="two namespaces",
    ),
    pytest.param(
        "blue",
        {"name": "chat"},
        {},
        "LiveService live: name = 'chat': the deployment green has a Service of this name already. Use another one.",
        id="the name of a deployment",
    ),
    pytest.param(
        "blue",
        {},
        {"name": "chat-green-leader"},
        "LiveService live: name = 'chat-green-leader': the deployment green has a Service of this name already. Use "
        "another one.",
        id="the name of a deployment's Service",
    ),
]


@pytest.mark.parametrize(("live", "green", "more", "message"), REFUSED)
def test_what_clients_would_notice_is_refused(
    live: str, green: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        switched(live, green=green, **more)
    assert str(refused.value) == message


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(pulumi.RunError, match=r"live = 'red': .* serve chat \(blue\), talk \(green\)"):
        switched("red", green={"servedModelName": "talk"})


@pytest.mark.parametrize(
    "change", [pytest.param({"wait": False}, id="nothing waits"), pytest.param({"replicas": 0}, id="there is no group")]
)
def test_a_live_deployment_that_nothing_waits_for_is_warned_of(change: dict[str, Any]) -> None:
    assert not [line for line in switched("blue", green=change).log if "nothing waits" in line]
    (line,) = [line for line in switched("green", green=change).log if "nothing waits" in line]
    assert line == (
        "LiveService live: live = 'green': nothing waits for this deployment to serve (wait is false, or it has no "
        "groups), so that clients may be switched to pods that are not there."
    )


def test_unknown_arguments_are_refused() -> None:
    with pytest.raises(pulumi.RunError, match=r"LiveService live: .*\n  - NIM003 args\.port"):
        switched("blue", port="many")
