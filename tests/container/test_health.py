"""Health under the contract's paths: inside vLLM's server, and on a port of its own."""

import asyncio
import errno
import http.client
import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from nim_serve.decide.events import Status
from nim_serve.pod.health_port import LATE_SECONDS, LIVE_SECONDS, Health, serve_health
from nim_serve.system.logs import configure
from nim_serve.vllm.middleware import (
    CLASS_PATH,
    IN_FLIGHT_HEADER,
    STATUS_FILE,
    ContractRoutes,
    Message,
    Receive,
    Scope,
    Send,
    health_body,
)


async def nothing(*_: object) -> Any:
    return None


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

    asyncio.run(ContractRoutes(inner)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]


def test_vllm_can_import_the_middleware_by_its_path() -> None:
    module, _, name = CLASS_PATH.rpartition(".")
    assert getattr(importlib.import_module(module), name) is ContractRoutes


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_the_health_port_answers_from_the_first_moment_and_says_why_it_is_not_ready(tmp_path: Path) -> None:
    health = Health(str(tmp_path))
    server = serve_health(0, health)
    try:
        port = server.server_port
        assert get(port, "/v1/health/live")[0] == 200
        status, body = get(port, "/v1/health/ready")
        assert (status, json.loads(body)["reason"]) == (503, "starting")
        health.show(Status.READY)
        assert get(port, "/v1/health/ready") == (200, health_body("ready"))
        health.show(Status.HEALING, "rank has gone")
        status, body = get(port, "/v1/health/ready")
        assert (status, json.loads(body)["reason"]) == (503, "healing: rank has gone")
        assert get(port, "/v1/health/live")[0] == 200, "a restart in place is no reason to restart the pod"
        assert get(port, "/v1/models")[0] == 404
    finally:
        server.shutdown()
        server.server_close()


def test_a_supervisor_that_was_frozen_is_not_ready_and_one_that_hangs_is_not_live(tmp_path: Path) -> None:
    health = Health(str(tmp_path))
    health.show(Status.READY)
    health.turned_at -= LATE_SECONDS
    assert (health.answer("/v1/health/ready") or (0,))[0] == 503
    assert (health.answer("/v1/health/live") or (0,))[0] == 200
    health.turned_at -= LIVE_SECONDS
    assert (health.answer("/v1/health/live") or (0,))[0] == 503


def test_the_api_port_is_ready_when_the_supervisor_says_so_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    health = Health(str(tmp_path))
    monkeypatch.setenv(STATUS_FILE, str(health.file))
    assert ask(Server(200), "/v1/health/ready")[0] == 503, "no word yet"
    for status, expected in ((Status.STARTING, 503), (Status.READY, 200), (Status.DRAINING, 503)):
        health.show(status)
        assert ask(Server(200), "/v1/health/ready")[0] == expected
    health.show(Status.READY)
    assert ask(Server(503), "/v1/health/ready")[0] == 503
    health.close()
    assert not health.file.exists()


def test_requests_in_flight_are_counted_and_sent_elsewhere_afterwards_while_draining(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = Health(str(tmp_path))
    health.show(Status.READY)
    monkeypatch.setenv(STATUS_FILE, str(health.file))
    seen: list[int] = []
    sent: list[Message] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["path"] == "/v1/completions":
            seen.append(routes.in_flight)
            health.show(Status.DRAINING)  # meanwhile
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})

    async def send(message: Message) -> None:
        sent.append(message)

    routes = ContractRoutes(inner)

    async def talk() -> None:
        await routes({"type": "http", "path": "/v1/completions", "method": "POST"}, nothing, send)
        await routes({"type": "http", "path": "/v1/metrics", "method": "GET"}, nothing, send)

    asyncio.run(talk())
    assert seen == [1]
    assert sent[0]["headers"] == [(b"a", b"b"), (b"connection", b"close")]
    assert sent[1]["headers"] == [(b"a", b"b"), (IN_FLIGHT_HEADER.encode(), b"0")]


def test_a_request_that_fails_is_not_in_flight_for_ever() -> None:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        raise ConnectionError

    routes = ContractRoutes(inner)
    with pytest.raises(ConnectionError):
        asyncio.run(routes({"type": "http", "path": "/v1/completions", "method": "POST"}, nothing, nothing))
    assert routes.in_flight == 0


def test_a_full_disk_is_not_ready_rather_than_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    configure("INFO", jsonl=False)
    health = Health(str(tmp_path))
    health.show(Status.READY)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        health.show(Status.HEALING, "a rank has gone")
        health.show(Status.HEALING, "a rank has gone")
    assert health.status is Status.HEALING
    assert not health.file.exists(), "an old word would be wrong"
    assert capsys.readouterr().err.count("No space left on device") == 1
    health.show(Status.READY)
    assert health.file.read_text() == "ready"
