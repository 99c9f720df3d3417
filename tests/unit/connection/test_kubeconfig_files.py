"""Kubeconfig files: merged as kubectl does it, and what is said of one that cannot be used."""

import json
from pathlib import Path
from typing import Any

import pytest

from nim_stack.cli.main import main
from nim_stack.operations.cluster import kubeconfig as kubeconfigs
from nim_stack.operations.cluster.errors import ClusterUnreachableError
from nim_stack.operations.cluster.reader import connect
from nim_stack.settings import Cluster
from tests.unit.connection.connecting import asks, reader, refusal, trusting
from tests.unit.fake_cluster import (
    Authority,
    FakeCluster,
    kubeconfig,
)


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
        pytest.param("", "config-0 is empty", id="it is empty"),
        pytest.param("5", "config-0 is not a mapping with clusters, users and contexts", id="it is a number"),
        pytest.param("{: :", "config-0 is not YAML: ", id="it is no YAML"),
        pytest.param("{" * 3000, "config-0 is not YAML: ", id="it is nested too deeply"),
        pytest.param("clusters: 5", "clusters of ", id="its clusters are a number"),
        pytest.param("clusters: [{name: c, cluster: 5}]", "clusters.c.cluster of ", id="its cluster is a number"),
        pytest.param("{}", "config-0 has no current context: it has none", id="it has no current context"),
        pytest.param("current-context: x", "there is no context 'x' in ", id="its current context is not there"),
        pytest.param(
            {**kubeconfig("https://a"), "clusters": []},
            "context 'here' names the cluster 'c'",
            id="its cluster is not there",
        ),
        pytest.param(
            {**kubeconfig("https://a"), "users": []}, "context 'here' names the user 'u'", id="its user is not there"
        ),
        pytest.param(
            kubeconfig("10.0.0.1:6443"),
            "the server of cluster 'c' is '10.0.0.1:6443', and no http or https URL",
            id="its server is no URL",
        ),
        pytest.param(
            kubeconfig("https://[::1"), "it is not as Kubernetes writes one", id="the address of its server is cut off"
        ),
        pytest.param(
            kubeconfig("https://a", {"exec": 5}), "it is not as Kubernetes writes one", id="its plugin is a number"
        ),
        pytest.param(
            kubeconfig("https://a", asks("sh", env=[{"name": "A"}])),
            "it is not as Kubernetes writes one",
            id="a variable of its plugin has no value",
        ),
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


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("", id="an empty file"),
        pytest.param("{: :", id="no YAML"),
        pytest.param(kubeconfig("https://127.0.0.1:1", asks("no-such-plugin")), id="a plugin that is not installed"),
    ],
)
def test_a_command_ends_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], document: Any) -> None:
    file = tmp_path / "config"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    assert main(["diagnose", "--namespace", "n", "--name", "n", "--kubeconfig", str(file)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
