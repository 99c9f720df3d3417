"""Whether a busy engine still computes, from vLLM's own metrics: pure, fed with samples."""

from collections.abc import Iterable
from dataclasses import dataclass

BUSY = ("vllm:num_requests_running", "vllm:num_requests_waiting")
MOVING = (
    "vllm:prompt_tokens_total",
    "vllm:generation_tokens_total",
    "vllm:iteration_tokens_total_count",
    # A long prompt is computed in chunks, and only the last one yields a token; each takes blocks of the cache.
    "vllm:kv_cache_usage_perc",
)
"""All of these are set when the engine core answers, and by nothing else."""


PROOF_SECONDS = 30.0
"""So long before the limit, or at half of it, an engine in doubt is asked for a token; one that works has the time."""

LEAST_PROOF_SECONDS = 5.0
"""The token gets at least this, also when the question came late, as in a pod that was frozen."""

SILENT_SERVER_SECONDS = 60.0
"""vLLM's /health reads a flag and waits for no engine; its event loop may be late by seconds under load, never by this.

A constant, and no part of NIM_STACK_STALL_SECONDS: no compilation of a kernel keeps the server's own process busy.
"""


@dataclass(frozen=True)
class Sample:
    """What the server's metrics said at one time."""

    requests: int
    """The number of requests that the server works on."""

    moving: tuple[float, ...]
    """Figures of which at least one changes when the engine computes anything."""


def sample(metrics: Iterable[str], in_flight: int) -> Sample:
    """Read the lines of /metrics; `in_flight` is how many requests the server has not answered yet.

    The gauges alone do not do: an engine that hangs at its first step has not reported any request as running.
    """
    busy, moving = dict.fromkeys(BUSY, 0.0), dict.fromkeys(MOVING, 0.0)
    for line in metrics:
        name = line.partition("{")[0]
        for table in (busy, moving):
            if name in table:
                table[name] += float(line.rpartition(" ")[2])
    return Sample(max(in_flight, int(sum(busy.values()))), tuple(moving.values()))


class Stall:
    """Tells an engine that hangs from one that is idle or slow.

    The requests that are counted do not prove that there is work: a client that vanished, or that never sends the body
    it announced, counts for as long as its connection is there. So an engine in which nothing moves is asked for a
    token, and is stuck when nothing has moved by the limit and the token has not come either. The token alone does not
    do: it may wait behind a long prompt, during which the figures move.
    """

    def __init__(self, seconds: float) -> None:
        """Begin to watch; `seconds` is how long a busy engine may compute nothing (0: for ever)."""
        early = min(PROOF_SECONDS, seconds / 2)
        self.seconds, self.proof_seconds = seconds, max(LEAST_PROOF_SECONDS, early)
        self._doubt_seconds = seconds - early
        self._moving: tuple[float, ...] | None = None
        self._requests = 0
        self._since = 0.0
        self._asked: float | None = None

    def moved(self, now: float) -> None:
        """Take in that the engine computed something: the clock starts anew."""
        self._since, self._asked = now, None

    def seen(self, taken: Sample, now: float) -> None:
        """Take in a sample that was taken at this time."""
        if taken.requests == 0 or taken.moving != self._moving:
            self.moved(now)
        self._moving, self._requests = taken.moving, taken.requests

    def in_doubt(self, now: float) -> bool:
        """Say whether requests run and nothing has moved for so long that it is worth a closer look."""
        return bool(self.seconds and self._requests) and now - self._since >= self._doubt_seconds

    def asks(self, now: float) -> bool:
        """Say whether the engine is to be asked for a token now; it is asked once in every doubt."""
        if self._asked is not None or not self.in_doubt(now):
            return False
        self._asked = now
        return True

    def stuck(self, now: float) -> str | None:
        """Say why the engine counts as stuck; None when it does not."""
        still = now - self._since
        if self._asked is None or still < self.seconds or now - self._asked < LEAST_PROOF_SECONDS:
            return None
        return (
            f"the engine is stuck: {self._requests} requests, nothing was computed for {still:.0f} s, "
            f"and a token that it was asked for {now - self._asked:.0f} s ago did not come"
        )


class Silence:
    """Measures for how long vLLM's server has answered nobody, whatever the engine does."""

    def __init__(self) -> None:
        """Begin with a server that answers."""
        self._since: float | None = None

    def heard(self, answered: bool, now: float) -> str | None:
        """Take in whether the server answered at this time, and say why it counts as hanging; None when it does not.

        The clock starts at the first question without an answer, not at the last answer, from which on the supervisor
        itself may have been frozen.
        """
        if answered:
            self._since = None
            return None
        self._since = now if self._since is None else self._since
        silent = now - self._since
        return f"vLLM's server has not answered for {silent:.0f} s" if silent >= SILENT_SERVER_SECONDS else None
