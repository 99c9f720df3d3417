"""Says what is being waited for: a new reason at once, the same one every few seconds."""

import time
from collections import deque
from collections.abc import Callable, Iterable

from nim_serve.system.logs import Log

REPEAT_SECONDS = 10.0
MOST_A_SECOND = 3
"""Lines; a large group that gathers changes with every worker, and its log is to be read by people."""

MOST_NAMED = 8


def few(items: Iterable[str], separator: str = ", ") -> str:
    """The first of them by name, the others by their number."""
    given = list(items)
    rest = [f"and {len(given) - MOST_NAMED} more"] if len(given) > MOST_NAMED else []
    return separator.join([*given[:MOST_NAMED], *rest])


class Waiting:
    """One line of waits; told of a reason at every turn, it logs few of them."""

    def __init__(self, log: Log, now: Callable[[], float] = time.monotonic, repeat: float = REPEAT_SECONDS) -> None:
        self._log, self._now, self._repeat = log, now, repeat
        self._said = ""
        self._times: deque[float] = deque(maxlen=MOST_A_SECOND)

    def because(self, reason: str, waited: float, left: float | None = None) -> None:
        """Log the reason when it is new or has not been heard for a while."""
        now = self._now()
        if len(self._times) == MOST_A_SECOND and now - self._times[0] < 1.0:
            return
        if not self._times or self._said != reason or now - self._times[-1] >= self._repeat:
            self._said = reason
            self._times.append(now)
            until = {} if left is None else {"left": f"{left:.0f}s"}
            self._log.info(f"waiting: {reason}", waited=f"{waited:.0f}s", **until)
