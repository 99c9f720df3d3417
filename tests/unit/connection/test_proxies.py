"""The proxy of the kubeconfig, the proxy of the environment, and what a refusal of one is called."""

from pathlib import Path

import pytest

from tests.unit.connection.connecting import VERSION, reader, refusal, trusting
from tests.unit.fake_cluster import (
    NAME,
    Authority,
    FakeCluster,
    FakeProxy,
    kubeconfig,
)


def test_the_proxy_of_the_kubeconfig_is_used(
    inside: FakeCluster, proxy: FakeProxy, authority: Authority, tmp_path: Path
) -> None:
    proxy.routes = {f"{NAME}:6443": inside.port}
    where = trusting(authority) | {"proxy_url": proxy.url}
    assert reader(tmp_path, kubeconfig(f"https://{NAME}:6443", **where)).clock()[0] == VERSION
    assert proxy.asked == [f"{NAME}:6443"]


def test_the_proxy_of_the_environment_is_used_but_for_this_machine(
    fake: FakeCluster,
    inside: FakeCluster,
    proxy: FakeProxy,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    proxy.routes = {f"{NAME}:6443": inside.port}
    where = trusting(authority)
    assert reader(tmp_path, kubeconfig(f"https://{NAME}:6443", **where)).clock()[0] == VERSION
    assert reader(tmp_path, kubeconfig(fake.url, **where)).clock()[0] == VERSION
    assert proxy.asked == [f"{NAME}:6443"]


@pytest.mark.parametrize("code", [403, 407])
def test_a_proxy_that_refuses_is_said(proxy: FakeProxy, tmp_path: Path, code: int) -> None:
    proxy.refuses = code
    found = refusal(tmp_path, kubeconfig("https://api.internal:6443", proxy_url=proxy.url))
    assert found.cause == "proxy"
    assert f"cannot be reached through the proxy 127.0.0.1:{proxy.port}: the proxy refuses it: {code}" in str(found)


def test_a_proxy_that_is_not_there_is_said(tmp_path: Path) -> None:
    found = refusal(tmp_path, kubeconfig("https://api.internal", proxy_url="http://user:secret@127.0.0.1:1"))
    assert "cannot be reached through the proxy 127.0.0.1:1: Connection refused" in str(found)
    assert "secret" not in str(found)


def test_a_proxy_that_is_not_supported_is_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, kubeconfig("https://api.internal", proxy_url="socks5://user:secret@p:1080"))
    assert "proxy-url is socks5://p, and only http and https proxies are supported. Run `kubectl proxy`" in str(found)
    assert "secret" not in str(found)
