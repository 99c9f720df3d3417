"""The thread that asks one vLLM for its health, its metrics and a token."""

import http.client
import json
import ssl
import threading
import time
import traceback
from collections.abc import Callable

from nim_serve.decide.events import Broken, EngineUp, Event, Proved, Scope
from nim_serve.decide.health_poll import HealthPoll
from nim_serve.decide.progress import Sample, sample
from nim_serve.vllm.middleware import IN_FLIGHT_HEADER

LOADING_SECONDS = 0.2
HEALTH_SECONDS = 1.0
DRAINING_SECONDS = 0.5
"""So long it pauses between two questions: while vLLM loads, while it serves, and while the group drains."""

ANSWER_SECONDS = 5.0
"""So long it waits for an answer."""


class Server:
    """vLLM's HTTP server in this pod, as its client sees it."""

    def __init__(self, port: int, *, tls: bool = False, key: str | None = None) -> None:
        """Connect to nothing yet; `key` is the API key, or None where the API wants none."""
        self.port, self.tls = port, tls
        self._headers = {"authorization": f"Bearer {key}"} if key else {}

    def _ask(self, method: str, path: str, body: bytes | None, seconds: float) -> tuple[int, str | None, bytes]:
        """Give status, requests in flight (a header), and body; `seconds` is how long the answer may take.

        Raises:
            OSError, http.client.HTTPException: there was no answer.
        """
        connection: http.client.HTTPConnection
        if self.tls:
            # Its certificate is for the name that clients use, and this is the same pod.
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=seconds, context=context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body, {**self._headers, "content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.getheader(IN_FLIGHT_HEADER), answer.read()
        finally:
            connection.close()

    def health(self) -> int | None:
        """Give the HTTP status of /health; None without an answer."""
        try:
            return self._ask("GET", "/health", None, ANSWER_SECONDS)[0]
        except (OSError, http.client.HTTPException):
            return None

    def look(self) -> Sample | None:
        """Give what the metrics say; None without an answer that can be read."""
        try:
            status, in_flight, body = self._ask("GET", "/metrics", None, ANSWER_SECONDS)
            return sample(body.decode(errors="replace").splitlines(), int(in_flight or 0)) if status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def generate(self, model: str, seconds: float) -> str:
        """Have vLLM generate one token within so many seconds, and say why it did not; empty when it did."""
        # A token rather than a text, which would need a tokenizer; every vocabulary has one with the number 1.
        body = {"model": model, "prompt": [1], "max_tokens": 1, "temperature": 0}
        try:
            status, _, text = self._ask("POST", "/v1/completions", json.dumps(body).encode(), seconds)
            return "" if status == 200 and json.loads(text)["choices"] else f"{status}: {text[:200].decode()}"
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            return f"{type(error).__name__}: {error}"


class EngineWatch:
    """Watches one engine until it is told to stop."""

    def __init__(self, server: Server, model: str, stall_seconds: float, post: Callable[[Event], None]) -> None:
        """Start the thread; `model` is the name that the API knows, and `post` takes the events.

        Raises:
            RuntimeError: the thread cannot be started.
        """
        self._server, self._model, self._post = server, model, post
        self._health_poll = HealthPoll(server, stall_seconds, self._ask_token, time.monotonic)
        self._over = threading.Event()
        self.draining = False
        threading.Thread(target=self._watch, daemon=True, name="engine").start()

    def _say(self, event: Event) -> None:
        if not self._over.is_set():
            self._post(event)

    def _watch(self) -> None:
        """Say so if the thread fails: it would end without a word, and the group wait until the limit of a load."""
        try:
            self._ask_until_broken()
        except Exception as error:
            # Not its text: http.client's shows the header that it refuses, and so the key.
            where = traceback.extract_tb(error.__traceback__)[-1].name
            self._say(Broken(Scope.ENGINE, f"vLLM cannot be watched: {type(error).__name__} in {where}"))

    def _ask_until_broken(self) -> None:
        while self._server.health() != 200:
            if self._over.wait(LOADING_SECONDS):
                return
        self._say(EngineUp())
        while not self._over.wait(DRAINING_SECONDS if self.draining else HEALTH_SECONDS):
            for event in self._health_poll.poll(draining=self.draining):
                self._say(event)
                if isinstance(event, Broken):
                    return

    def _ask_token(self, seconds: float) -> None:
        """Ask for a token in a thread of its own, so that the questions go on meanwhile; only a token is news."""

        def run() -> None:
            if not self._server.generate(self._model, seconds):
                self._health_poll.generated()

        threading.Thread(target=run, daemon=True, name="token").start()

    def prove(self, seconds: float) -> None:
        """Have the engine generate a token in the background; the event `Proved` follows.

        Raises:
            RuntimeError: a thread cannot be started.
        """

        def run() -> None:
            self._say(Proved(self._server.generate(self._model, seconds)))

        threading.Thread(target=run, daemon=True, name="proof").start()

    def close(self) -> None:
        """Post no event any more."""
        self._over.set()
