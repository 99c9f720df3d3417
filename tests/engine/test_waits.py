"""Waits under the real engine: conditions, timeouts that keep the object, failed workloads, and Ctrl-C."""

import json
import os
import signal
import subprocess
import time
from typing import Any

import pytest

from lab.deployment import until
from lab.observe import get, kubectl
from tests.engine.conftest import Engine

pytestmark = pytest.mark.cluster


def set_status(condition: str, observed: int) -> None:
    """Be the controller of the widget."""
    status = {"conditions": [{"type": "Available", "status": condition}], "observedGeneration": observed}
    patch = json.dumps({"status": status})
    kubectl("-n", "fx", "patch", "widget", "w", "--subresource=status", "--type=merge", "-p", patch)


def test_wait_for_a_condition_counts_only_for_the_newest_generation(engine: Engine) -> None:
    engine.up(STEP="widget-definition")
    waiting = engine.start("up", "--yes", "--skip-preview", STEP="widget", WAIT_FOR="condition=Available")
    until("the widget is there", lambda: get("widget", "w", "-n", "fx"), 60)
    time.sleep(1)
    assert waiting.poll() is None
    set_status("True", 1)
    text, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, text
    assert "Has no .status.conditions" in text
    engine.unchanged(STEP="widget", WAIT_FOR="condition=Available")
    text = engine.up(fails=True, STEP="widget", WAIT_FOR="condition=Available", SIZE="2", TIMEOUT="3s")
    assert "Generation 1 is less than expected 2" in text
    set_status("False", 2)
    text = engine.up(fails=True, STEP="widget", WAIT_FOR="condition=Available", SIZE="2", TIMEOUT="3s")
    assert "Resource has condition Available=False (want True)" in text
    set_status("True", 2)
    engine.up(STEP="widget", WAIT_FOR="condition=Available", SIZE="2")


def test_timeout_keeps_the_object_and_the_next_up_waits_again(engine: Engine) -> None:
    set_status("False", 2)
    waits: Any = {"STEP": "widget", "WAIT_FOR": '["condition=Available", "jsonpath={.spec.size}=3"]', "TIMEOUT": "3s"}
    for size, verb in (("3", "updat"), ("3", "updat")):
        text = engine.up(fails=True, SIZE=size, **waits)
        assert f"{verb}ing failed" in text
        assert 'reported that "fx/w" failed to fully initialize or become live: timed out waiting for the' in text
        assert engine.state()["w"]["initErrors"]
    engine.run("destroy", "--yes", "--skip-preview", "--target", "**Widget::w")
    text = engine.up(fails=True, SIZE="3", **waits)
    assert (
        "was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become "
        "live: timed out waiting for the condition"
    ) in text
    assert engine.state()["w"]["id"] == "fx/w"
    set_status("True", 1)
    engine.up(SIZE="3", **waits)
    assert not engine.state()["w"].get("initErrors")
    engine.unchanged(SIZE="3", **waits)


def cancelled(waiting: "subprocess.Popen[str]", verb: str) -> None:
    """Press Ctrl-C and require that the wait ends within 3 seconds."""
    os.kill(waiting.pid, signal.SIGINT)
    started = time.monotonic()
    assert waiting.stdout is not None
    assert next((line for line in waiting.stdout if f"{verb} failed" in line), None)
    assert time.monotonic() - started < 3
    waiting.communicate(timeout=60)
    assert waiting.returncode != 0


def test_cancel_of_an_update_ends_the_wait_promptly_and_the_next_up_goes_on(engine: Engine) -> None:
    """The plugin of 2026-01 keeps the inputs of before in the state; the next `up` applies the new ones again."""
    set_status("False", 1)
    waits: Any = {"STEP": "widget", "WAIT_FOR": "condition=Available", "SIZE": "4"}
    waiting = engine.start("up", "--yes", "--skip-preview", **waits)
    until("the widget has its new size", lambda: get("widget", "w", "-n", "fx")["spec"]["size"] == 4, 60)
    cancelled(waiting, "updating")
    assert engine.state()["w"]["id"] == "fx/w"
    set_status("True", get("widget", "w", "-n", "fx")["metadata"]["generation"])
    engine.up(**waits)
    engine.unchanged(**waits)


def test_cancel_of_a_create_keeps_the_object_in_the_state(engine: Engine) -> None:
    engine.run("destroy", "--yes", "--skip-preview", "--target", "**Widget::w")
    waits: Any = {"STEP": "widget", "WAIT_FOR": "condition=Available", "SIZE": "4"}
    waiting = engine.start("up", "--yes", "--skip-preview", **waits)
    until("the widget is there", lambda: get("widget", "w", "-n", "fx"), 60)
    cancelled(waiting, "creating")
    kept = engine.state()["w"]
    assert "cancel" in kept["initErrors"][0]
    assert kept["outputs"]["spec"]["size"] == 4
    set_status("True", 1)
    engine.up(**waits)
    engine.unchanged(**waits)


def test_definition_of_many_lines_is_unchanged_after_refresh(engine: Engine) -> None:
    engine.run("refresh", "--yes", "--skip-preview", "--expect-no-changes", STEP="widget-definition")
    assert "2 to delete" not in engine.run("preview", STEP="widget", WAIT_FOR="condition=Available", SIZE="4")
    engine.unchanged(STEP="widget", WAIT_FOR="condition=Available", SIZE="4")


def test_workloads_are_waited_for(engine: Engine) -> None:
    text = engine.up(STEP="workloads")
    assert "Deployment initialization complete" in text
    assert 'Waiting for Job "fx/good" to succeed' in text
    assert get("deployment", "dep", "-n", "fx")["status"]["readyReplicas"] == 1
    engine.unchanged(STEP="workloads")
    assert "~ 1 updated" in engine.up(STEP="workloads-changed")
    engine.run("refresh", "--yes", "--skip-preview", "--expect-no-changes", STEP="workloads-changed")


def test_failed_job_fails_the_update_and_the_next(engine: Engine) -> None:
    text = engine.up(fails=True, STEP="job-fails")
    for line in (
        "failed to fully initialize or become live: Resource 'bad' was created but failed to initialize",
        'ontainer "c" completed with exit code 3',  # newer plugins begin it with a small letter
        "* [BackoffLimitExceeded] Job has reached the specified backoff limit",
    ):
        assert line in text
    text = engine.up(fails=True, STEP="job-fails")
    assert 'reported that "fx/bad" failed to fully initialize' in text


def test_deployment_that_cannot_pull_times_out_and_says_why(engine: Engine) -> None:
    text = engine.up(fails=True, STEP="deployment-timeout")
    for line in (
        "failed to fully initialize or become live: 'bad' timed out waiting to be Ready",
        "* [MinimumReplicasUnavailable] Deployment does not have minimum availability.",
        "* Minimum number of live Pods was not attained",
        "]: containers with unready status: [c][ErrImagePull] ",
    ):
        assert line in text
