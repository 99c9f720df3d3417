"""The stand-in speaks to the lab's API server only, and finds it the way any client does."""

import base64
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from lab.console import LabError
from lab.standin import cluster
from lab.standin.cluster import Api, connect
from tests.engine.conftest import AbortedError, Calls

AUTHORITIES = Path(__file__).with_name("authorities")
LAB, OTHER = (AUTHORITIES / name for name in ("lab.crt", "other.crt"))


@pytest.fixture(autouse=True)
def lab_authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster, "_CA", LAB)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)


def kubeconfig(authority: dict[str, Any], user: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "current-context": "one",
        "contexts": [
            {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "from-context"}},
            {"name": "two", "context": {"cluster": "elsewhere", "user": "u"}},
        ],
        "clusters": [
            {"name": "c", "cluster": {"server": "https://127.0.0.1:6443/", **authority}},
            {"name": "elsewhere", "cluster": {"server": "https://prod:6443", "certificate-authority": str(OTHER)}},
        ],
        "users": [{"name": "u", "user": {"token": "secret-token"} if user is None else user}],
    }


def embedded(path: Path) -> dict[str, str]:
    return {"certificate-authority-data": base64.b64encode(path.read_bytes()).decode()}


@pytest.mark.parametrize("authority", [embedded(LAB), {"certificate-authority": str(LAB)}], ids=["embedded", "file"])
def test_lab_is_accepted_from_content_mapping_and_path(authority: dict[str, str], tmp_path: Path) -> None:
    config = kubeconfig(authority)
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    for given in (
        config,
        json.dumps(config),
        json.dumps(config, indent=1),
        str(tmp_path / "kubeconfig"),
        "~/kubeconfig",
    ):
        found = connect(given, None, None)
        assert authorization(found) == "Bearer secret-token"
        assert found.namespace == "from-context"
    assert connect(config, None, "given").namespace == "given"


def authorization(api: Api) -> str:
    """Return the header that a request to the accepted server gets."""
    request = next(api.client.auth.sync_auth_flow(api.client.build_request("GET", "/version")))  # type: ignore[union-attr]
    assert str(request.url) == "https://127.0.0.1:6443/version"
    return str(request.headers["Authorization"])


def test_ambient_kubeconfig_with_relative_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.crt").write_bytes(LAB.read_bytes())
    (tmp_path / "token").write_text("from-file\n")
    config = kubeconfig({"certificate-authority": "ca.crt"}, {"tokenFile": str(tmp_path / "token")})
    (tmp_path / "config").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/config")
    assert authorization(connect(None, None, None)) == "Bearer from-file"


def test_only_the_labs_authority_is_trusted_and_no_certificate_of_the_machine() -> None:
    context = connect(kubeconfig(embedded(LAB)), None, None).client._transport._pool._ssl_context  # type: ignore[attr-defined]
    assert [ssl.DER_cert_to_PEM_cert(one) for one in context.get_ca_certs(binary_form=True)] == [LAB.read_text()]


@pytest.mark.parametrize(
    ("config", "context"),
    [
        pytest.param(kubeconfig(embedded(OTHER)), None, id="other authority"),
        pytest.param(kubeconfig(embedded(LAB)), "two", id="other context"),
        pytest.param(kubeconfig({}), None, id="no authority"),
        pytest.param(kubeconfig({**embedded(LAB), "insecure-skip-tls-verify": True}), None, id="unverified"),
        pytest.param(kubeconfig({**embedded(LAB), "server": "http://127.0.0.1:8080"}), None, id="without TLS"),
    ],
)
def test_any_other_cluster_is_refused(config: dict[str, Any], context: str | None) -> None:
    with pytest.raises(LabError, match=r"refused: .* context '(one|two)', names the API server http.*stand-in"):
        connect(config, context, None)


def test_no_cluster_is_accepted_when_there_is_no_lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster, "_CA", tmp_path / "absent")
    with pytest.raises(LabError, match="refused"):
        connect(kubeconfig(embedded(LAB)), None, None)


def test_unusable_kubeconfigs_are_explained() -> None:
    with pytest.raises(LabError, match=r"kubeconfig: .*\.kube/config not found .the lab's is .*lab up"):
        connect(None, None, None)
    with pytest.raises(LabError, match="kubeconfig: Context 'three' not found"):
        connect(kubeconfig(embedded(LAB)), "three", None)
    with pytest.raises(LabError, match=r"kubeconfig: .*No such file or directory: '/absent'"):
        connect(kubeconfig({"certificate-authority": "/absent"}), None, None)


def test_refusal_reaches_the_engine(call: Calls) -> None:
    with pytest.raises(AbortedError, match="refused"):
        call("Configure", pb.ConfigureRequest, {"args": {"kubeconfig": json.dumps(kubeconfig(embedded(OTHER)))}})


def test_patch_resources_and_helm_releases_are_refused(call: Calls) -> None:
    for kind in ("kubernetes:core/v1:NamespacePatch", "kubernetes:helm.sh/v3:Release"):
        news = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}
        request = {"type": kind, "name": "x", "news": {} if "helm" in kind else news}
        with pytest.raises(AbortedError, match="neither Patch resources nor Helm releases"):
            call("Check", pb.CheckRequest, request)
