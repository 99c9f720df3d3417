"""Children are ended to the last one, also those that were orphaned."""

import os
import signal
import sys
import textwrap
import time
from pathlib import Path

from nim_serve.pod.stopping import StopRequest
from nim_serve.system.ending import Ending, Find
from nim_serve.system.process import Child, ProcessInfo, descendants, process_table


def python(program: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(program)]


def ended(find: Find, grace: float, polite: int | None = None) -> float:
    """Follow an ending to its end; the seconds it took."""
    began = time.monotonic()
    ending = Ending(find, grace, began, polite=None if polite is None else lambda info: info.pid == polite)
    while not ending.done(process_table(), time.monotonic()):
        assert time.monotonic() - began < 10
    return time.monotonic() - began


def test_a_polite_child_ends_at_sigterm() -> None:
    child = Child("sleeper", ["sleep", "60"], os.environ)
    assert child.poll() is None
    assert ended(lambda table: [p for p in table.values() if p.pid == child.pid and p.state != "Z"], grace=5) < 5
    assert child.poll() == -signal.SIGTERM


def test_a_stubborn_child_is_killed_with_its_children_when_the_grace_is_over(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = f"""
        import signal, subprocess, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        grandchild = subprocess.Popen(["sleep", "60"])
        open({str(note)!r}, "w").write(str(grandchild.pid))
        time.sleep(60)
    """
    child = Child("stubborn", python(program), os.environ)
    while not (note.exists() and note.read_text()):
        assert child.poll() is None
    find: Find = lambda table: [p for p in table.values() if p.group == child.pid and p.state != "Z"]  # noqa: E731
    assert ended(find, grace=0.3, polite=child.pid) >= 0.3
    assert child.poll() == -signal.SIGKILL
    grandchild = process_table().get(int(note.read_text()))
    assert grandchild is None or grandchild.state == "Z"


def test_without_a_grace_a_stopped_process_is_killed_too() -> None:
    child = Child("stopped", ["sleep", "60"], os.environ)
    os.kill(child.pid, signal.SIGSTOP)
    ended(lambda table: [p for p in table.values() if p.pid == child.pid and p.state != "Z"], grace=0)
    assert child.poll() == -signal.SIGKILL


def test_the_process_table_reads_awkward_names(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text("7 (a (b) c) S 3 5 7 0")
    (tmp_path / "self").mkdir()
    assert process_table(tmp_path) == {7: ProcessInfo(7, 3, "S", "a (b) c", 5)}


def test_descendants_leave_out_the_dead() -> None:
    table = {p.pid: p for p in (ProcessInfo(2, 1, "S", "a"), ProcessInfo(3, 2, "Z", "b"), ProcessInfo(4, 2, "R", "c"))}
    table[9] = ProcessInfo(9, 8, "S", "other")
    assert [info.pid for info in descendants(1, table)] == [2, 4]


def test_a_stop_request_ends_every_wait() -> None:
    stop = StopRequest()
    assert not stop.wait(0)
    stop.request()
    stop.request()
    assert stop.requested
    assert stop.wait(60), "returns at once"


def test_sigterm_is_a_stop_request() -> None:
    stop = StopRequest()
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        stop.install()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(5)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
