"""What the answers of a vLLM that serves mean: whether its engine is in error, silent or stuck, and how busy it is."""

from collections.abc import Callable
from typing import Protocol

from nim_serve.decide.events import Broken, Event, InFlight, Scope
from nim_serve.decide.progress import Sample, Silence, Stall

METRICS_SECONDS = 5.0


class PolledServer(Protocol):
    """The server that is asked."""

    def health(self) -> int | None:
        """Give the HTTP status of /health; None without an answer."""

    def look(self) -> Sample | None:
        """Give what the metrics say; None without an answer."""


class HealthPoll:
    """Asks the server again and again, and remembers what it answered earlier."""

    def __init__(
        self,
        server: PolledServer,
        stall_seconds: float,
        ask: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        """Ask nothing yet.

        `stall_seconds` is how long a busy engine may compute nothing (0: for ever); `ask` has the server generate a
        token within so many seconds, and does not wait for it; `clock` gives the time in seconds.
        """
        self._server, self._ask, self._clock = server, ask, clock
        self._stall, self._silence = Stall(stall_seconds), Silence()
        self._looked = float("-inf")
        self._generated = False

    def generated(self) -> None:
        """Take in that the token has come; any thread may call it, since it only sets a flag."""
        self._generated = True

    def poll(self, *, draining: bool) -> list[Event]:
        """Ask once and give what the answers mean; after a `Broken` there is nothing more to ask.

        While the group drains (`draining`), every answer says how many requests are in flight.
        """
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
        if self._generated:
            self._generated = False
            self._stall.moved(now)
        if self._stall.asks(now):
            self._ask(self._stall.proof_seconds)
        reason = self._stall.stuck(now)
        return [InFlight(taken.requests), *([Broken(Scope.ENGINE, reason)] if reason else [])]
