"""Says what is being waited for: a new reason at once, the same one every few seconds."""

import time
from collections.abc import Callable

from nim_serve.logs import Log

REPEAT_SECONDS = 10.0


class Waiting:
    """One line of waits; told of a reason at every turn, it logs few of them."""

    def __init__(self, log: Log, now: Callable[[], float] = time.monotonic, repeat: float = REPEAT_SECONDS) -> None:
        self._log, self._now, self._repeat = log, now, repeat
        self._said: tuple[str, float] | None = None

    def because(self, reason: str, waited: float, left: float | None = None) -> None:
        """Log the reason when it is new or has not been heard for a while."""
        now = self._now()
        if self._said is None or self._said[0] != reason or now - self._said[1] >= self._repeat:
            self._said = (reason, now)
            until = {} if left is None else {"left": f"{left:.0f}s"}
            self._log.info(f"waiting: {reason}", waited=f"{waited:.0f}s", **until)
