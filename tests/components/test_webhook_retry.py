"""Trying again: only while a webhook does not answer, and not for ever."""

import asyncio
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, set_mocks

from nim_stack.components.hooks.webhook_retry import PREVIEW_RETRY_SECONDS, RETRY_SECONDS, retry_policy

NOT_ANSWERING = (
    'Internal error occurred: failed calling webhook "mleaderworkerset.kb.io": failed to call webhook: Post '
    '"https://lws-webhook-service.lws-system.svc:443/mutate?timeout=10s": dial tcp 10.0.0.1:443: connect: refused'
)


class Clock:
    """A clock that moves only when somebody sleeps."""

    now = 0.0

    def read(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class _NoMocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(args.token)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return args.name, {}


def failures_until_given_up(error: str, *, preview: bool) -> tuple[int, float]:
    """How many failures it takes until no further try is asked for, and how long that is."""
    clock = Clock()
    policy = retry_policy(clock.read, clock.sleep)

    async def count() -> int:
        set_mocks(_NoMocks(), preview=preview)
        failures = 1
        while await policy(pulumi.ErrorHookArgs("urn", "", "nim", "t", errors=[error], failed_operation="create")):
            failures += 1
            assert failures < 1000
        return failures

    return asyncio.run(count()), clock.now


@pytest.mark.parametrize(("preview", "limit"), [(False, RETRY_SECONDS), (True, PREVIEW_RETRY_SECONDS)])
def test_a_webhook_that_does_not_answer_gets_time(preview: bool, limit: float) -> None:
    failures, seconds = failures_until_given_up(NOT_ANSWERING, preview=preview)
    assert seconds == limit
    assert 2 < failures < 100  # the engine gives up at 100


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(
            'admission webhook "vleaderworkerset.kb.io" denied the request: spec.leaderWorkerTemplate.size: Invalid '
            "value",
            id="a refusal of the webhook",
        ),
        pytest.param(
            'the Kubernetes API server reported that "nim/nim" failed to fully initialize or become live: timed out',
            id="a deadline",
        ),
        pytest.param("", id="no message"),
    ],
)
def test_any_other_failure_is_final(error: str) -> None:
    assert failures_until_given_up(error, preview=False) == (1, 0.0)


def test_a_missing_controller_is_explained(caplog: pytest.LogCaptureFixture) -> None:
    error = 'no matches for kind "LeaderWorkerSet" in version "leaderworkerset.x-k8s.io/v1"'
    assert failures_until_given_up(error, preview=False) == (1, 0.0)
    assert "LeaderWorkerSet is not installed in this cluster. Install LWS 0.9 or newer, or set nim.lws" in caplog.text
