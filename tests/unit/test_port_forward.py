"""A port-forward through an API server on loopback, with TLS: what goes through it, and the words of its failures."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from nim_stack.operations.cluster.forward import forwarded
from nim_stack.operations.cluster.reader import Reader, connect
from nim_stack.settings import Cluster
from tests.unit.fake_cluster import NAME, Authority, FakeCluster, kubeconfig, serving
from tests.unit.release_fixture import MANIFEST

PATH = "/api/v1/namespaces/nim/pods/nim-0/portforward"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeCluster]:
    """The server, whose certificate is for a name that only tls-server-name has."""
    authority = Authority.make(tmp_path / "authority")
    with serving(authority, f"DNS:{NAME}") as found:
        config = kubeconfig(found.url, certificate_authority=str(authority.certificate), tls_server_name=NAME)
        (tmp_path / "config").write_text(json.dumps(config))
        yield found


@pytest.fixture
def reader(fake: FakeCluster, tmp_path: Path) -> Reader:
    return connect(Cluster(kubeconfig=str(tmp_path / "config")))


def test_requests_go_to_the_pod_each_on_a_connection_of_its_own(fake: FakeCluster, reader: Reader, served: str) -> None:
    fake.answers[PATH] = (101, int(served.rpartition(":")[2]))
    with forwarded(reader, "nim", "nim-0", 8000) as found:
        url = f"http://127.0.0.1:{found.port}/manifests.yaml"
        with ThreadPoolExecutor(4) as pool:
            texts = list(pool.map(lambda _: httpx2.get(url).text, range(40)))
    assert texts == [MANIFEST] * 40
    assert found.troubles == []
    assert fake.asked == [("GET", f"{PATH}?ports=8000")] * 40
    assert set(fake.forwarded) == {b"\0"}
    assert fake.server_names[-1] == NAME
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)


def test_much_goes_through(fake: FakeCluster, reader: Reader, served: str, tmp_path: Path) -> None:
    content = bytes(range(256)) * 20_000
    (tmp_path / "www" / "large").write_bytes(content)
    fake.answers[PATH] = (101, int(served.rpartition(":")[2]))
    with forwarded(reader, "nim", "nim-0", 8000) as found:
        assert httpx2.get(f"http://127.0.0.1:{found.port}/large").content == content


@pytest.mark.parametrize(
    ("answer", "cause", "words"),
    [
        pytest.param(
            (101, b"dial tcp4: connect: connection refused"),
            "refused",
            "the pod's port cannot be reached: dial tcp4",
            id="nobody listens in the pod",
        ),
        pytest.param(
            (403, {"message": "pods/portforward is forbidden"}),
            "forbidden",
            "pods/portforward is forbidden",
            id="it is forbidden",
        ),
        pytest.param(
            (404, {"message": "pods nim-0 not found"}), "refused", "pods nim-0 not found", id="there is no such pod"
        ),
        pytest.param((401, {}), "credentials", "does not know these credentials", id="the credentials are not known"),
        pytest.param((200, b"<html>"), "page", "it opens no WebSocket", id="a page answers"),
    ],
)
def test_a_failure_is_said_beside_the_connection_that_ends(
    fake: FakeCluster, reader: Reader, answer: tuple[int, object], cause: str, words: str
) -> None:
    fake.answers[PATH] = answer
    with forwarded(reader, "nim", "nim-0", 8000) as found, pytest.raises(httpx2.TransportError):
        httpx2.get(f"http://127.0.0.1:{found.port}/", timeout=10)
    (trouble,) = found.troubles
    assert trouble.cause == cause
    assert words in str(trouble)


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(json.dumps(kubeconfig("https://127.0.0.1:1")))
    reader = connect(Cluster(kubeconfig=str(tmp_path / "config")))
    with forwarded(reader, "nim", "nim-0", 8000) as found, pytest.raises(httpx2.TransportError):
        httpx2.get(f"http://127.0.0.1:{found.port}/", timeout=10)
    assert list(map(str, found.troubles)) == ["https://127.0.0.1:1 cannot be reached: Connection refused."]


def test_nothing_is_left_when_nobody_connects(fake: FakeCluster, reader: Reader) -> None:
    with forwarded(reader, "nim", "nim-0", 8000) as found:
        pass
    assert found.troubles == []
    assert fake.asked == []
