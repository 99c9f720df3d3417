"""Servers on loopback for the tests of this folder, and an environment that says nothing of clusters and proxies."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nim_stack.operations.cluster.reader import Reader
from tests.unit.connection.connecting import reader, trusting
from tests.unit.fake_cluster import NAME, Authority, FakeCluster, FakeProxy, kubeconfig, proxying, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def fake(authority: Authority) -> Iterator[FakeCluster]:
    with serving(authority) as found:
        yield found


@pytest.fixture
def inside(authority: Authority) -> Iterator[FakeCluster]:
    """A server whose certificate is for a name that is not its address."""
    with serving(authority, f"DNS:{NAME}") as found:
        yield found


@pytest.fixture
def proxy() -> Iterator[FakeProxy]:
    with proxying() as found:
        yield found


@pytest.fixture
def seen(fake: FakeCluster, authority: Authority, tmp_path: Path) -> Reader:
    """A reader of the server `fake`."""
    return reader(tmp_path, kubeconfig(fake.url, **trusting(authority)))


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
