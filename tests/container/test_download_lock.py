"""Two pods on one cache: one downloads, the other waits and then finds the model."""

import errno
import fcntl
import multiprocessing
import time
from pathlib import Path

import pytest
from nim_serve.model.download_lock import download_lock
from nim_serve.system.logs import Log, configure

LOG = Log("test")


def _hold(path: Path, seconds: float, begun: "multiprocessing.synchronize.Event") -> None:
    with download_lock(path, LOG):
        begun.set()
        time.sleep(seconds)


def test_the_second_waits_for_the_first_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", jsonl=False)
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    first = context.Process(target=_hold, args=(tmp_path / "m" / "lock", 0.6, begun))
    first.start()
    assert begun.wait(10)
    started = time.monotonic()
    with download_lock(tmp_path / "m" / "lock", LOG, poll=0.05):
        waited = time.monotonic() - started
    first.join()
    assert waited > 0.3
    printed = capsys.readouterr()
    assert "another pod downloads the same model" in printed.out + printed.err


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    first = context.Process(target=_hold, args=(tmp_path / "lock", 600, begun))
    first.start()
    assert begun.wait(10)
    first.kill()
    first.join()
    with download_lock(tmp_path / "lock", LOG, poll=0.05):
        pass


def test_without_locks_it_goes_on_and_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    configure("INFO", jsonl=False)
    entered = False
    with download_lock(tmp_path / "lock", LOG):
        entered = True
    assert entered
    printed = capsys.readouterr()
    assert "no file locks" in printed.out + printed.err
