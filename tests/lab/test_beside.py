"""Work in a process beside this one: waited for, told of when it fails, and ended with all that it started."""

import time
from pathlib import Path
from typing import NoReturn

import pytest

from lab.beside import Beside, beside
from lab.console import LabError

STARTS_ANOTHER = """
import subprocess, pathlib
child = subprocess.Popen(["sleep", "600"])
pathlib.Path({told!r}).write_text(str(child.pid))
child.wait()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of which each test writes the text; `beside` finds it in its working directory."""
    monkeypatch.setattr("lab.beside.REPO", tmp_path)
    return tmp_path / "work.py"


def _until_told(other: Beside) -> NoReturn:
    """As between two builds: look whether it has failed."""
    for _ in range(100):
        other.check()
        time.sleep(0.1)
    raise AssertionError("nothing was said of the failure")


def _raise_once_written(file: Path, error: type[BaseException]) -> NoReturn:
    while not (file.exists() and file.read_text()):
        time.sleep(0.1)
    raise error


def test_the_end_is_waited_for(module: Path, tmp_path: Path) -> None:
    module.write_text(f"import time, pathlib; time.sleep(1); pathlib.Path({str(tmp_path / 'done')!r}).touch()")
    with beside("work", "the work"):
        pass
    assert (tmp_path / "done").exists()


def test_a_failure_is_an_error_in_the_body_and_at_the_end(module: Path) -> None:
    module.write_text("raise SystemExit(1)")
    with pytest.raises(LabError, match=r"the work failed \(exit code 1\)"), beside("work", "the work"):
        pass
    with pytest.raises(LabError, match="the work failed"), beside("work", "the work") as other:
        _until_told(other)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, LabError])
def test_it_ends_with_all_that_it_started(module: Path, tmp_path: Path, interrupt: type[BaseException]) -> None:
    told = tmp_path / "pid"
    module.write_text(STARTS_ANOTHER.format(told=str(told)))
    with pytest.raises(interrupt), beside("work", "the work") as other:
        _raise_once_written(told, interrupt)
    assert other.process.poll() is not None
    state = Path(f"/proc/{told.read_text()}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"
