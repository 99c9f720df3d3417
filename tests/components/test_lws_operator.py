"""LwsOperator: the objects of the release as children, in order, with CRDs that outlive it."""

import hashlib
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_stack.components.lws_operator import LwsOperator, LwsOperatorArgs
from tests.components.recorder import Recording, deploy
from tests.unit.release_fixture import MANIFEST

CRD = "lws-custom-resource-definition-leaderworkersets.leaderworkerset.x-k8s.io"
SECRET = "lws-secret-lws-webhook-server-cert"
DEPLOYMENT = "lws-deployment-lws-controller-manager"
WEBHOOK = "lws-mutating-webhook-configuration-lws-mutating-webhook-configuration"


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "manifests.yaml"
    path.write_text(MANIFEST)
    return path


def install(manifest: Path, *, retain: bool) -> Recording:
    sha256 = hashlib.sha256(manifest.read_bytes()).hexdigest()

    def program() -> None:
        adopter = k8s.Provider("adopting", upsert_existing_objects=True)
        args: LwsOperatorArgs = {"manifest": str(manifest), "sha256": sha256, "adopting_provider": adopter}
        LwsOperator("lws", {**args, "retain": True} if retain else args)
        manifest.unlink()

    return deploy(program)


@pytest.fixture
def recording(manifest: Path) -> Recording:
    return install(manifest, retain=False)


def test_every_object_is_a_child_under_the_plugins_own_type(recording: Recording) -> None:
    children = {name: request.type for name, request in recording.requests.items() if recording.parent(name) == "lws"}
    assert children == {
        "lws-namespace-lws-system": "kubernetes:core/v1:Namespace",
        CRD: "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        "lws-service-account-lws-controller-manager": "kubernetes:core/v1:ServiceAccount",
        "lws-cluster-role-lws-manager-role": "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
        SECRET: "kubernetes:core/v1:Secret",
        "lws-service-lws-webhook-service": "kubernetes:core/v1:Service",
        DEPLOYMENT: "kubernetes:apps/v1:Deployment",
        WEBHOOK: "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration",
    }


def test_the_controller_waits_for_its_rights_and_the_webhooks_for_the_controller(recording: Recording) -> None:
    assert {CRD, SECRET, "lws-cluster-role-lws-manager-role", "lws-namespace-lws-system"} <= recording.dependencies(
        DEPLOYMENT
    )
    assert recording.dependencies(SECRET) == {"lws-namespace-lws-system"}
    assert recording.dependencies(WEBHOOK) == {DEPLOYMENT}


def test_crds_outlive_the_stack_and_are_adopted_again(recording: Recording) -> None:
    assert recording.requests[CRD].retainOnDelete
    assert recording.provider(CRD) == "adopting"
    others = [name for name in recording.requests if recording.parent(name) == "lws" and name != CRD]
    assert not any(recording.requests[name].retainOnDelete for name in others)


def test_a_retained_release_takes_over_and_outlives_the_stack_as_a_whole(manifest: Path) -> None:
    recording = install(manifest, retain=True)
    objects = [name for name in recording.requests if recording.parent(name) == "lws"]
    assert len(objects) == 8
    for name in objects:
        assert recording.requests[name].retainOnDelete
        assert recording.provider(name) == "adopting"
        assert recording.inputs(name)["metadata"]["annotations"]["pulumi.com/patchForce"] == "true"


def test_nothing_but_the_crds_is_taken_over_unless_it_is_asked_for(recording: Recording) -> None:
    for name in recording.requests:
        if recording.parent(name) == "lws" and name != CRD:
            assert "::adopting::" not in recording.requests[name].provider
            assert "pulumi.com/patchForce" not in (recording.inputs(name)["metadata"].get("annotations") or {})


def test_data_of_its_secrets_stays_secret(recording: Recording) -> None:
    assert list(recording.requests[SECRET].additionalSecretOutputs) == ["data", "stringData"]


def test_the_plugin_is_the_one_of_the_sdk(recording: Recording) -> None:
    assert recording.requests["adopting"].version != ""
    assert recording.requests[CRD].version == recording.requests[DEPLOYMENT].version
    assert recording.requests[CRD].version == recording.requests["adopting"].version


def test_outputs_are_registered(recording: Recording) -> None:
    assert recording.outputs["lws"] == {"namespace": "lws-system"}


def test_a_manifest_that_cannot_be_used_is_refused_without_a_traceback(manifest: Path) -> None:
    with pytest.raises(
        pulumi.RunError, match=rf"^nim.lws.manifest = '{manifest}': it has the digest [0-9a-f]{{64}}, not"
    ):
        deploy(lambda: LwsOperator("lws", {"manifest": str(manifest), "sha256": "0" * 64}))
