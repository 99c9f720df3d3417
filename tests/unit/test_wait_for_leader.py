"""The init container that waits for Ray: its program is run here, against real sockets."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from nim_stack.base.documents import Manifest
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.manifests.pods import References, pod_template
from nim_stack.manifests.programs.wait_for_leader import PROGRAM
from nim_stack.plan import plan_deployment
from tests.unit.conftest import TINY

NVIDIA = {"image": "nvcr.io/nim/nvidia/model-free-nim:2.0.2"}
INIT = {"name": "first", "image": "registry.example/first:1"}


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> Iterator[int]:
    """A port that is held and does not listen."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def run(host: str, port: int, limit: float) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, host, str(port), str(limit)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_ends_when_the_port_answers(listening: int) -> None:
    done = run("127.0.0.1", listening, 30)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"waiting up to 30 s for Ray on the leader, 127.0.0.1:{listening}",
        "Ray on the leader answered after 0 s",
    ]


def test_it_tries_again_until_the_time_is_over_and_says_why(closed: int) -> None:
    done = run("127.0.0.1", closed, 1.5)
    assert done.returncode == 1
    assert f"no answer from Ray on the leader, 127.0.0.1:{closed}, in 2 s: [Errno 111]" in done.stderr


def test_a_name_that_does_not_resolve_yet_is_waited_for() -> None:
    done = run("leader.invalid", 6379, 0)
    assert done.returncode == 1
    assert "no answer from Ray on the leader, leader.invalid:6379" in done.stderr
    assert "Traceback" not in done.stderr


def test_workers_wait_in_the_image_of_the_model_after_the_containers_of_the_stack() -> None:
    pods = {"initContainers": [INIT]}
    plan = plan_deployment(TINY | {"pods": pods, "ports": {"ray": 6400}, "healing": {"waitForLeader": True}})
    worker = pod_template(plan, References("cache"), "worker")["spec"]["initContainers"]
    leader = pod_template(plan, References("cache"), "leader")["spec"]["initContainers"]
    assert [one["name"] for one in worker] == ["first", "wait-for-leader"]
    assert [one["name"] for one in leader] == ["first"]
    wait = worker[1]
    assert wait["image"] == plan.image
    assert wait["args"] == ["$(LWS_LEADER_ADDRESS)", "6400", str(plan.budget.join)]
    assert "nvidia.com/gpu" not in str(wait["resources"])


@pytest.mark.parametrize(
    ("settings", "leader", "worker"),
    [
        pytest.param({}, [], [], id="an image with a supervisor"),
        pytest.param({"healing": {"waitForLeader": True}}, [], ["wait-for-leader"], id="a supervisor, and a wait"),
        pytest.param(NVIDIA, [], ["wait-for-leader"], id="an image of NVIDIA's"),
        pytest.param(NVIDIA | {"healing": {"waitForLeader": False}}, [], [], id="an image of NVIDIA's, and no wait"),
    ],
)
def test_who_waits(settings: dict[str, Any], leader: list[str], worker: list[str]) -> None:
    """The supervisor has a wait of its own, and Ray of NVIDIA's image gives up when the leader is not there."""
    plan = plan_deployment(TINY | settings, keys=EVERY_KEY)
    assert init_containers(pod_template(plan, References("cache"), "leader")) == leader
    assert init_containers(pod_template(plan, References("cache"), "worker")) == worker


def init_containers(template: Manifest) -> list[str]:
    return [one["name"] for one in template["spec"].get("initContainers", [])]
