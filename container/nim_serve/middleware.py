"""Health and metrics under the contract's paths, inside vLLM's own server, so that one port answers everything.

Given to vLLM by its `--middleware` option. vLLM binds its port only when the engine is up, so nothing answers before.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from nim_serve.contract import HEALTH_LIVE_PATH, HEALTH_READY_PATH, METRICS_PATH

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CLASS_PATH = f"{__name__}.ContractRoutes"


class ContractRoutes:
    """ASGI middleware: ready is vLLM's /health, metrics are vLLM's /metrics, live is this process."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on one request."""
        path = scope.get("path") if scope["type"] == "http" else None
        if path == HEALTH_LIVE_PATH:
            await answer(send, 200, "live")
        elif path == HEALTH_READY_PATH:
            status = await self._status(_renamed(scope, "/health"), receive)
            await answer(send, 200 if status == 200 else 503, "ready" if status == 200 else "not ready")
        elif path == METRICS_PATH:
            await self.app(_renamed(scope, "/metrics"), receive, send)
        else:
            await self.app(scope, receive, send)

    async def _status(self, scope: Scope, receive: Receive) -> int:
        """What the server would answer, without its body."""
        seen: list[int] = []

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.append(message["status"])

        await self.app(scope, receive, note)
        return seen[0] if seen else 500


def _renamed(scope: Scope, path: str) -> Scope:
    return {**scope, "path": path, "raw_path": path.encode()}


def health_body(state: str) -> bytes:
    """The body that NIM answers health with."""
    return json.dumps({"object": "health.response", "message": f"Service is {state}."}).encode()


async def answer(send: Send, status: int, state: str) -> None:
    """Send a whole health response."""
    body = health_body(state)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
