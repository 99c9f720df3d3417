"""The thread that watches an engine says what it found, and also that it failed itself."""

import queue

from nim_serve.engine_watch import EngineWatch, Server
from nim_serve.events import Broken, Event


class Failing(Server):
    """A server that cannot even be asked."""

    def __init__(self) -> None:
        super().__init__(1)

    def health(self) -> int | None:
        raise ValueError("Invalid header value b'Bearer s3cret'")


def test_a_watch_that_fails_says_so_without_the_key() -> None:
    said: queue.Queue[Event] = queue.Queue()
    EngineWatch(Failing(), 120, said.put)
    found = said.get(timeout=10)
    assert isinstance(found, Broken)
    assert found.what == "vLLM cannot be watched: ValueError in health"
