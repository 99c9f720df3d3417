"""The processes whose end, or stop, is a fault: noticed at once, through a file descriptor for each."""

import contextlib
import os
import selectors
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nim_serve.contract.limits import STOPPED_SECONDS
from nim_serve.decide.events import Broken, Event, Scope
from nim_serve.system.process import ProcessInfo, descendants

RANK = "ray::RayWorker"
"""How the names of vLLM's Ray actors begin (RayWorkerProc, and RayWorkerWrapper before vLLM 0.21); Linux keeps 15
characters of a process's name."""

ENGINE = "VLLM::"
"""How vLLM names its engine cores and further API servers."""


@dataclass
class _Process:
    pid: int
    name: str
    scope: Scope
    descriptor: int
    exit_code: Callable[[], int | None]
    stopped_at: float | None = None


def adopted_exit_code(pid: int) -> int | None:
    """Give the exit code of an adopted process (minus the signal that killed it); None when only its parent knows."""
    with contextlib.suppress(ChildProcessError):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
    return None


def how_it_ended(name: str, code: int | None) -> str:
    """Write the sentence for the log and the termination message; `code` is None when the exit code is not known."""
    if code is None:
        return f"{name} has gone"
    return f"{name} was killed by signal {-code}" if code < 0 else f"{name} ended by itself with exit code {code}"


class PidWatch:
    """Watches a set of processes for their end, and for signals that stop them."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        """Begin with none; the selector is ready when one of them has ended."""
        self._selector = selector
        self._processes: dict[int, _Process] = {}

    @property
    def pids(self) -> tuple[int, ...]:
        """The numbers of the watched processes, whose exit codes are collected here."""
        return tuple(self._processes)

    def add(self, pid: int, name: str, scope: Scope, exit_code: Callable[[], int | None] | None = None) -> None:
        """Watch one more process, unless it is watched already or has gone meanwhile (the next look will tell).

        `name` is for the log, `scope` is what breaks with the process, and `exit_code` collects its exit code; without
        one the process is an adopted one.
        """
        if pid in self._processes:
            return
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            process = _Process(pid, name, scope, descriptor, exit_code or (lambda: adopted_exit_code(pid)))
            self._processes[pid] = process
            self._selector.register(descriptor, selectors.EVENT_READ, process)

    def forget(self, scope: Scope) -> None:
        """Stop watching the processes of this scope or a smaller one: they are about to be ended."""
        for process in [known for known in self._processes.values() if known.scope <= scope]:
            self._forget(process)

    def _forget(self, process: _Process) -> None:
        self._selector.unregister(process.descriptor)
        os.close(process.descriptor)
        del self._processes[process.pid]

    def ended(self, ready: object) -> list[Event]:
        """Say what the selector's datum of a ready descriptor means; nothing if the datum is not of this watch."""
        if not isinstance(ready, _Process) or self._processes.get(ready.pid) is not ready:
            return []
        self._forget(ready)
        code = ready.exit_code()
        # vLLM's argument parser: the same arguments will be refused again.
        return [Broken(ready.scope, how_it_ended(ready.name, code), final=ready.name == "vLLM" and code == 2)]

    def look(self, root: int, table: Mapping[int, ProcessInfo], now: float) -> list[Event]:
        """Watch ranks and engine cores that have appeared below `root`, and find processes stopped by a signal."""
        for info in descendants(root, table):
            if info.name.startswith((RANK, ENGINE)):
                what = "rank" if info.name.startswith(RANK) else info.name
                self.add(info.pid, f"{what} (process {info.pid})", Scope.ENGINE)
        found: list[Event] = []
        for process in list(self._processes.values()):
            info_now = table.get(process.pid)
            if info_now is None or info_now.state != "T":
                process.stopped_at = None
            elif process.stopped_at is None:
                process.stopped_at = now
            elif now - process.stopped_at >= STOPPED_SECONDS:
                self._forget(process)
                found.append(Broken(process.scope, f"{process.name} is stopped by a signal"))
        return found
