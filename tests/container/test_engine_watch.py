"""The thread that watches an engine says what it found, and also that it failed itself."""

import queue

import pytest
from nim_serve.decide.events import Broken, EngineUp, Event, InFlight
from nim_serve.decide.progress import LEAST_PROOF_SECONDS, Sample
from nim_serve.vllm import engine_watch
from nim_serve.vllm.engine_watch import EngineWatch, Server


class Failing(Server):
    """A server that cannot even be asked."""

    def __init__(self) -> None:
        super().__init__(1)

    def health(self) -> int | None:
        raise ValueError("Invalid header value b'Bearer s3cret'")


def test_a_watch_that_fails_says_so_without_the_key() -> None:
    said: queue.Queue[Event] = queue.Queue()
    EngineWatch(Failing(), "m", 120, said.put)
    found = said.get(timeout=10)
    assert isinstance(found, Broken)
    assert found.what == "vLLM cannot be watched: ValueError in health"


class Hanging(Server):
    """A server whose engine generates nothing; asked for a token, it says so."""

    def __init__(self) -> None:
        super().__init__(1)
        self.asked: queue.Queue[float] = queue.Queue()

    def health(self) -> int | None:
        return 200

    def look(self) -> Sample | None:
        return Sample(1, (1.0,))

    def generate(self, model: str, seconds: float) -> str:
        assert model == "m"
        self.asked.put(seconds)
        return "TimeoutError: timed out"


def test_a_doubt_asks_for_a_token_and_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_watch, "HEALTH_SECONDS", 0.001)
    said: queue.Queue[Event] = queue.Queue()
    server = Hanging()
    watch = EngineWatch(server, "m", 0.01, said.put)
    assert server.asked.get(timeout=10) == LEAST_PROOF_SECONDS
    watch.close()
    assert said.get_nowait() == EngineUp()
    assert {type(event) for event in list(said.queue)} == {InFlight}
    watch.prove(7200)
    assert server.asked.get(timeout=10) == 7200


def test_figures_that_cannot_be_read_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(1)
    monkeypatch.setattr(server, "_ask", lambda *_: (200, "1", b'vllm:prompt_tokens_total{engine="0"} many'))
    assert server.look() is None
