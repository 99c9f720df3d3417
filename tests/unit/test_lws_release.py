"""The LWS release manifest: fetched once, pinned, in an order that works."""

import hashlib
from pathlib import Path

import pytest

from nim_stack.lws.download import fetch_manifest
from nim_stack.lws.manifest import ReleaseError, _undescribed, parse_release, resource_name, resource_type
from tests.unit.release_fixture import MANIFEST


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_objects_come_in_layers() -> None:
    release = parse_release(MANIFEST)
    kinds = [[item["kind"] for item in layer] for layer in (release.namespaces, release.crds, release.foundations)]
    assert kinds == [
        ["Namespace"],
        ["CustomResourceDefinition"],
        ["ServiceAccount", "ClusterRole", "Secret", "Service"],
    ]
    assert [item["kind"] for item in release.workloads] == ["Deployment"]
    assert [item["kind"] for item in release.webhooks] == ["MutatingWebhookConfiguration"]


def test_webhooks_wait_for_their_certificate_and_crds_are_taken_over() -> None:
    release = parse_release(MANIFEST)
    assert release.webhooks[0]["metadata"]["annotations"] == {
        "pulumi.com/waitFor": "jsonpath={.webhooks[*].clientConfig.caBundle}"
    }
    assert release.crds[0]["metadata"]["annotations"] == {
        "controller-gen.kubebuilder.io/version": "v0.1",
        "pulumi.com/patchForce": "true",
    }


def test_schemas_lose_their_prose_and_nothing_else() -> None:
    schema = {"description": "prose", "properties": {"description": {"type": "string", "description": "prose"}}}
    assert _undescribed({"schema": [schema]}) == {"schema": [{"properties": {"description": {"type": "string"}}}]}


def test_services_do_not_hold_up_the_controller() -> None:
    (service,) = [item for item in parse_release(MANIFEST).foundations if item["kind"] == "Service"]
    assert service["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_tokens_and_names_of_resources() -> None:
    items = {item["kind"]: item for item in parse_release(MANIFEST).foundations}
    assert resource_type(items["Secret"]) == "kubernetes:core/v1:Secret"
    assert resource_type(items["ClusterRole"]) == "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
    assert resource_name(items["ClusterRole"]) == "cluster-role-lws-manager-role"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("{", "it is not YAML", id="no YAML"),
        pytest.param("a: 1", "not every document in it is a Kubernetes object", id="a document that is no object"),
        pytest.param("", "it does not define leaderworkersets.leaderworkerset.x-k8s.io", id="nothing"),
        pytest.param(
            MANIFEST.replace("observedGeneration", "other"),
            "it is older than LWS 0.9",
            id="a status without the generation",
        ),
    ],
)
def test_a_manifest_that_cannot_be_installed(text: str, why: str) -> None:
    with pytest.raises(ReleaseError, match=why):
        parse_release(text)


def test_a_manifest_is_kept_by_digest_and_then_needs_no_source(tmp_path: Path) -> None:
    source = tmp_path / "manifests.yaml"
    source.write_text(MANIFEST)
    pinned = digest(MANIFEST)
    assert fetch_manifest(str(source), pinned, tmp_path / "cache") == MANIFEST
    source.unlink()
    assert fetch_manifest(str(source), pinned, tmp_path / "cache") == MANIFEST


def test_a_spoilt_cache_is_not_trusted(tmp_path: Path) -> None:
    source = tmp_path / "manifests.yaml"
    source.write_text(MANIFEST)
    pinned = digest(MANIFEST)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / f"{pinned}.yaml").write_text("something else")
    assert fetch_manifest(str(source), pinned, tmp_path / "cache") == MANIFEST


def test_another_manifest_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "manifests.yaml"
    source.write_text("changed")
    with pytest.raises(
        ReleaseError, match=rf"digest {digest('changed')}, not the pinned {'0' * 64}. Read what changed"
    ):
        fetch_manifest(str(source), "0" * 64, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("/no/such/file", r"it cannot be read \(.*No such file.*Download it elsewhere and set nim.lws.manifest"),
        ("ftp://host/file", "it is neither a file nor an http"),
    ],
)
def test_a_manifest_that_cannot_be_read(source: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=why):
        fetch_manifest(source, "0" * 64, tmp_path)


def test_a_manifest_from_a_url(tmp_path: Path, served: str) -> None:
    assert fetch_manifest(f"{served}/manifests.yaml", digest(MANIFEST), tmp_path) == MANIFEST
    with pytest.raises(ReleaseError, match="404"):
        fetch_manifest(f"{served}/other.yaml", digest("other"), tmp_path)
