"""What the answers of a vLLM that serves mean, round by round, on a clock of the test's own."""

from collections.abc import Callable

import pytest
from nim_serve.decide.events import Broken, Event, InFlight
from nim_serve.decide.health_poll import HealthPoll
from nim_serve.decide.progress import Sample

HUNG_CLIENT = Sample(1, (7.0,))
"""A request that counts and for which nothing is computed, as of a client that vanished; also a hung engine's."""


class Vllm:
    """Answers as it is told to; its clock goes on by a second with each round."""

    def __init__(self, stall: float = 120, *, generates: bool = False) -> None:
        self.health_status: int | None = 200
        self.metrics: Sample | None = HUNG_CLIENT
        self.generates, self.now = generates, 1000.0
        self.asked: list[tuple[float, float]] = []
        self.looked: list[float] = []
        self.health_poll = HealthPoll(self, stall, self._token, lambda: self.now)

    def _token(self, seconds: float) -> None:
        self.asked.append((self.now - 1000, seconds))
        if self.generates:
            self.health_poll.generated()

    def health(self) -> int | None:
        return self.health_status

    def look(self) -> Sample | None:
        self.looked.append(self.now - 1000)
        return self.metrics

    def until_broken(self, seconds: int, change: Callable[[int], None] = lambda _: None) -> tuple[int, str] | None:
        """The second and the reason of the first fault."""
        for second in range(seconds + 1):
            self.now = 1000.0 + second
            change(second)
            for event in self.health_poll.poll(draining=False):
                if isinstance(event, Broken):
                    return second, event.what
        return None


def test_a_request_that_needs_no_token_is_no_stuck_engine() -> None:
    vllm = Vllm(generates=True)
    assert vllm.until_broken(3600) is None
    assert vllm.asked[0] == (90, 30)
    assert len(vllm.asked) < 3600 / 80


@pytest.mark.parametrize("stall", [10, 12, 15, 30, 60, 120])
def test_an_engine_that_hangs_is_noticed_in_time(stall: int) -> None:
    found = Vllm(stall).until_broken(200)
    assert found is not None
    assert stall <= found[0] <= stall + 4, "a look that comes up to 5 s late is a part of the 10 s, too"
    assert "the engine is stuck" in found[1]


def test_an_engine_that_moves_is_left_alone_though_no_token_comes() -> None:
    vllm = Vllm(15)

    def chunk(second: int) -> None:
        vllm.metrics = Sample(2, (second // 10 / 100,))

    assert vllm.until_broken(600, chunk) is None


def test_it_is_looked_at_every_five_seconds_and_in_doubt_every_second() -> None:
    vllm = Vllm(60)
    vllm.until_broken(33)
    assert vllm.looked == [0, 5, 10, 15, 20, 25, 30, 31, 32, 33]


@pytest.mark.parametrize("stall", [0, 120, 600])
def test_a_server_that_answers_nobody_is_noticed_whatever_the_stall(stall: int) -> None:
    vllm = Vllm(stall)

    def hang(second: int) -> None:
        if second == 5:
            vllm.health_status = None

    assert vllm.until_broken(200, hang) == (65, "vLLM's server has not answered for 60 s")
    assert vllm.looked == [0], "it would not answer that either, and every question takes its time-out"


def test_metrics_alone_may_be_missing() -> None:
    vllm = Vllm()
    vllm.metrics = None
    assert vllm.until_broken(1000) is None
    assert vllm.asked == []


def test_an_engine_in_error_is_a_fault_at_once() -> None:
    vllm = Vllm()
    vllm.health_status = 503
    assert vllm.until_broken(0) == (0, "vLLM reports an engine in error (/health answers 503)")


def test_a_drain_hears_of_the_requests_at_every_round() -> None:
    vllm = Vllm()
    found: list[Event] = [event for _ in range(3) for event in vllm.health_poll.poll(draining=True)]
    assert found == [InFlight(1)] * 3
