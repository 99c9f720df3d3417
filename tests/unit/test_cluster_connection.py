"""The way to a cluster, with servers on loopback: kubeconfigs, TLS, proxies, credentials, and the words of failures."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nim_stack.base.errors import UnreadableError
from nim_stack.cli.main import main
from nim_stack.operations.cluster import kubeconfig as kubeconfigs
from nim_stack.operations.cluster.errors import CannotReadError, ClusterUnreachableError
from nim_stack.operations.cluster.reader import Reader, connect
from nim_stack.settings import Cluster
from tests.unit.fake_cluster import (
    NAME,
    Authority,
    FakeCluster,
    FakeProxy,
    credential,
    kubeconfig,
    plugin,
    proxying,
    serving,
)

VERSION = "v1.35.4"


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


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


def reader(folder: Path, *documents: Any, context: str | None = None) -> Reader:
    """Of these files, as KUBECONFIG names them; text is written as it is."""
    files = []
    for position, document in enumerate(documents):
        file = folder / f"config-{position}"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        files.append(str(file))
    os.environ["KUBECONFIG"] = os.pathsep.join(files)
    try:
        return connect(Cluster(context=context))
    finally:
        del os.environ["KUBECONFIG"]


def refusal(folder: Path, *documents: Any, context: str | None = None) -> ClusterUnreachableError:
    with pytest.raises(ClusterUnreachableError) as found:
        reader(folder, *documents, context=context).clock()
    return found.value


def data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def trusting(authority: Authority) -> dict[str, Any]:
    """What a cluster's section says of its authority."""
    return {"certificate_authority": str(authority.certificate)}


def asks(command: str, version: str = "v1", **more: Any) -> dict[str, Any]:
    """A user with a credential plugin."""
    given = {"command": command, "apiVersion": f"client.authentication.k8s.io/{version}", "interactiveMode": "Never"}
    return {"exec": given | more}


# TLS


@pytest.mark.parametrize("as_data", [True, False])
def test_the_authority_of_the_kubeconfig_is_trusted(
    fake: FakeCluster, authority: Authority, tmp_path: Path, as_data: bool
) -> None:
    where: dict[str, Any] = {"certificate_authority_data": data(authority.certificate)} if as_data else {}
    if not as_data:
        (tmp_path / "ca.pem").write_bytes(authority.certificate.read_bytes())
        where = {"certificate_authority": "ca.pem"}  # beside the kubeconfig
    assert reader(tmp_path, kubeconfig(fake.url, **where)).clock()[0] == VERSION
    assert fake.headers[-1]["authorization"] == "Bearer t"


def test_no_other_authority_is_trusted(fake: FakeCluster, tmp_path: Path) -> None:
    other = Authority.make(tmp_path / "other")
    for where in ({}, trusting(other)):
        found = refusal(tmp_path, kubeconfig(fake.url, **where))
        assert found.cause == "certificate"
        assert f"{fake.url} cannot be reached: its certificate is refused: " in str(found)
    assert fake.asked == []


def test_a_certificate_for_another_name_is_refused_and_said(
    inside: FakeCluster, authority: Authority, tmp_path: Path
) -> None:
    found = refusal(tmp_path, kubeconfig(inside.url, **trusting(authority)))
    assert found.cause == "certificate"
    assert "not valid for '127.0.0.1'" in str(found)


def test_tls_server_name_is_asked_for_and_checked(inside: FakeCluster, authority: Authority, tmp_path: Path) -> None:
    where = trusting(authority)
    assert reader(tmp_path, kubeconfig(inside.url, tls_server_name=NAME, **where)).clock()[0] == VERSION
    assert inside.server_names[-1] == NAME
    found = refusal(tmp_path, kubeconfig(inside.url, tls_server_name="other.internal", **where))
    assert "not valid for 'other.internal'" in str(found)


def test_a_certificate_is_not_checked_where_the_kubeconfig_says_so(inside: FakeCluster, tmp_path: Path) -> None:
    assert reader(tmp_path, kubeconfig(inside.url, insecure_skip_tls_verify=True)).clock()[0] == VERSION


@pytest.mark.parametrize("as_data", [True, False])
def test_a_client_certificate_is_shown(
    fake: FakeCluster, authority: Authority, tmp_path: Path, as_data: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = authority.issue("jane", "extendedKeyUsage=clientAuth")
    fake.wants_certificate = True
    user = {"client-certificate": str(certificate), "client-key": str(key)}
    if as_data:
        user = {"client-certificate-data": data(certificate), "client-key-data": data(key)}
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert reader(tmp_path, kubeconfig(fake.url, user, **trusting(authority))).clock()
    assert fake.clients[-1] == "jane"
    assert list((tmp_path / "temporary").iterdir()) == [], "the key is left in a file"


@pytest.mark.parametrize(
    ("user", "cluster", "words"),
    [
        ({"client-certificate-data": "bm90IGEgY2VydA=="}, {}, "the user has only a client-certificate"),
        ({"client-certificate": "gone.crt", "client-key": "gone.key"}, {}, "client-certificate: No such file"),
        ({"client-certificate-data": "YQ==", "client-key-data": "YQ=="}, {}, "it is no PEM that OpenSSL takes"),
        ({"client-certificate-data": "a", "client-key-data": "YQ=="}, {}, "client-certificate: it is not base64"),
        ({}, {"certificate_authority": "gone.crt"}, "gone.crt: No such file or directory"),
        ({}, {"certificate_authority_data": "YQ=="}, "the certificate authority: "),
        ({}, {"certificate_authority": "x", "insecure_skip_tls_verify": True}, "one of the two must go"),
    ],
)
def test_certificates_that_cannot_be_used_are_said(
    tmp_path: Path, user: dict[str, Any], cluster: dict[str, Any], words: str
) -> None:
    found = refusal(tmp_path, kubeconfig("https://127.0.0.1:1", user, **cluster))
    assert found.cause == "kubeconfig"
    assert words in str(found)


# Proxies


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


# Credentials


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
        (f"sys.exit('session expired: sign in; {_KEY}')", "ended with exit code 1: session expired: sign in; [hidden]"),
        ("print('Hello')", "does not print an ExecCredential"),
        ("print('[]')", "does not print an ExecCredential"),
        ('print(\'{"status": null, "apiVersion": "client.authentication.k8s.io/v1"}\')', "does not print an Exec"),
        (credential(token=""), "gives neither a token nor a certificate"),
        (credential(token=_KEY, expirationTimestamp="tomorrow"), "does not print an ExecCredential"),
        (credential(token="t").replace("info['apiVersion']", "'v2'"), "answers in v2"),
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
        (asks("no-such-plugin", installHint="Get it:\n  from there"), "is not installed here. Get it: from there"),
        (asks("no-such-plugin"), "'no-such-plugin' is not installed here. Install it, or add its folder to PATH"),
        (asks("/"), "cannot be started: Permission denied"),
        (asks("x", "v2"), "has the apiVersion 'client.authentication.k8s.io/v2': possible are "),
        (asks("x", interactiveMode="Always"), "asks questions (interactiveMode Always), and there is no terminal"),
    ],
)
def test_a_plugin_that_cannot_be_run_is_said(
    tmp_path: Path, user: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    found = refusal(tmp_path, kubeconfig("https://127.0.0.1:1", user))
    assert found.cause == "plugin"
    assert words in str(found)


def test_an_auth_provider_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    found = refusal(tmp_path, kubeconfig("https://127.0.0.1:1", {"auth-provider": {"name": "gcp"}}))
    assert "auth-provider gcp is not supported, a credential plugin (exec) is. Run `kubectl proxy`" in str(found)


def test_a_token_file_is_read_at_each_request(fake: FakeCluster, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("one\n")
    where = trusting(authority)
    seen = reader(tmp_path, kubeconfig(fake.url, {"tokenFile": "token", "token": "old"}, **where))
    seen.clock()
    (tmp_path / "token").write_text("two\n")
    seen.clock()
    assert [headers["authorization"] for headers in fake.headers] == ["Bearer one", "Bearer two"]
    (tmp_path / "token").unlink()
    with pytest.raises(ClusterUnreachableError, match=r"tokenFile .*token: No such file"):
        seen.clock()


@pytest.mark.parametrize(
    ("user", "sent"),
    [
        ({"username": "a", "password": "b"}, {"authorization": "Basic YTpi"}),
        (
            {"token": "t", "as": "jane", "as-uid": "7", "as-user-extra": {"a/b": ["c"]}},
            {
                "authorization": "Bearer t",
                "impersonate-user": "jane",
                "impersonate-uid": "7",
                "impersonate-extra-a%2fb": "c",
            },
        ),
        ({}, {}),
    ],
)
def test_who_the_user_is_goes_into_the_headers(
    fake: FakeCluster, authority: Authority, tmp_path: Path, user: dict[str, Any], sent: dict[str, str]
) -> None:
    where = trusting(authority)
    reader(tmp_path, kubeconfig(fake.url, user, **where)).clock()
    found = {name: value for name, value in fake.headers[-1].items() if name.startswith(("author", "impersonate"))}
    assert found == sent


def test_every_group_of_an_impersonation_is_sent(fake: FakeCluster, authority: Authority, tmp_path: Path) -> None:
    user = {"token": "t", "as": "jane", "as-groups": ["dev", "ops"]}
    seen = reader(tmp_path, kubeconfig(fake.url, user, **trusting(authority)))
    assert seen._client.headers.get_list("Impersonate-Group") == ["dev", "ops"]


# Files


def test_files_are_merged_and_the_first_that_names_something_counts(
    fake: FakeCluster, authority: Authority, tmp_path: Path
) -> None:
    """As `kubectl` does it: a cluster in one file, its user in another."""
    whole = kubeconfig(fake.url, {"token": "from the second"}, **trusting(authority))
    first = {"current-context": "here", "contexts": whole["contexts"], "clusters": whole["clusters"]}
    second = {**kubeconfig("https://elsewhere.example"), "users": whole["users"], "current-context": "other"}
    reader(tmp_path, first, second).clock()
    assert fake.headers[-1]["authorization"] == "Bearer from the second"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", "config-0 is empty"),
        ("5", "config-0 is not a mapping with clusters, users and contexts"),
        ("{: :", "config-0 is not YAML: "),
        ("{" * 3000, "config-0 is not YAML: "),
        ("clusters: 5", "clusters of "),
        ("clusters: [{name: c, cluster: 5}]", "clusters.c.cluster of "),
        ("{}", "config-0 has no current context: it has none"),
        ("current-context: x", "there is no context 'x' in "),
        ({**kubeconfig("https://a"), "clusters": []}, "context 'here' names the cluster 'c'"),
        ({**kubeconfig("https://a"), "users": []}, "context 'here' names the user 'u'"),
        (kubeconfig("10.0.0.1:6443"), "the server of cluster 'c' is '10.0.0.1:6443', and no http or https URL"),
        (kubeconfig("https://[::1"), "it is not as Kubernetes writes one"),
        (kubeconfig("https://a", {"exec": 5}), "it is not as Kubernetes writes one"),
        (kubeconfig("https://a", asks("sh", env=[{"name": "A"}])), "it is not as Kubernetes writes one"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_said(tmp_path: Path, document: Any, words: str) -> None:
    found = refusal(tmp_path, document)
    assert found.cause == "kubeconfig"
    assert str(found).startswith("the kubeconfig cannot be used: ")
    assert words in str(found)


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ClusterUnreachableError, match="binary is not YAML"):
        connect(Cluster(kubeconfig=str(tmp_path / "binary")))


def test_files_that_are_not_there_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/gone/one:/gone/two")
    with pytest.raises(ClusterUnreachableError, match="KUBECONFIG names /gone/one, /gone/two, which is not there"):
        connect(Cluster())
    monkeypatch.delenv("KUBECONFIG")
    with pytest.raises(ClusterUnreachableError, match=r"\.kube/config: No such file"):
        connect(Cluster())


def test_a_pod_uses_its_service_account_where_there_is_no_kubeconfig(
    fake: FakeCluster, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "account").mkdir()
    (tmp_path / "account" / "token").write_text("of the pod")
    (tmp_path / "account" / "ca.crt").write_bytes(authority.certificate.read_bytes())
    monkeypatch.setattr(kubeconfigs, "_SERVICE_ACCOUNT", tmp_path / "account")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(fake.port))
    connect(Cluster()).clock()
    assert fake.headers[-1]["authorization"] == "Bearer of the pod"
    with pytest.raises(ClusterUnreachableError, match="there is no kubeconfig here, and so no context 'x'"):
        connect(Cluster(context="x"))


# Answers


@pytest.fixture
def seen(fake: FakeCluster, authority: Authority, tmp_path: Path) -> Reader:
    return reader(tmp_path, kubeconfig(fake.url, **trusting(authority)))


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
        ((200, b"<html>sign in</html>"), "HTTP 200"),
        ((200, ["a"]), "its answer is no object"),
        ((302, b""), "HTTP 302: it leads to https://login.example/sign-in"),
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


@pytest.mark.parametrize("document", ["", "{: :", kubeconfig("https://127.0.0.1:1", asks("no-such-plugin"))])
@pytest.mark.parametrize("command", [["diagnose", "--namespace", "n", "--name", "n"]])
def test_a_command_ends_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], document: Any, command: list[str]
) -> None:
    file = tmp_path / "config"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    assert main([*command, "--kubeconfig", str(file)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_every_failure_of_a_cluster_is_one_type() -> None:
    assert issubclass(ClusterUnreachableError, UnreadableError)
    assert issubclass(CannotReadError, UnreadableError)
