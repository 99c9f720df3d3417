"""Processes on their way out: asked, then killed, and followed until the last one is gone; it never blocks."""

import contextlib
import os
import signal
from collections.abc import Callable, Mapping

from nim_serve.system.process import ProcessInfo

Find = Callable[[Mapping[int, ProcessInfo]], list[ProcessInfo]]


class Ending:
    """Ends one group of processes, a step at every call."""

    def __init__(
        self, find: Find, grace: float, now: float, polite: Callable[[ProcessInfo], bool] | None = None
    ) -> None:
        """Send nothing yet.

        `find` gives the processes that are left in a process table, `grace` is the time between SIGTERM and SIGKILL in
        seconds, and `polite` says which of them SIGTERM goes to (None: to all).
        """
        self._find = find
        self._polite = polite
        self._deadline = now + grace
        self._grace = grace
        self._asked: set[int] = set()

    def done(self, table: Mapping[int, ProcessInfo], now: float) -> bool:
        """Send the signals that are due, and say whether nothing is left."""
        left = self._find(table)
        polite = [info for info in left if self._polite is None or self._polite(info)]
        asking = now < self._deadline and self._grace > 0 and polite
        for info in polite if asking else left:
            if not asking or info.pid not in self._asked:
                self._asked.add(info.pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(info.pid, signal.SIGTERM if asking else signal.SIGKILL)
        return not left
