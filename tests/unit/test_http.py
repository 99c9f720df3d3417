"""Downloads over HTTP, with servers on loopback: proxies, authorities, redirects, and the words of failures."""

import os
from pathlib import Path

import pytest

from nim_stack.base import http
from nim_stack.base.http import HttpError, fetch
from tests.unit.fake_cluster import NAME, Authority, proxying, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def test_the_authorities_of_the_environment_are_trusted_and_no_others(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(authority) as fake:
        fake.answers["/file"] = (200, b"content")
        with pytest.raises(HttpError, match="its certificate is refused: self-signed certificate") as refused:
            fetch(f"{fake.url}/file")
        assert refused.value.cause == "certificate"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        assert fetch(f"{fake.url}/file") == b"content"


def test_the_proxy_of_the_environment_is_used(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with serving(authority, f"DNS:{NAME}") as fake, proxying() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        fake.answers["/file"] = (200, b"content")
        proxy.routes = {f"{NAME}:443": fake.port}
        assert fetch(f"https://{NAME}/file") == b"content"
        assert proxy.asked == [f"{NAME}:443"]
        proxy.refuses = 407
        with pytest.raises(HttpError, match="the proxy refuses it: 407 Proxy Authentication Required") as refused:
            fetch(f"https://{NAME}/file")
        assert refused.value.cause == "proxy"
        monkeypatch.setenv("NO_PROXY", NAME)
        with pytest.raises(HttpError, match="its name is not resolved"):
            fetch(f"https://{NAME}/file")


def test_a_redirect_is_followed(served: str, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with serving(authority) as fake:
        fake.location = f"{served}/manifests.yaml"
        fake.answers["/file"] = (302, b"")
        assert b"CustomResourceDefinition" in fetch(f"{fake.url}/file")
        fake.location = f"{fake.url}/file"
        with pytest.raises(HttpError, match="its answer is not HTTP as expected: Exceeded maximum allowed redirects"):
            fetch(f"{fake.url}/file")


def test_no_more_is_kept_than_a_manifest_can_have(served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_MOST_BYTES", 10)
    with pytest.raises(HttpError, match="it has more than") as refused:
        fetch(f"{served}/manifests.yaml")
    assert refused.value.cause == "size"


@pytest.mark.parametrize(
    ("url", "cause", "words"),
    [
        ("http://127.0.0.1:1/x", "connection", "Connection refused"),
        ("http://no-such-host.invalid/x", "name", "its name is not resolved"),
        ("http://", "protocol", "Request URL"),
        ("http://[::1/x", "protocol", ""),
        ("ftp://host/x", "protocol", "unsupported protocol"),
    ],
)
def test_what_cannot_be_fetched_is_said(url: str, cause: str, words: str) -> None:
    with pytest.raises(HttpError) as found:
        fetch(url)
    assert found.value.cause == cause
    assert words in str(found.value)


def test_a_proxy_of_a_kind_that_is_not_supported_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(HttpError, match="SOCKS"):
        fetch("http://host.invalid/x")
