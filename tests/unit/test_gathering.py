"""Taking a snapshot from an API server that answers from a table: what is read, what is kept, what is noted."""

import base64
import json
from typing import Any

import httpx2
import pytest

from nim_stack.base import names
from nim_stack.operations.cluster.errors import ClusterUnreachableError
from nim_stack.operations.cluster.reader import Reader, connect
from nim_stack.operations.observing.gathering import gather, watch
from nim_stack.operations.observing.snapshot import Snapshot, load
from nim_stack.settings import Cluster

TOKEN = "hf_abcdefghijklmnop"
SPACE = "/api/v1/namespaces/models"
POD: dict[str, Any] = {
    "metadata": {
        "name": "chat-0",
        "namespace": "models",
        "uid": "u1",
        "labels": {names.LWS_NAME_LABEL: "chat", names.LWS_WORKER_INDEX_LABEL: "0"},
        "managedFields": [{"manager": "x"}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": TOKEN, "a": "b"},
    },
    "spec": {
        "imagePullSecrets": [{"name": "pull"}],
        "containers": [
            {"name": "nim", "env": [{"name": "MY_TOKEN", "value": "plain-secret"}, {"name": "A", "value": "b"}]}
        ],
    },
    "status": {"containerStatuses": [{"name": "nim", "restartCount": 1, "state": {"running": {}}}]},
}
CONFIG = base64.b64encode(json.dumps({"auths": {"nvcr.io": {"password": TOKEN}}}).encode()).decode()
ANSWERS: dict[str, Any] = {
    "/version": {"gitVersion": "v1.35.4"},
    "/apis": {"groups": [{"name": "apps"}, {"name": names.LWS_GROUP}]},
    f"{SPACE}": {"metadata": {"name": "models"}},
    f"{SPACE}/pods": {"items": [POD, {**POD, "metadata": {"name": "other", "labels": {}}}]},
    f"{SPACE}/secrets/pull": {"metadata": {"name": "pull"}, "data": {".dockerconfigjson": CONFIG, "empty": ""}},
    f"{SPACE}/pods/chat-0/log": f"2026-01-31T10:00:00.5Z using {TOKEN}\n2026-01-31T10:00:01Z Bearer abcdefgh12345678",
}


def server(**changes: Any) -> Reader:
    """Answers from the table; what is not in it is an empty list, and a number is a refusal with that code."""
    table = ANSWERS | changes

    def answer(request: httpx2.Request) -> httpx2.Response:
        found = table.get(request.url.path, {"items": []})
        headers = {"Date": "Sat, 31 Jan 2026 10:00:30 GMT"}
        if isinstance(found, int):
            return httpx2.Response(found, json={"message": f"{request.url.path} is forbidden"}, headers=headers)
        if isinstance(found, str):
            return httpx2.Response(200, text=found, headers=headers)
        return httpx2.Response(200, json=found, headers=headers)

    return Reader(httpx2.Client(base_url="https://cluster", transport=httpx2.MockTransport(answer)))


def test_the_snapshot_is_by_the_servers_clock_and_holds_the_deployments_pods_alone() -> None:
    seen = gather(server(), "models", "chat")
    assert (seen.taken, seen.server) == ("2026-01-31T10:00:30Z", "v1.35.4")
    assert names.LWS_GROUP in seen.groups
    assert [pod["metadata"]["name"] for pod in seen.get("pods")] == ["chat-0"]
    assert seen.notes == ()


def test_no_value_of_a_secret_is_kept() -> None:
    seen = gather(server(), "models", "chat")
    text = json.dumps([seen.objects, [log.lines for log in seen.logs]])
    assert [word for word in (TOKEN, CONFIG, "plain-secret", "abcdefgh12345678") if word in text] == []
    (pull,) = seen.get("secrets")
    assert (pull["keys"], pull["empty"]) == ([".dockerconfigjson", "empty"], ["empty"])
    assert pull["registries"] == ["nvcr.io"]


def test_logs_of_this_run_and_the_one_before_are_read_with_their_times() -> None:
    seen = gather(server(), "models", "chat")
    assert [(log.pod, log.role, log.previous) for log in seen.logs] == [
        ("chat-0", "leader", False),
        ("chat-0", "leader", True),
    ]
    assert seen.logs[0].lines[0] == ("2026-01-31T10:00:00.5Z", "using [hidden]")


def test_what_is_forbidden_is_noted_and_counts_as_not_read() -> None:
    seen = gather(server(**{"/api/v1/nodes": 403, f"{SPACE}/pods/chat-0/log": 403}), "models", "chat")
    assert not seen.read("nodes")
    assert seen.read("claims")
    assert "nodes: /api/v1/nodes is forbidden" in seen.notes
    assert any(note.startswith("log of chat-0: ") for note in seen.notes)


def test_credentials_that_the_cluster_does_not_know_are_said_at_once() -> None:
    with pytest.raises(ClusterUnreachableError, match="does not know these credentials"):
        gather(server(**{"/version": 401}), "models", "chat")


def test_a_cluster_that_does_not_answer() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("connection refused")

    reader = Reader(httpx2.Client(base_url="https://cluster", transport=httpx2.MockTransport(refuse)))
    with pytest.raises(ClusterUnreachableError, match="https://cluster cannot be reached: connection refused"):
        gather(reader, "models", "chat")


def test_a_kubelet_that_does_not_answer_for_a_log_is_noted() -> None:
    """Its node is frozen, and the rest of the cluster is not."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/log"):
            raise httpx2.ReadTimeout("The read operation timed out")
        found = ANSWERS.get(request.url.path, {"items": []})
        return httpx2.Response(200, json=found, headers={"Date": "Sat, 31 Jan 2026 10:00:30 GMT"})

    reader = Reader(httpx2.Client(base_url="https://cluster", transport=httpx2.MockTransport(answer)))
    seen = gather(reader, "models", "chat")
    assert seen.read("nodes")
    assert "log of chat-0: no answer in time" in seen.notes


def test_a_snapshot_comes_back_from_its_file_as_it_was(tmp_path: Any) -> None:
    seen = gather(server(), "models", "chat")
    seen.save(tmp_path / "seen.json")
    again: Snapshot = load(tmp_path / "seen.json")
    assert again == seen


def test_watching_keeps_the_logs_of_pods_that_go_meanwhile() -> None:
    """The group is made anew between two looks: same names, other pods."""
    table = dict(ANSWERS)
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        fresh = {**POD, "metadata": {**POD["metadata"], "uid": "u2"}}
        table[f"{SPACE}/pods"] = {"items": [{**fresh, "status": {"containerStatuses": []}}]}

    def answer(request: httpx2.Request) -> httpx2.Response:
        found = table.get(request.url.path, {"items": []})
        headers = {"Date": "Sat, 31 Jan 2026 10:00:30 GMT"}
        text = found if isinstance(found, str) else json.dumps(found)
        return httpx2.Response(200, text=text, headers=headers)

    reader = Reader(httpx2.Client(base_url="https://cluster", transport=httpx2.MockTransport(answer)))
    seen = watch(reader, "models", "chat", 2, clock=lambda: now[0], sleep=sleep)
    assert [(log.pod, log.gone) for log in seen.logs] == [("chat-0", True), ("chat-0", True)]


def kubeconfig(context: str) -> str:
    return json.dumps(
        {
            "current-context": context,
            "contexts": [{"name": context, "context": {"cluster": f"c-{context}", "user": "u"}}],
            "clusters": [{"name": f"c-{context}", "cluster": {"server": f"https://{context}.example"}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
        }
    )


def test_of_several_kubeconfigs_the_one_with_the_context_is_taken(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(kubeconfig(name))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/one:{tmp_path}/gone:{tmp_path}/two")
    assert str(connect(Cluster(context="two"))._client.base_url) == "https://two.example"
    assert str(connect(Cluster())._client.base_url) == "https://one.example"
    with pytest.raises(ClusterUnreachableError, match=r"there is no context 'three' in .*: it has one, two"):
        connect(Cluster(context="three"))


def test_a_kubeconfig_that_is_not_there() -> None:
    with pytest.raises(ClusterUnreachableError, match="Set KUBECONFIG"):
        connect(Cluster(kubeconfig="/no/such/file"))
