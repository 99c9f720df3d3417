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


@dataclass(frozen=True)
class Sample:
    """One look at the server: the requests it works on, and numbers that change when the engine computes."""

    requests: int
    moving: tuple[float, ...]


def sample(metrics: Iterable[str], in_flight: int) -> Sample:
    """From the lines of /metrics and the requests that the server has not answered yet.

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
    """Tells an engine that hangs from one that is idle or slow."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._moving: tuple[float, ...] | None = None
        self._since: float | None = None

    def seen(self, taken: Sample | None, now: float) -> str | None:
        """Take in a sample, or None when the server did not answer; why the engine counts as stuck."""
        if taken is not None and (taken.requests == 0 or taken.moving != self._moving):
            self._moving, self._since = taken.moving, now
        self._since = now if self._since is None else self._since
        stuck = now - self._since
        if not self.seconds or stuck < self.seconds:
            return None
        if taken is None:
            return f"vLLM's server has not answered for {stuck:.0f} s"
        return f"the engine is stuck: {taken.requests} requests, and nothing was computed for {stuck:.0f} s"
