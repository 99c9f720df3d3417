"""Asks one vLLM how it is, from a thread: healthy, in error, how many requests, stuck; and has it generate a token."""

import http.client
import json
import ssl
import threading
import time
import traceback
from collections.abc import Callable

from nim_serve.events import Broken, EngineUp, Event, InFlight, Proved, Scope
from nim_serve.middleware import IN_FLIGHT_HEADER
from nim_serve.progress import Sample, Stall, sample

LOADING_SECONDS = 0.2
HEALTH_SECONDS = 1.0
METRICS_SECONDS = 5.0
DRAINING_SECONDS = 0.5
ANSWER_SECONDS = 5.0


class Server:
    """vLLM's HTTP server in this pod."""

    def __init__(self, port: int, *, tls: bool = False, key: str | None = None) -> None:
        self.port, self.tls = port, tls
        self._headers = {"authorization": f"Bearer {key}"} if key else {}

    def _ask(self, method: str, path: str, body: bytes | None, seconds: float) -> tuple[int, str | None, bytes]:
        """Status, requests in flight, body.

        Raises:
            OSError, http.client.HTTPException: no answer.
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
        """The status of /health; None without an answer."""
        try:
            return self._ask("GET", "/health", None, ANSWER_SECONDS)[0]
        except (OSError, http.client.HTTPException):
            return None

    def look(self) -> Sample | None:
        """What the metrics say; None without an answer."""
        try:
            status, in_flight, body = self._ask("GET", "/metrics", None, ANSWER_SECONDS)
        except (OSError, http.client.HTTPException):
            return None
        return sample(body.decode(errors="replace").splitlines(), int(in_flight or 0)) if status == 200 else None

    def generate(self, model: str, seconds: float) -> str:
        """Have it generate one token; why it did not, or nothing."""
        # A token rather than a text, which would need a tokenizer; every vocabulary has one with the number 1.
        body = {"model": model, "prompt": [1], "max_tokens": 1, "temperature": 0}
        try:
            status, _, text = self._ask("POST", "/v1/completions", json.dumps(body).encode(), seconds)
            return "" if status == 200 and json.loads(text)["choices"] else f"{status}: {text[:200].decode()}"
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            return f"{type(error).__name__}: {error}"


class EngineWatch:
    """Watches one engine until it is told to stop; events go through `post`."""

    def __init__(self, server: Server, stall_seconds: float, post: Callable[[Event], None]) -> None:
        self._server, self._post = server, post
        self._stall = Stall(stall_seconds)
        self._over = threading.Event()
        self.draining = False
        threading.Thread(target=self._watch, daemon=True, name="engine").start()

    def _say(self, event: Event) -> None:
        if not self._over.is_set():
            self._post(event)

    def _watch(self) -> None:
        """A thread that fails would end without a word, and the group wait for it until the limit of a load."""
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
        looked = float("-inf")
        while not self._over.wait(DRAINING_SECONDS if self.draining else HEALTH_SECONDS):
            status = self._server.health()
            now = time.monotonic()
            if status is not None and status >= 500:
                self._say(Broken(Scope.ENGINE, f"vLLM reports an engine in error (/health answers {status})"))
                return
            if status is None or self.draining or now - looked >= METRICS_SECONDS:
                looked = now
                taken = self._server.look()
                if taken is not None:
                    self._say(InFlight(taken.requests))
                if reason := self._stall.seen(taken, now):
                    self._say(Broken(Scope.ENGINE, reason))
                    return

    def prove(self, model: str, seconds: float) -> None:
        """Have it generate a token, in the background."""

        def run() -> None:
            self._say(Proved(self._server.generate(model, seconds)))

        threading.Thread(target=run, daemon=True, name="proof").start()

    def close(self) -> None:
        """Say nothing any more."""
        self._over.set()
