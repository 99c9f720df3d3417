"""Processes are watched, what they leave behind is removed, and the reason of an exit is left where people look."""

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from nim_serve.contract.limits import STOPPED_SECONDS
from nim_serve.decide.events import Broken, Event, Scope
from nim_serve.pod.pid_watch import PidWatch, how_it_ended
from nim_serve.system.process import ProcessInfo, process_table
from nim_serve.system.shared_memory import SharedMemoryCleanup, remove_ray_session
from nim_serve.system.termination import LONGEST, leave_message


class Watching:
    """A selector and what it watches."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.pid_watch = PidWatch(self.selector)
        self.children: list[subprocess.Popen[bytes]] = []

    def child(self, name: str, scope: Scope, command: list[str]) -> "subprocess.Popen[bytes]":
        child = subprocess.Popen(command)
        self.children.append(child)
        self.pid_watch.add(child.pid, name, scope, child.poll)
        return child

    def wait(self) -> list[Event]:
        return [event for key, _ in self.selector.select(10) for event in self.pid_watch.ended(key.data)]


@pytest.fixture
def watching() -> Iterator[Watching]:
    made = Watching()
    yield made
    for child in made.children:
        child.kill()
        child.wait()
    made.pid_watch.forget(Scope.RAY)
    made.selector.close()


def test_an_end_is_noticed_at_once_and_described(watching: Watching) -> None:
    killed = watching.child("raylet", Scope.RAY, ["sleep", "60"])
    killed.kill()
    assert watching.wait() == [Broken(Scope.RAY, "raylet was killed by signal 9")]
    watching.child("vLLM", Scope.ENGINE, [sys.executable, "-c", "raise SystemExit(0)"])
    assert watching.wait() == [Broken(Scope.ENGINE, "vLLM ended by itself with exit code 0")]
    assert watching.pid_watch.pids == ()


def test_arguments_that_vllm_refuses_are_final(watching: Watching) -> None:
    watching.child("vLLM", Scope.ENGINE, [sys.executable, "-c", "raise SystemExit(2)"])
    assert watching.wait() == [Broken(Scope.ENGINE, "vLLM ended by itself with exit code 2", final=True)]


def test_a_process_of_somebody_else_has_simply_gone() -> None:
    assert how_it_ended("rank (process 7)", None) == "rank (process 7) has gone"


def test_what_is_about_to_be_ended_is_not_watched(watching: Watching) -> None:
    rank = watching.child("rank", Scope.ENGINE, ["sleep", "60"])
    raylet = watching.child("raylet", Scope.RAY, ["sleep", "60"])
    watching.pid_watch.forget(Scope.ENGINE)
    assert watching.pid_watch.pids == (raylet.pid,)
    rank.kill()
    raylet.kill()
    assert watching.wait() == [Broken(Scope.RAY, "raylet was killed by signal 9")]


def test_a_process_that_stays_stopped_is_broken(watching: Watching) -> None:
    child = watching.child("raylet", Scope.RAY, ["sleep", "60"])
    os.kill(child.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
    stopped = process_table()
    look = watching.pid_watch.look
    assert look(0, stopped, 0.0) == []
    assert look(0, stopped, STOPPED_SECONDS) == [Broken(Scope.RAY, "raylet is stopped by a signal")]
    assert look(0, stopped, 9.0) == [], "said once"


def test_a_process_that_goes_on_in_time_is_not(watching: Watching) -> None:
    child = watching.child("raylet", Scope.RAY, ["sleep", "60"])
    stopped = {child.pid: ProcessInfo(child.pid, 1, "T", "sleep")}
    runs = {child.pid: ProcessInfo(child.pid, 1, "S", "sleep")}
    times = enumerate([stopped, runs, stopped, runs] * 5)
    assert [watching.pid_watch.look(0, table, STOPPED_SECONDS * n) for n, table in times] == [[]] * 20


def test_ranks_and_engine_cores_are_found_below_the_first_process(watching: Watching) -> None:
    sleepers = [watching.child(name, Scope.RAY, ["sleep", "60"]) for name in ("a", "b", "c")]
    watching.pid_watch.forget(Scope.RAY)
    names = ("ray::RayWorkerP", "VLLM::EngineCor", "ray::IDLE")
    table = {child.pid: ProcessInfo(child.pid, 1, "S", name) for child, name in zip(sleepers, names, strict=True)}
    assert watching.pid_watch.look(1, table, 0.0) == []
    assert set(watching.pid_watch.pids) == {sleepers[0].pid, sleepers[1].pid}
    sleepers[0].kill()
    assert watching.wait() == [Broken(Scope.ENGINE, f"rank (process {sleepers[0].pid}) was killed by signal 9")]


def test_only_new_files_are_removed_from_shared_memory(tmp_path: Path) -> None:
    (tmp_path / "before").touch()
    leftovers = SharedMemoryCleanup(tmp_path, active=True)
    (tmp_path / "psm_1").touch()
    (tmp_path / "directory").mkdir()
    assert leftovers.remove() == ["psm_1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before", "directory"]


def test_outside_a_container_nothing_is_removed(tmp_path: Path) -> None:
    leftovers = SharedMemoryCleanup(tmp_path)
    (tmp_path / "psm_1").touch()
    assert leftovers.remove() == []
    remove_ray_session(tmp_path)
    assert (tmp_path / "psm_1").exists()


def test_the_session_of_a_ray_that_is_gone_is_removed(tmp_path: Path) -> None:
    (tmp_path / "ray" / "session_1" / "logs").mkdir(parents=True)
    remove_ray_session(tmp_path / "ray", active=True)
    remove_ray_session(tmp_path / "ray", active=True)
    assert not (tmp_path / "ray").exists()


def test_the_reason_is_left_within_kubernetes_limit(tmp_path: Path) -> None:
    assert leave_message(str(tmp_path / "log"), "é" * LONGEST)
    assert (tmp_path / "log").stat().st_size == LONGEST
    assert not leave_message(str(tmp_path / "absent" / "log"), "x")
