"""Answers of an API server, and of what is no API server."""

import json
from pathlib import Path
from typing import Any

import pytest

from nim_stack.base.errors import UnreadableError
from nim_stack.operations.cluster.errors import CannotReadError, ClusterUnreachableError
from nim_stack.operations.cluster.reader import Reader
from tests.unit.connection.connecting import reader, refusal, trusting
from tests.unit.fake_cluster import (
    Authority,
    FakeCluster,
    kubeconfig,
)


def test_a_path_before_the_api_belongs_to_every_request(
    fake: FakeCluster, authority: Authority, tmp_path: Path
) -> None:
    fake.answers["/k8s/clusters/c-1/api/v1/nodes"] = (200, {"items": []})
    where = trusting(authority)
    seen = reader(tmp_path, kubeconfig(f"{fake.url}/k8s/clusters/c-1/", **where))
    assert seen.get("/api/v1/nodes", limit="1") == {"items": []}
    assert fake.asked == [("GET", "/k8s/clusters/c-1/api/v1/nodes?limit=1")]


def test_an_object_is_made_for_trial_alone(seen: Reader, fake: FakeCluster) -> None:
    fake.answers["POST /api/v1/namespaces/nim/pods"] = (201, {"kind": "Pod"})
    assert seen.send("POST", "/api/v1/namespaces/nim/pods", {"kind": "Pod"}, dryRun="All") == {"kind": "Pod"}
    assert fake.asked == [("POST", "/api/v1/namespaces/nim/pods?dryRun=All")]
    assert json.loads(fake.bodies[-1]) == {"kind": "Pod"}


def test_what_is_not_there_is_none_or_an_error(seen: Reader) -> None:
    assert seen.get("/api/v1/nodes/gone") is None
    with pytest.raises(CannotReadError, match="no /api/v1/nodes/gone"):
        seen.send("DELETE", "/api/v1/nodes/gone")


def test_a_refusal_has_the_servers_words_and_its_cause(seen: Reader, fake: FakeCluster) -> None:
    fake.answers["/a"] = (403, {"message": "pods is forbidden: no"})
    fake.answers["/b"] = (500, b"")
    fake.answers["/c"] = (409, ["odd"])
    for path, cause, words in (
        ("/a", "forbidden", "pods is forbidden: no"),
        ("/b", "refused", "/b: HTTP 500"),
        ("/c", "refused", '["odd"]'),
    ):
        with pytest.raises(CannotReadError) as found:
            seen.get(path)
        assert (found.value.cause, str(found.value)) == (cause, words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param((200, b"<html>sign in</html>"), "HTTP 200", id="a page to sign in"),
        pytest.param((200, ["a"]), "its answer is no object", id="a list"),
        pytest.param((302, b""), "HTTP 302: it leads to https://login.example/sign-in", id="a redirect"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_page_of_a_proxy_is_no_answer(
    seen: Reader, fake: FakeCluster, answer: tuple[int, Any], words: str, method: str
) -> None:
    fake.answers["/api/v1/nodes"] = answer
    with pytest.raises(ClusterUnreachableError) as found:
        seen.get("/api/v1/nodes") if method == "GET" else seen.send(method, "/api/v1/nodes", {})
    assert found.value.cause == "page"
    assert words in str(found.value)
    assert "is the address in the kubeconfig that of a proxy or a login page?" in str(found.value)


def test_credentials_that_are_not_known_are_said(seen: Reader, fake: FakeCluster) -> None:
    fake.tokens = {"other"}
    with pytest.raises(ClusterUnreachableError, match=r"or they have expired \(401\): log in again") as found:
        seen.get("/api/v1/nodes")
    assert found.value.cause == "credentials"
    assert len(fake.asked) == 1


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    found = refusal(tmp_path, kubeconfig("https://127.0.0.1:1"))
    assert str(found) == "https://127.0.0.1:1 cannot be reached: Connection refused."
    found = refusal(tmp_path, kubeconfig("https://no-such-host.invalid"))
    assert "https://no-such-host.invalid cannot be reached: its name is not resolved" in str(found)


def test_every_failure_of_a_cluster_is_one_type() -> None:
    assert issubclass(ClusterUnreachableError, UnreadableError)
    assert issubclass(CannotReadError, UnreadableError)
