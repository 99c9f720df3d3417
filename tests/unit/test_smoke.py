"""The smoke Job, and the client that it runs against an API that is a real HTTP server."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from nim_stack.base import names
from nim_stack.cli import smoke
from nim_stack.manifests.pod_security import pod_security_level
from nim_stack.manifests.programs import smoke_client
from nim_stack.manifests.smoke_job import smoke_job
from nim_stack.plan import plan_deployment
from tests.unit.conftest import TINY

Answer = Callable[[str, Any, str | None], tuple[int, Any]]


@contextmanager
def api(answer: Answer) -> Iterator[str]:
    """A server whose answers a function gives: path, body and key in, status and document out."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(None)

        def do_POST(self) -> None:
            self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _reply(self, body: Any) -> None:
            status, document = answer(self.path, body, self.headers.get("Authorization"))
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def vllm(tokens: int = 3, model: str = "m", key: str | None = None) -> Answer:
    def answer(path: str, body: Any, given: str | None) -> tuple[int, Any]:
        if key is not None and given != f"Bearer {key}":
            return 401, {"error": "Unauthorized"}
        if path == "/v1/models":
            return 200, {"data": [{"id": model}]}
        assert (path, body["model"]) == ("/v1/completions", model)
        return 200, {"choices": [{"text": " four"}], "usage": {"completion_tokens": tokens}}

    return answer


def run(url: str, **more: str) -> int:
    """One try: there is no time for a second."""
    return smoke_client.main({"SMOKE_URL": url, "SMOKE_MODEL": "m", "SMOKE_SECONDS": "0", **more})


def test_a_completion_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    with api(vllm()) as url:
        assert run(url) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["model"], said["text"], said["tokens"]) == ("m", " four", 3)


def test_an_api_with_a_key_is_given_it() -> None:
    with api(vllm(key="k")) as url:
        assert run(url) == 1
        assert run(url, VLLM_API_KEY="k") == 0


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(vllm(tokens=0), "the answer has no token", id="no token"),
        pytest.param(vllm(model="other"), "the API serves other, and not m", id="another model"),
        pytest.param(lambda *_: (503, {"error": "EngineDeadError"}), "HTTP 503", id="an engine that died"),
    ],
)
def test_an_api_that_is_up_without_a_completion_is_a_failure(
    answer: Answer, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with api(answer) as url:
        assert run(url) == 1
    assert f"no completion came: {why}" in capsys.readouterr().err.replace(f"{url}/models: ", "")


def test_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    with api(vllm()) as url:
        pass
    assert run(url) == 1
    assert "no completion came: " in capsys.readouterr().err


def job(**settings: Any) -> dict[str, Any]:
    return smoke_job(plan_deployment(TINY | settings), "models", ("pull",))


def test_an_unchanged_stack_has_the_same_job_and_what_rolls_the_groups_another() -> None:
    name = job()["metadata"]["name"]
    assert name.startswith("nim-smoke-")
    assert job()["metadata"]["name"] == name
    assert job(replicas=2)["metadata"]["name"] == name
    for change in ({"maxModelLen": 512}, {"image": "registry.example/open-nim:2"}, {"service": {"port": 80}}):
        assert job(**change)["metadata"]["name"] != name


def test_the_job_needs_no_gpu_and_is_beside_a_leader() -> None:
    spec = job()["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert names.GPU_RESOURCE not in json.dumps(container["resources"])
    assert {"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"} in container["env"]
    assert pod_security_level(spec) == "restricted"
    (term,) = spec["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["podAffinityTerm"]["labelSelector"]["matchLabels"] == names.leader_pods("nim")
    assert names.LWS_NAME_LABEL not in job()["spec"]["template"]["metadata"]["labels"]


def test_the_job_asks_the_leader_service_and_keeps_no_time_to_live() -> None:
    made = job(service={"port": 80}, servedModelName="chat,other")
    env = {v["name"]: v.get("value") for v in made["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["SMOKE_URL"] == "http://nim-leader.models.svc:80/v1"
    assert env["SMOKE_MODEL"] == "chat"
    assert "ttlSecondsAfterFinished" not in made["spec"]


def test_a_key_of_the_api_reaches_the_job_by_reference() -> None:
    key = {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "api", "key": "key"}}}
    for given in ({"env": [key]}, {"pods": {"leader": {"env": [key]}}}):
        assert key in job(**given)["spec"]["template"]["spec"]["containers"][0]["env"]


class Cluster:
    """Answers with the Job as it is now; time passes as the command waits."""

    def __init__(self, found: dict[str, Any] | None) -> None:
        self.found, self.now = found, 0.0

    def get(self, path: str, **_: str) -> dict[str, Any] | None:
        return self.found if "/jobs/" in path else {"items": []}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(
            None, "somebody deleted the Job nim/nim-smoke-by-hand: run the command again", id="a Job that was deleted"
        ),
        pytest.param({"status": {}}, "the Job did not end in its 1800 s", id="a Job that does not end"),
        pytest.param(
            {"status": {"conditions": [{"type": "Failed", "status": "True", "message": "DeadlineExceeded"}]}},
            "DeadlineExceeded",
            id="a Job that failed",
        ),
    ],
)
def test_the_command_ends_whatever_becomes_of_the_job(
    found: dict[str, Any] | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster(found)

    def sleep(seconds: float) -> None:
        cluster.now += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: cluster.now)
    by_hand = smoke_job(plan_deployment(TINY), "nim", suffix="by-hand")
    assert by_hand["spec"]["activeDeadlineSeconds"] == 1800
    came, lines = smoke._outcome(cluster, by_hand)  # type: ignore[arg-type]
    assert not came
    assert lines[0].startswith(said)
