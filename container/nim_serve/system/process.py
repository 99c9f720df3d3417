"""Child processes of the launcher: started in groups of their own, watched, and ended to the last one.

As PID 1 of a container, or as a subreaper elsewhere, the launcher inherits the daemons that `ray start` leaves behind.
It ends its own descendants only: `ray stop` would end every Ray process that shares the process namespace.
"""

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2)"""


def become_subreaper() -> None:
    """Make orphans below this process its children, so that they can be reaped and ended."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@dataclass(frozen=True)
class ProcessInfo:
    """One row of the process table, of /proc/PID/stat (proc_pid_stat(5))."""

    pid: int
    parent: int
    state: str
    """One letter: T is stopped by a signal, Z has ended and waits for its parent."""
    name: str
    """At most 15 characters."""
    group: int = 0
    """The number of its process group."""


def process_table(proc: Path = Path("/proc")) -> dict[int, ProcessInfo]:
    """Read every process that can be seen, by its number."""
    table = {}
    for entry in proc.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                # The name stands in parentheses and may itself contain blanks and parentheses.
                head, _, tail = (entry / "stat").read_text().rpartition(")")
                state, parent, group = tail.split()[:3]
                pid = int(entry.name)
                table[pid] = ProcessInfo(pid, int(parent), state, head.partition("(")[2], int(group))
    return table


def descendants(root: int, table: Mapping[int, ProcessInfo]) -> list[ProcessInfo]:
    """Give the living processes below one, children before grandchildren."""
    found: list[ProcessInfo] = []
    level = [root]
    while level:
        children = [info for info in table.values() if info.parent in level]
        found += [info for info in children if info.state != "Z"]
        level = [info.pid for info in children]
    return found


class Child:
    """A process in a group of its own, so that a signal reaches it and what it started."""

    def __init__(self, name: str, args: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started, for example at the pod's limit of processes.
        """
        self.name = name
        self._popen = subprocess.Popen(list(args), env=dict(environment), start_new_session=True)
        self.pid = self._popen.pid

    def poll(self) -> int | None:
        """Give the exit code (minus the signal that killed it), or None while it runs."""
        return self._popen.poll()

    def signal(self, number: int) -> None:
        """Send a signal to the whole process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def reap(keep: Sequence[int] = ()) -> None:
    """Collect adopted children that have ended; those in `keep` belong to a Child, which collects them itself."""
    for info in process_table().values():
        if info.parent == os.getpid() and info.state == "Z" and info.pid not in keep:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(info.pid, os.WNOHANG)
