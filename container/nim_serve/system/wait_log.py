"""The log lines about a wait: a new reason is logged at once, the same one every few seconds."""

import time
from collections import deque
from collections.abc import Callable

from nim_serve.system.logs import Log

REPEAT_SECONDS = 10.0
MOST_A_SECOND = 3
"""Lines. A large group that gathers has a new reason with every worker, and people have to read its log."""


class WaitLog:
    """Writes the lines of one waiter. It is told of the reason at every turn of a loop, and logs few of them."""

    def __init__(self, log: Log, now: Callable[[], float] = time.monotonic, repeat: float = REPEAT_SECONDS) -> None:
        """Write to `log`; `now` is the clock and `repeat` the pause between equal lines, both in seconds."""
        self._log, self._now, self._repeat = log, now, repeat
        self._said = ""
        self._times: deque[float] = deque(maxlen=MOST_A_SECOND)

    def because(self, reason: str, waited: float, left: float | None = None) -> None:
        """Log the reason when it is new, or when it was not logged for a while.

        `waited` and `left` are seconds: since the wait began, and until it is given up (None: it never is).
        """
        now = self._now()
        if len(self._times) == MOST_A_SECOND and now - self._times[0] < 1.0:
            return
        if not self._times or self._said != reason or now - self._times[-1] >= self._repeat:
            self._said = reason
            self._times.append(now)
            until = {} if left is None else {"left": f"{left:.0f}s"}
            self._log.info(f"waiting: {reason}", waited=f"{waited:.0f}s", **until)
