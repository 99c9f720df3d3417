"""The page that `up` prints when a group does not come, and the Job at its end."""

import asyncio
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_mocks
from pulumi.runtime.stack import wait_for_rpcs

from nim_stack.components.hooks.failure_page import reporter
from nim_stack.components.multi_node_nim import MultiNodeNim, MultiNodeNimArgs
from nim_stack.components.reach import Reach
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


def reported(error: str, page: Any, *, preview: bool = False, operation: str = "create") -> bool:
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
        again = await reporter(Reach(context="c"), "nim", page)(args)
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
