"""The program of the all-reduce Job: run as the Job runs it, where PyTorch is, and its parts everywhere."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from lab.engine import tree
from nim_stack.manifests.programs import all_reduce as program
from nim_stack.operations.doctor.bandwidth import read_reports

MIB = 1024**2
TEXT = Path(program.__file__).read_text()
ENGINE = tree.directory() / "site-packages"
"""With PyTorch: built once by the lab, and never part of the development environment."""
with_torch = pytest.mark.skipif(
    not (ENGINE / "torch").is_dir() or f"{sys.version_info.major}.{sys.version_info.minor}" != tree.PYTHON_VERSION,
    reason=f"the engine is not built for this Python: lab/lab up builds it for {tree.PYTHON_VERSION}",
)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def environment(pod: int, port: int, **more: str) -> dict[str, str]:
    own = {
        "JOB_COMPLETION_INDEX": str(pod),
        "ALL_REDUCE_PODS": "2",
        "ALL_REDUCE_RANKS": "1",
        "ALL_REDUCE_LEADER": "localhost",
        "ALL_REDUCE_PORT": str(port),
        "ALL_REDUCE_MOST_BYTES": str(4 * MIB),
        "ALL_REDUCE_JOIN_SECONDS": "60",
        "ALL_REDUCE_RUN_SECONDS": "60",
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {**os.environ, **own, **more}


def start(given: dict[str, str]) -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", TEXT]
    return subprocess.Popen(words, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@with_torch
def test_two_pods_of_two_ranks_measure_every_size() -> None:
    ranks = 2
    more = {"PYTHONPATH": str(ENGINE), "ALL_REDUCE_RANKS": str(ranks)}
    port = free_port()
    pods = [start(environment(pod, port, **more)) for pod in (0, 1)]
    ends = [pod.communicate(timeout=120) for pod in pods]
    assert [pod.returncode for pod in pods] == [0, 0], ends
    said = read_reports(line for out, _ in ends for line in out.splitlines())
    measured = said.measured()
    assert measured is not None
    assert not said.failed
    assert (said.facts["backend"], said.facts["ranks"], said.facts["pods"]) == ("gloo", 2 * ranks, 2)
    assert [timing.size for timing in measured.timings] == [MIB, 4 * MIB]
    assert all(0 < timing.seconds < 60 for timing in measured.timings)


@with_torch
def test_a_pod_that_finds_nobody_says_whom_it_waited_for() -> None:
    given = environment(1, free_port(), PYTHONPATH=str(ENGINE), ALL_REDUCE_JOIN_SECONDS="1")
    alone = start(given)
    out, _ = alone.communicate(timeout=60)
    assert alone.returncode == 1
    assert "rank 1: pod 0 did not answer within 1 s: localhost:" in read_reports(out.splitlines()).failed[0]


@with_torch
def test_the_first_pod_names_those_that_did_not_come() -> None:
    alone = start(environment(0, free_port(), PYTHONPATH=str(ENGINE), ALL_REDUCE_JOIN_SECONDS="1"))
    out, _ = alone.communicate(timeout=60)
    assert alone.returncode == 1
    assert read_reports(out.splitlines()).failed == ["rank 0: pods [1] did not come within 1 s"]


@with_torch
def test_no_gpu_is_no_measurement_where_the_engine_wants_one(tmp_path: Path) -> None:
    """Gloo would give a figure that says nothing of the GPUs."""
    found = tmp_path / "vllm-0.32.0.dist-info"
    found.mkdir()
    (found / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0\n")
    alone = start(environment(0, free_port(), PYTHONPATH=f"{tmp_path}:{ENGINE}"))
    out, _ = alone.communicate(timeout=60)
    assert alone.returncode == 1
    assert "PyTorch sees no GPU in this pod" in read_reports(out.splitlines()).failed[0]


def test_an_image_without_pytorch_is_named() -> None:
    alone = start(environment(0, free_port(), PATH="/nowhere"))
    out, _ = alone.communicate(timeout=60)
    assert alone.returncode == 1
    assert f"{sys.executable} of this image cannot import PyTorch" in read_reports(out.splitlines()).failed[0]


def test_the_interpreter_of_the_engines_command_is_tried_next(tmp_path: Path) -> None:
    """It is told the same program; here it says so instead of running it."""
    other = tmp_path / "python3"
    other.write_text('#!/bin/sh\necho "other interpreter: $1, $(printf %s "$2" | head -c 12)"\n')
    command = tmp_path / "vllm"
    command.write_text(f"#!{other}\n")
    for path in (other, command):
        path.chmod(0o755)
    alone = start(environment(0, free_port(), PATH=f"{tmp_path}:{os.environ['PATH']}"))
    out, _ = alone.communicate(timeout=60)
    assert (alone.returncode, out.strip()) == (0, f"other interpreter: -c, {TEXT[:12]}")


@pytest.mark.parametrize(
    ("most", "wanted"),
    [
        pytest.param(1, [1], id="the smallest"),
        pytest.param(4, [1, 4], id="a power of four"),
        pytest.param(100, [1, 4, 16, 64, 100], id="a size between two powers"),
        pytest.param(256, [1, 4, 16, 64, 256], id="a larger power of four"),
    ],
)
def test_sizes_grow_to_the_one_that_is_asked_for(most: int, wanted: list[int]) -> None:
    assert [size // MIB for size in program.sizes(most * MIB)] == wanted


LOG = """\
nim-0:109:109 [0] NCCL INFO NET/Plugin: Could not find: libnccl-net.so.
nim-0:109:109 [0] NCCL INFO NET/IB : No device found.
nim-0:109:109 [0] NCCL INFO Using network Socket
nim-0:109:109 [0] NCCL INFO Channel 00/0 : 1[1] -> 0[0] [receive] via NET/Socket/0
nim-0:109:109 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] [send] via NET/IB/3(2)/GDRDMA/Shared
nim-0:109:109 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] [send] via NET/AWS Libfabric/0
nim-0:109:109 [0] NCCL INFO Channel 00/01 : 0[0] -> 1[1] via P2P/CUMEM/read
nim-0:109:109 [0] NCCL INFO Channel 00/01 : 0[0] -> 4[0] via P2P/MNNVL
"""
"""In the words of NCCL 2.29 (format strings of libnccl.so.2)."""


def test_the_ways_between_nodes_are_read_from_nccls_log() -> None:
    found = program.seen(LOG.splitlines())
    assert found["ways"] == {
        "NET/Socket": 1,
        "NET/IB with GPUDirect RDMA": 1,
        "NET/AWS Libfabric": 1,
        "P2P/MNNVL": 1,
    }
    assert found["networks"] == ["Socket"]
    assert found["notes"] == ["NET/Plugin: Could not find: libnccl-net.so.", "NET/IB : No device found."]


def test_a_pod_waits_until_the_first_one_listens(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    waiting = threading.Thread(target=program.answers, args=("127.0.0.1", port, 30))
    waiting.start()
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(30)
        server.accept()[0].close()
        waiting.join()
    said = read_reports(capsys.readouterr().out.splitlines()).waiting
    assert said in ([], [f"for pod 0, 127.0.0.1:{port}: [Errno 111] Connection refused"])


class Rank:
    """A process that has ended; its sentinel is a pipe that can be read."""

    def __init__(self, exitcode: int) -> None:
        self.exitcode, self.name, self.killed = exitcode, "rank 3", False
        self.sentinel, other = os.pipe()
        os.close(other)

    def join(self) -> None:
        os.close(self.sentinel)

    def kill(self) -> None:
        self.killed = True


@pytest.mark.parametrize(
    ("codes", "well", "failed"),
    [
        pytest.param([0, 0], True, [], id="all ranks ended well"),
        pytest.param([0, 1], False, [], id="one rank ended with an error of its own"),
        pytest.param([-7], False, ["rank 3 was ended by SIGBUS"], id="one rank was ended by a signal"),
    ],
)
def test_a_rank_that_was_killed_is_said(
    codes: list[int], well: bool, failed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    ranks: list[Any] = [Rank(code) for code in codes]
    assert program.watch(ranks, 30) is well
    assert read_reports(capsys.readouterr().out.splitlines()).failed == failed


def test_lines_for_programs_are_one_write_each(capsys: pytest.CaptureFixture[str]) -> None:
    program.tell(bytes=1, seconds=0.5)
    line = capsys.readouterr().out
    assert json.loads(line.removeprefix(program.MARK)) == {"bytes": 1, "seconds": 0.5}
