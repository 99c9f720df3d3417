"""A module of the lab that works in a process of its own while this one does something else."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lab.console import LabError
from lab.paths import REPO


class Beside:
    """The other process. It prints its own steps, and its own message when it fails."""

    def __init__(self, module: str, purpose: str) -> None:
        self.purpose = purpose
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=REPO,
            env={**os.environ, "PYTHONPATH": str(REPO)},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # so that it ends with all that it started, and only when it is told to
        )

    def check(self) -> None:
        """Raise a LabError when it has failed already."""
        if self.process.poll():
            raise LabError(f"{self.purpose} failed (exit code {self.process.returncode}); its message stands above")

    def join(self) -> None:
        """Wait for its end; raise a LabError when it fails."""
        self.process.wait()
        self.check()

    def end(self) -> None:
        """Stop it and all that it started, as Ctrl-C would, and by force after 10 seconds."""
        for sent in (signal.SIGINT, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, sent)
                self.process.wait(10)
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue


@contextmanager
def beside(module: str, purpose: str) -> Iterator[Beside]:
    """Run `python -m MODULE` while the body runs; an error in the body, or Ctrl-C, ends it, else it is waited for."""
    other = Beside(module, purpose)
    try:
        yield other
        other.join()
    except BaseException:
        other.end()
        raise
