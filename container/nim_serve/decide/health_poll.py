"""One round of questions to a vLLM that serves, and what its answers mean; no thread and no clock of its own."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from nim_serve.decide.events import Broken, Event, InFlight, Scope
from nim_serve.decide.progress import Sample, Silence, Stall

METRICS_SECONDS = 5.0


class Answering(Protocol):
    """What is asked."""

    def health(self) -> int | None:
        """The status of /health; None without an answer."""

    def look(self) -> Sample | None:
        """What the metrics say; None without an answer."""


class Rounds:
    """Remembers what earlier rounds showed; `ask` has the server generate a token, and does not wait for it."""

    def __init__(
        self,
        server: Answering,
        stall_seconds: float,
        ask: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server, self._ask, self._clock = server, ask, clock
        self._stall, self._silence = Stall(stall_seconds), Silence()
        self._looked = float("-inf")
        self._token = threading.Event()

    def generated(self) -> None:
        """From any thread: a token has come."""
        self._token.set()

    def round(self, *, draining: bool) -> list[Event]:
        """Ask; a `Broken` is the last word."""
        status = self._server.health()
        now = self._clock()
        if status is not None and status >= 500:
            return [Broken(Scope.ENGINE, f"vLLM reports an engine in error (/health answers {status})")]
        if reason := self._silence.heard(status is not None, now):
            return [Broken(Scope.ENGINE, reason)]
        due = draining or self._stall.in_doubt(now) or now - self._looked >= METRICS_SECONDS
        return self._look(now) if status is not None and due else []

    def _look(self, now: float) -> list[Event]:
        self._looked = now
        taken = self._server.look()
        if taken is None:
            # The server lives, as /health has just said; without figures nothing is known, so nothing is concluded.
            return []
        self._stall.seen(taken, now)
        if self._token.is_set():
            self._token.clear()
            self._stall.moved(now)
        if self._stall.asks(now):
            self._ask(self._stall.proof_seconds)
        reason = self._stall.stuck(now)
        return [InFlight(taken.requests), *([Broken(Scope.ENGINE, reason)] if reason else [])]
