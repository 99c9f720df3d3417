"""A wait with a deadline that says every few seconds what it is waiting for."""

import time
from collections.abc import Callable

from nim_serve.logs import Log


class Patience:
    """One wait; the same reason is logged again only after a while, a new one at once."""

    def __init__(
        self, log: Log, seconds: float, now: Callable[[], float] = time.monotonic, repeat_seconds: float = 10.0
    ) -> None:
        self._log, self._now, self._repeat = log, now, repeat_seconds
        self._started = now()
        self._deadline = self._started + seconds
        self._said: tuple[str, float] | None = None

    @property
    def waited(self) -> float:
        """Seconds so far."""
        return self._now() - self._started

    @property
    def left(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self._deadline - self._now())

    @property
    def over(self) -> bool:
        """Whether the deadline has passed."""
        return self._now() >= self._deadline

    def because(self, reason: str) -> None:
        """Log the reason when it is new or has not been heard for a while."""
        now = self._now()
        if self._said is None or self._said[0] != reason or now - self._said[1] >= self._repeat:
            self._said = (reason, now)
            self._log.info(f"waiting: {reason}", waited=f"{self.waited:.0f}s", left=f"{self.left:.0f}s")
