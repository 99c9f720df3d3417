"""Credential plugins: what they are told, what they give, and how their failures are said."""

import json
from pathlib import Path
from typing import Any

import pytest

from nim_stack.operations.cluster.errors import ClusterUnreachableError
from tests.unit.connection.connecting import VERSION, asks, data, reader, refusal, trusting
from tests.unit.fake_cluster import (
    Authority,
    FakeCluster,
    credential,
    kubeconfig,
    plugin,
)


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_plugin_gives_the_token(fake: FakeCluster, authority: Authority, tmp_path: Path, version: str) -> None:
    fake.tokens = {"fresh"}
    user = asks(plugin(tmp_path, credential(token="fresh")), version)
    assert reader(tmp_path, kubeconfig(fake.url, user, **trusting(authority))).clock()


def test_a_plugin_gives_the_certificate(fake: FakeCluster, authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.issue("plugged", "extendedKeyUsage=clientAuth")
    fake.wants_certificate = True
    given = credential(clientCertificateData=certificate.read_text(), clientKeyData=key.read_text())
    where = trusting(authority)
    assert reader(tmp_path, kubeconfig(fake.url, asks(plugin(tmp_path, given)), **where)).clock()
    assert fake.clients[-1] == "plugged"


def test_a_plugin_is_told_what_it_asks_for(fake: FakeCluster, authority: Authority, tmp_path: Path) -> None:
    """Arguments, variables, the cluster with its authority, and a command that stands beside the kubeconfig."""
    heard = tmp_path / "heard"
    program = f"json.dump([sys.argv[1:], os.environ['A'], info], open({str(heard)!r}, 'w'))"
    (tmp_path / "bin").mkdir()
    plugin(tmp_path / "bin", f"{credential(token='t')}\n{program}", "login")
    more: dict[str, Any] = {"args": ["get", "token"], "env": [{"name": "A", "value": "b"}], "provideClusterInfo": True}
    config = [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}]
    user = asks("bin/login", **more)
    assert reader(tmp_path, kubeconfig(fake.url, user, **trusting(authority), extensions=config)).clock()
    arguments, variable, info = json.loads(heard.read_text())
    assert (arguments, variable) == (["get", "token"], "b")
    assert info["spec"]["interactive"] is False
    assert info["spec"]["cluster"] == {
        "server": fake.url,
        "certificate-authority-data": data(authority.certificate),
        "config": {"audience": "x"},
    }


def test_a_plugin_is_run_once_and_again_when_its_token_is_refused_or_expires(
    fake: FakeCluster, authority: Authority, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    count = f"open({str(runs)!r}, 'a').write('x')\nrun = os.path.getsize({str(runs)!r})"
    given = credential(token="TOKEN").replace("'TOKEN'", "f'token-{run}'").replace("{'token'", "{'token'")
    where = trusting(authority)
    seen = reader(tmp_path, kubeconfig(fake.url, asks(plugin(tmp_path, f"{count}\n{given}")), **where))
    fake.tokens = {"token-1"}
    assert [seen.clock()[0] for _ in range(3)] == [VERSION] * 3
    assert runs.read_text() == "x"
    fake.tokens = {"token-2"}
    assert seen.clock()[0] == VERSION
    fake.tokens = set()
    with pytest.raises(ClusterUnreachableError, match="does not know these credentials"):
        seen.clock()
    assert runs.read_text() == "xxx"
    old = credential(token="t", expirationTimestamp="2020-01-01T00:00:00Z")
    runs.unlink()
    fake.tokens = None
    seen = reader(tmp_path, kubeconfig(fake.url, asks(plugin(tmp_path, f"{count}\n{old}")), **where))
    seen.clock()
    assert runs.read_text() == "xx"


_KEY = "nvapi-0123456789abcdef"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        pytest.param(
            f"sys.exit('session expired: sign in; {_KEY}')",
            "ended with exit code 1: session expired: sign in; [hidden]",
            id="it ends with an error and a key in its words",
        ),
        pytest.param("print('Hello')", "does not print an ExecCredential", id="it prints no JSON"),
        pytest.param("print('[]')", "does not print an ExecCredential", id="it prints a list"),
        pytest.param(
            'print(\'{"status": null, "apiVersion": "client.authentication.k8s.io/v1"}\')',
            "does not print an Exec",
            id="it prints no status",
        ),
        pytest.param(credential(token=""), "gives neither a token nor a certificate", id="its token is empty"),
        pytest.param(
            credential(token=_KEY, expirationTimestamp="tomorrow"),
            "does not print an ExecCredential",
            id="the time of its end is no time",
        ),
        pytest.param(
            credential(token="t").replace("info['apiVersion']", "'v2'"), "answers in v2", id="it speaks another version"
        ),
    ],
)
def test_a_plugin_that_fails_is_said_in_its_own_words(tmp_path: Path, program: str, words: str) -> None:
    found = refusal(tmp_path, kubeconfig("https://127.0.0.1:1", asks(plugin(tmp_path, program))))
    assert found.cause == "plugin"
    assert words in str(found)
    assert "plugin" in str(found)
    assert _KEY not in str(found)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        pytest.param(
            asks("no-such-plugin", installHint="Get it:\n  from there"),
            "is not installed here. Get it: from there",
            id="it is not installed and has a hint",
        ),
        pytest.param(
            asks("no-such-plugin"),
            "'no-such-plugin' is not installed here. Install it, or add its folder to PATH",
            id="it is not installed and has no hint",
        ),
        pytest.param(asks("/"), "cannot be started: Permission denied", id="it is no program"),
        pytest.param(
            asks("x", "v2"),
            "has the apiVersion 'client.authentication.k8s.io/v2': possible are ",
            id="its version is not known",
        ),
        pytest.param(
            asks("x", interactiveMode="Always"),
            "asks questions (interactiveMode Always), and there is no terminal",
            id="it asks questions",
        ),
    ],
)
def test_a_plugin_that_cannot_be_run_is_said(
    tmp_path: Path, user: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    found = refusal(tmp_path, kubeconfig("https://127.0.0.1:1", user))
    assert found.cause == "plugin"
    assert words in str(found)
