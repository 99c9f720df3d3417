"""Health and metrics under the contract's paths, inside vLLM's own server, so that one port answers everything.

Given to vLLM by its `--middleware` option. vLLM binds its port only when the engine is up, so nothing answers before.
It also counts the requests in flight for the supervisor, which waits for them before it stops.
"""

import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from nim_serve.contract.serve_config import HEALTH_LIVE_PATH, HEALTH_READY_PATH, METRICS_PATH

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

CLASS_PATH = f"{__name__}.ContractRoutes"
STATUS_FILE = "NIM_STACK_STATUS_FILE"
"""Variable with the path of a file that holds the supervisor's status."""

IN_FLIGHT_HEADER = "x-nim-stack-in-flight"
METRICS_PATHS = (METRICS_PATH, "/metrics")


class ContractRoutes:
    """ASGI middleware: ready is vLLM's /health and the supervisor's word, metrics are vLLM's, live is this process."""

    def __init__(self, app: App) -> None:
        """Wrap vLLM's application."""
        self.app = app
        self.in_flight = 0
        given = os.environ.get(STATUS_FILE)
        self._file = Path(given) if given else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on one request."""
        path = scope.get("path") if scope["type"] == "http" else None
        if path == HEALTH_LIVE_PATH:
            await answer(send, 200, "live")
        elif path == HEALTH_READY_PATH:
            ready = self._status() in (None, "ready") and await self._health(scope, receive) == 200
            await answer(send, 200 if ready else 503, "ready" if ready else "not ready")
        elif path in METRICS_PATHS:
            counted = [(IN_FLIGHT_HEADER.encode(), str(self.in_flight).encode())]
            await self.app(_renamed(scope, "/metrics"), receive, _with_headers(send, lambda: counted))
        elif path is not None and scope.get("method") == "POST":
            await self._count(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _count(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request to generate; while the pod drains, its client is told to connect anew, to another pod."""

        def closing() -> Headers:
            return [(b"connection", b"close")] if self._status() == "draining" else []

        self.in_flight += 1
        try:
            await self.app(scope, receive, _with_headers(send, closing))
        finally:
            self.in_flight -= 1

    def _status(self) -> str | None:
        """Read the supervisor's status; None where there is no supervisor."""
        try:
            return self._file.read_text() if self._file else None
        except OSError:
            return ""

    async def _health(self, scope: Scope, receive: Receive) -> int:
        """Give the status that the server would answer, without its body."""
        seen: list[int] = []

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.append(message["status"])

        await self.app(_renamed(scope, "/health"), receive, note)
        return seen[0] if seen else 500


def _renamed(scope: Scope, path: str) -> Scope:
    return {**scope, "path": path, "raw_path": path.encode()}


def _with_headers(send: Send, headers: Callable[[], Headers]) -> Send:
    """Add headers to whatever is sent, as they are by then."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *headers()]}
        await send(message)

    return sending


def health_body(state: str, reason: str = "") -> bytes:
    """Give the JSON body that NIM answers health with, and the reason for people."""
    body = {"object": "health.response", "message": f"Service is {state}."}
    return json.dumps({**body, "reason": reason} if reason else body).encode()


async def answer(send: Send, status: int, state: str) -> None:
    """Send a whole health response."""
    body = health_body(state)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
