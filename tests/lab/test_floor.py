"""nim_serve with real Ray and vLLM in two pods made by hand, beside the same engine started by hand."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.engine import floor, group
from lab.engine.group import MODEL_ID, TOKEN, Group
from lab.engine.sandbox import Process

LOSS_SECONDS = 15.0
"""Within this a pod ends when the other has gone and healing is off: two seconds of patience, then Ray's end."""

STOP_SECONDS = 10.0
JOIN_SECONDS = 90.0
SUPERVISOR_KILOBYTES = 40_000


@pytest.fixture(scope="module")
def floor_text() -> str:
    """What the engine answers when it is started by hand."""
    return str(floor.bare(2, 1)["text"])


@pytest.fixture
def tensor_group() -> Iterator[Group]:
    with group.start(2, 1, {"NIM_STACK_DRAIN_DELAY_SECONDS": "1"}) as running:
        running.wait_until_ready()
        yield running


def resident_kilobytes(process: Process) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.init_pid()}/status").read_text())
    assert found is not None
    return int(found[1])


def success_counter(running: Group) -> float:
    lines = running.call("/v1/metrics").body.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("vllm:request_success_total{"))


def command_lines(process: Process) -> str:
    """The arguments of every process in the sandbox."""
    listed = subprocess.run(
        ["nsenter", f"--target={process.init_pid()}", "--pid", "--mount", "--root", "ps", "axww", "-o", "args"],
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout


def test_a_tensor_parallel_group_serves_under_the_contract_and_stops_when_asked(
    tensor_group: Group, floor_text: str
) -> None:
    running = tensor_group
    assert running.worker is not None
    assert running.call("/v1/health/ready").json() == {
        "object": "health.response",
        "message": "Service is ready.",
    }
    assert running.call("/v1/health/live").status == 200
    assert [entry["id"] for entry in running.call("/v1/models").json()["data"]] == [MODEL_ID]

    before = success_counter(running)
    assert running.complete() == floor_text
    assert success_counter(running) == before + 1

    clients = {row["client"] for row in running.requests()}
    assert clients == {running.leader_pod.address}, "the worker downloads nothing"

    for process in (running.leader, running.worker):
        assert resident_kilobytes(process) < SUPERVISOR_KILOBYTES
        assert "RayWorkerProc" in command_lines(process)
        assert TOKEN not in command_lines(process)
        assert TOKEN not in process.output()

    asked = time.monotonic()
    running.leader.terminate()
    running.worker.terminate()
    assert running.leader.wait(STOP_SECONDS) == 0
    assert running.worker.wait(STOP_SECONDS) == 0
    assert time.monotonic() - asked < STOP_SECONDS
    assert "leader: stopped, as asked" in running.leader.output()


def test_a_pipeline_parallel_group_gives_the_same_text_and_without_healing_ends_with_its_worker(
    floor_text: str,
) -> None:
    with group.start(1, 2, {"NIM_STACK_HEAL_TRIES": "0"}) as running:
        assert running.worker is not None
        running.wait_until_ready()
        assert running.complete() == floor_text
        running.worker.kill()
        assert running.leader.wait(LOSS_SECONDS) == 1
        assert re.search(r"exiting: (worker .* has gone|vLLM|VLLM|rank)", running.leader.output())


def test_without_healing_a_worker_ends_with_its_leader() -> None:
    with group.start(2, 1, {"NIM_STACK_HEAL_TRIES": "0"}) as running:
        assert running.worker is not None
        running.worker.wait_for("worker: joined", JOIN_SECONDS)
        running.leader.kill()
        assert running.worker.wait(LOSS_SECONDS) == 1
        assert "exiting: the leader has gone" in running.worker.output()


def test_a_leader_alone_says_who_is_missing_and_gives_up_at_its_deadline() -> None:
    with group.start(2, 1, {"NIM_STACK_JOIN_TIMEOUT_SECONDS": "4"}, with_worker=False) as running:
        assert running.leader.wait(JOIN_SECONDS) == 1
        said = running.leader.output()
        assert "the group was not complete within 4 s" in said
        assert "missing: 1 of 2 nodes, 1 of 2 GPUs" in said
        assert "starting vLLM" not in said


def test_a_worker_whose_cache_is_not_shared_downloads_for_itself() -> None:
    with group.start(2, 1, {"NIM_STACK_SHARED_CACHE": "0"}) as running:
        assert running.worker is not None
        running.worker.wait_for("worker: joined", JOIN_SECONDS)
        assert "download: " in running.worker.output()
