"""The page that `up` prints when a group does not come, and the Job at its end."""

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from pulumi.runtime import set_mocks
from pulumi.runtime.stack import wait_for_rpcs

from nim_stack.components.hooks.failure_page import reporter
from nim_stack.components.multi_node_nim import MultiNodeNim, MultiNodeNimArgs
from nim_stack.components.nim_stack import NimStack
from nim_stack.components.providers import connect
from nim_stack.components.reach import Reach
from nim_stack.operations.cluster.errors import ClusterUnreachableError
from nim_stack.operations.cluster.kubeconfig import load
from nim_stack.settings import Cluster
from tests.components.recorder import deploy
from tests.components.test_webhook_retry import _NoMocks

TIMED_OUT = 'the Kubernetes API server reported that "nim/nim" failed to fully initialize or become live: timed out'
SETTINGS: dict[str, Any] = {
    "model": "hf://org/tiny",
    "nodes": 2,
    "gpusPerNode": 1,
    "image": "registry.example/open-nim:1",
    "storage": {"existingClaim": "weights"},
}
ARGS: MultiNodeNimArgs = {
    "settings": SETTINGS,
    "namespace": "models",
    "cache_claim": "weights",
}


def reported(error: str, page: Any, *, preview: bool = False, operation: str = "create", reach: Any = None) -> bool:
    async def report() -> bool:
        set_mocks(_NoMocks(), preview=preview)
        args = pulumi.ErrorHookArgs(
            "urn",
            "",
            "nim",
            "t",
            errors=[error],
            failed_operation=operation,
            new_inputs={"metadata": {"namespace": "models"}},
        )
        again = await reporter(reach() if reach else Reach(context="c"), "nim", page)(args)
        await wait_for_rpcs()  # what was logged
        return again

    return asyncio.run(report())


def test_a_timeout_is_followed_by_the_page_and_no_other_try(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[tuple[Any, ...]] = []

    def page(*args: Any) -> str:
        asked.append(args)
        return "models/nim does not serve: The claim does not exist."

    assert reported(TIMED_OUT, page) is False
    assert asked == [(Cluster(context="c"), "models", "nim")]
    assert "models/nim does not serve: The claim does not exist." in caplog.text


def _never(*_: Any) -> str:
    raise AssertionError("the cluster was looked at")


def test_an_object_that_exists_may_be_of_an_up_that_was_killed(caplog: pytest.LogCaptureFixture) -> None:
    assert reported('leaderworkersets "nim" already exists', _never) is False
    assert "nim-stack recover -s" in caplog.text


@pytest.mark.parametrize(
    ("error", "more"),
    [
        pytest.param(TIMED_OUT, {"preview": True}, id="a preview"),
        pytest.param(TIMED_OUT, {"operation": "delete"}, id="a deletion"),
        pytest.param(
            'admission webhook "vleaderworkerset.kb.io" denied the request: spec.x: Invalid value',
            {},
            id="a refusal of the webhook",
        ),
        pytest.param('no matches for kind "LeaderWorkerSet"', {}, id="a kind that is not there"),
        pytest.param("operation canceled", {}, id="a cancelled update"),
    ],
)
def test_what_explains_itself_is_not_looked_into(
    error: str, more: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert reported(error, _never, **more) is False
    assert "no diagnosis" not in caplog.text


def test_a_diagnosis_that_fails_hides_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Any) -> str:
        raise OSError("no route to the cluster")

    assert reported(TIMED_OUT, broken) is False
    assert "no diagnosis: no route to the cluster" in caplog.text


def test_the_job_comes_after_the_group_and_the_service() -> None:
    recording = deploy(lambda: MultiNodeNim("nim", ARGS))
    assert {"nim-group", "nim-access-service"} <= recording.dependencies("nim-smoke")


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param({"smoke": False}, id="the smoke test is off"),
        pytest.param({"wait": False}, id="nothing waits"),
        pytest.param({"replicas": 0}, id="there is no group"),
    ],
)
def test_there_is_no_job_where_nothing_would_answer_it(setting: dict[str, Any]) -> None:
    args: MultiNodeNimArgs = {**ARGS, "settings": SETTINGS | setting}
    assert deploy(lambda: MultiNodeNim("nim", args)).names_of("Job") == []


def test_the_preview_of_a_first_deployment_shows_the_whole_job() -> None:
    spec = deploy(lambda: MultiNodeNim("nim", ARGS), preview=True).inputs("nim-smoke")["spec"]
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


CLUSTER = Cluster(context="x")
CONTENT = """
clusters: [{name: made, cluster: {server: "https://made.example"}}]
contexts: [{name: made, context: {cluster: made}}]
current-context: made
"""


def test_the_page_reads_the_cluster_of_a_kubeconfig_that_up_has_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """It read the cluster of the environment, whatever the provider was."""
    monkeypatch.setenv("KUBECONFIG", "/of/another/cluster")
    servers: list[str] = []

    def page(cluster: Cluster, *_: Any) -> str:
        servers.append(load(cluster.kubeconfig, cluster.context).server)
        return "page"

    made = lambda: Reach(pulumi.Output.secret(pulumi.Output.from_input(CONTENT)))  # noqa: E731
    assert reported(TIMED_OUT, page, reach=made) is False
    assert servers == ["https://made.example"]


BLIND = (
    "no diagnosis: the program uses a Kubernetes provider of its own, and a provider does not tell its kubeconfig. "
    "Give the component the argument kubeconfig, or make the provider with nim_stack.connect; or set KUBECONFIG to "
    "this cluster and run `nim-stack diagnose --namespace models --name nim`."
)


def test_a_provider_that_does_not_tell_its_kubeconfig_leaves_the_page_out(caplog: pytest.LogCaptureFixture) -> None:
    assert reported(TIMED_OUT, _never, reach=lambda: Reach(told=False)) is False
    assert BLIND in caplog.text


def reach_of_the_server(args: dict[str, Any], opts: Callable[[], pulumi.ResourceOptions | None]) -> Reach:
    found: list[Reach] = []

    def program() -> None:
        given: Any = {**ARGS, **args}
        found.append(MultiNodeNim("nim", given, opts()).reach)

    deploy(program, config={"kubernetes:context": "of-the-default-provider"})
    return found[0]


def test_a_component_knows_how_its_cluster_is_read() -> None:
    """By the provider of `connect`, by the argument kubeconfig, and by what Pulumi's default provider goes by."""
    mine = lambda: pulumi.ResourceOptions(provider=k8s.Provider("mine"))  # noqa: E731
    known = lambda: pulumi.ResourceOptions(provider=connect("c", CLUSTER).creating)  # noqa: E731
    assert reach_of_the_server({}, lambda: None) == Reach(context="of-the-default-provider")
    assert reach_of_the_server({}, mine) == Reach(told=False)
    assert reach_of_the_server({"kubeconfig": "/mine"}, mine) == Reach("/mine")
    assert reach_of_the_server({}, known) == Reach(context="x")


def test_a_stack_hands_its_kubeconfig_to_the_page() -> None:
    found: list[Reach] = []

    def program() -> None:
        settings = SETTINGS | {"storage": {"existingClaim": "weights"}}
        opts = pulumi.ResourceOptions(provider=k8s.Provider("mine"))
        found.append(NimStack("nim", {"settings": settings, "kubeconfig": "/mine"}, opts).server.reach)

    deploy(program)
    assert found == [Reach("/mine")]


def test_content_that_cannot_be_read_is_not_quoted() -> None:
    with pytest.raises(ClusterUnreachableError) as refused:
        load("users: [{token: verysecret\n", None)
    assert "verysecret" not in str(refused.value)
    assert "the given kubeconfig is not YAML" in str(refused.value)
