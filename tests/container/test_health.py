"""Health under the contract's paths: inside vLLM's server, and on a port of its own."""

import asyncio
import http.client
import importlib
import json
from typing import Any

import pytest
from nim_serve import engine
from nim_serve.health_port import serve_health
from nim_serve.middleware import CLASS_PATH, ContractRoutes, Message, Receive, Scope, Send


class Server:
    """Stands for vLLM: says which path it was asked for."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        self.asked.append(scope["path"])
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"inner"})


def ask(server: Server, path: str) -> tuple[int, bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "path": path, "raw_path": path.encode()}
    asyncio.run(ContractRoutes(server)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize(("inner", "outer"), [(200, 200), (503, 503), (500, 503)])
def test_ready_is_the_health_of_the_engine(inner: int, outer: int) -> None:
    server = Server(inner)
    status, body = ask(server, "/v1/health/ready")
    assert status == outer
    assert server.asked == ["/health"]
    assert json.loads(body)["object"] == "health.response"


def test_live_asks_nobody() -> None:
    server = Server(503)
    assert ask(server, "/v1/health/live")[0] == 200
    assert server.asked == []


@pytest.mark.parametrize(("path", "asked"), [("/v1/metrics", "/metrics"), ("/v1/models", "/v1/models")])
def test_metrics_are_renamed_and_the_rest_is_not(path: str, asked: str) -> None:
    server = Server(200)
    assert ask(server, path) == (200, b"inner")
    assert server.asked == [asked]


def test_other_protocols_pass_through() -> None:
    seen: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        seen.append(scope["type"])

    async def nothing(*_: object) -> Any:
        return None

    asyncio.run(ContractRoutes(inner)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]


def test_vllm_can_import_the_middleware_by_its_path() -> None:
    module, _, name = CLASS_PATH.rpartition(".")
    assert getattr(importlib.import_module(module), name) is ContractRoutes


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    return connection.getresponse().status


def test_the_health_port_answers_before_the_engine_does() -> None:
    ready = False
    server = serve_health(0, lambda: ready)
    try:
        port = server.server_port
        assert get(port, "/v1/health/live") == 200
        assert get(port, "/v1/health/ready") == 503
        ready = True
        assert get(port, "/v1/health/ready") == 200
        assert get(port, "/v1/models") == 404
    finally:
        server.shutdown()
        server.server_close()


def test_an_engine_that_does_not_listen_is_not_healthy() -> None:
    server = serve_health(0, lambda: True)
    port = server.server_port
    assert not engine.healthy(port), "404 at /health"
    server.shutdown()
    server.server_close()
    assert not engine.healthy(port)
