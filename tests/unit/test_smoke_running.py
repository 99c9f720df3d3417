"""`nim-stack smoke --namespace --name`: for a program that holds its settings itself, from what the cluster has."""

import json
from pathlib import Path
from typing import Any

import pytest

from nim_stack.base import names
from nim_stack.base.errors import InputError
from nim_stack.cli import clusters
from nim_stack.cli.main import main
from nim_stack.manifests.pod_security import pod_security_level
from nim_stack.manifests.render import render
from nim_stack.manifests.smoke_job import smoke_job
from nim_stack.manifests.smoke_running import smoke_job_of_running
from nim_stack.plan import plan_deployment
from tests.unit.conftest import TINY

KEY = {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "api", "key": "key"}}}
SETTINGS: dict[str, Any] = TINY | {
    "name": "chat",
    "namespace": "llm",
    "servedModelName": "big,other",
    "service": {"port": 80},
    "nodeSelector": {"pool": "gpu"},
    "env": [KEY],
    "secrets": {"imagePullSecrets": ["pull"]},
}


def objects(**settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The LeaderWorkerSet and the Service of a deployment."""
    made = render(plan_deployment(SETTINGS | settings))
    (group,) = [item for item in made if item["kind"] == "LeaderWorkerSet"]
    (service,) = [
        item for item in made if item["kind"] == "Service" and item["metadata"]["name"] == names.leader_service("chat")
    ]
    return group, service


def test_the_job_of_a_running_deployment_asks_what_that_of_its_plan_asks() -> None:
    running = smoke_job_of_running(*objects(), "x")
    planned = smoke_job(plan_deployment(SETTINGS), "llm", ("pull",), suffix="x")
    assert running["metadata"]["name"] == planned["metadata"]["name"] == "chat-smoke-x"
    assert running["metadata"]["namespace"] == "llm"
    mine, other = (job["spec"]["template"]["spec"] for job in (running, planned))
    for field in ("containers", "affinity", "nodeSelector", "tolerations", "imagePullSecrets", "securityContext"):
        assert mine.get(field) == other.get(field), field
    assert pod_security_level(mine) == "restricted"


def test_a_group_that_does_not_say_its_model_is_refused() -> None:
    group, service = objects()
    leader = group["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]["containers"][0]
    leader["env"] = [variable for variable in leader["env"] if variable["name"] != "NIM_SERVED_MODEL_NAME"]
    with pytest.raises(InputError, match="llm/chat has no NIM_SERVED_MODEL_NAME"):
        smoke_job_of_running(group, service, "x")


class Cluster:
    """Has the deployment, and a Job controller that ends every Job at once; keeps what it was sent."""

    def __init__(self, group: Any, service: Any) -> None:
        self.found = {"leaderworkersets/chat": group, "services/chat-leader": service}
        self.sent: list[tuple[str, str]] = []

    def send(self, method: str, path: str, _: Any) -> None:
        self.sent.append((method, path))

    def get(self, path: str, **_: str) -> Any:
        if "/jobs/" in path:
            return {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
        if path.endswith("/pods"):
            return {"items": [{"metadata": {"name": "p"}, "status": {"phase": "Succeeded"}}]}
        return self.found.get("/".join(path.split("/")[-2:]))

    def text(self, _: str) -> str:
        return json.dumps({"text": " four"})


def test_a_deployment_of_any_program_is_asked_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = Cluster(*objects())
    monkeypatch.setattr(clusters.Target, "reader", lambda _: cluster)
    assert main(["smoke", "--namespace", "llm", "--name", "chat", "-C", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"text": " four"}
    assert [method for method, _ in cluster.sent] == ["POST", "DELETE"]
    assert all(path.startswith("/apis/batch/v1/namespaces/llm/jobs") for _, path in cluster.sent)


@pytest.mark.parametrize("missing", ["leaderworkersets/chat", "services/chat-leader"])
def test_a_deployment_that_is_not_there_is_said(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = Cluster(*objects())
    del cluster.found[missing]
    monkeypatch.setattr(clusters.Target, "reader", lambda _: cluster)
    assert main(["smoke", "--namespace", "llm", "--name", "chat", "-C", str(tmp_path)]) == 2
    assert f"llm/{missing.split('/')[1]}: run `pulumi up` first." in capsys.readouterr().err
    assert cluster.sent == []
