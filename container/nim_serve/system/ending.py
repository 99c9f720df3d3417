"""Processes on their way out: asked, then killed, and followed until the last one is gone; it never blocks."""

import contextlib
import os
import signal
from collections.abc import Callable, Mapping

from nim_serve.system.process import ProcessInfo

Find = Callable[[Mapping[int, ProcessInfo]], list[ProcessInfo]]


class Ending:
    """One such group of processes; `find` names those that are left, `polite` those that SIGTERM goes to."""

    def __init__(
        self, find: Find, grace: float, now: float, polite: Callable[[ProcessInfo], bool] | None = None
    ) -> None:
        self._find = find
        self._polite = polite
        self._deadline = now + grace
        self._grace = grace
        self._asked: set[int] = set()

    def done(self, table: Mapping[int, ProcessInfo], now: float) -> bool:
        """Go on ending; whether nothing is left."""
        left = self._find(table)
        polite = [info for info in left if self._polite is None or self._polite(info)]
        asking = now < self._deadline and self._grace > 0 and polite
        for info in polite if asking else left:
            if not asking or info.pid not in self._asked:
                self._asked.add(info.pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(info.pid, signal.SIGTERM if asking else signal.SIGKILL)
        return not left
