"""NimStack: what it registers, in which order, and with which options."""

from typing import Any

import pulumi
import pytest

from nim_stack.components.nim_stack import NimStack
from tests.components.recorder import Recording, deploy, is_secret, reveal

SETTINGS: dict[str, Any] = {
    "model": "hf://org/tiny",
    "nodes": 2,
    "gpusPerNode": 1,
    "image": "registry.example/open-nim:1",
    "storage": {"storageClass": "shared"},
}
KEY = "nvapi-secret-of-a-test"


@pytest.fixture(scope="module")
def recording() -> Recording:
    return deploy(lambda: NimStack("nim", {"settings": SETTINGS, "ngc_api_key": pulumi.Output.secret(KEY)}))


def test_every_resource_has_its_component_as_parent(recording: Recording) -> None:
    assert recording.parent("nim-server-group") == "nim-server"
    assert recording.parent("nim-server-access-service") == "nim-server-access"
    assert recording.parent("nim-server-access") == "nim-server"
    assert recording.parent("nim-cache-claim") == "nim-cache"
    assert recording.parent("nim-secrets-api") == "nim-secrets"
    assert {recording.parent(f"nim-{part}") for part in ("server", "cache", "secrets", "namespace")} == {"nim"}
    assert recording.parent("nim-cluster") == "nim"


def test_every_component_registers_its_outputs(recording: Recording) -> None:
    components = {name for name, request in recording.requests.items() if request.type.startswith("nim-stack:index:")}
    assert components == {"nim", "nim-server", "nim-server-access", "nim-cache", "nim-secrets"}
    assert components <= recording.outputs.keys()
    assert recording.outputs["nim"]["endpoint"] == "http://nim-leader.nim.svc:8000/v1"
    assert recording.outputs["nim"]["gpus"] == {"perNode": 1, "perGroup": 2, "total": 2, "most": 2}
    assert "url" not in recording.outputs["nim"]


def test_the_group_waits_for_everything_its_pods_use(recording: Recording) -> None:
    assert {"nim-namespace", "nim-cache-claim", "nim-secrets-api", "nim-secrets-pull"} <= recording.dependencies(
        "nim-server-group"
    )


def test_the_group_carries_the_wait_and_its_time(recording: Recording) -> None:
    request = recording.requests["nim-server-group"]
    assert recording.inputs("nim-server-group")["metadata"]["annotations"] == {
        "pulumi.com/waitFor": "condition=Available"
    }
    assert (request.customTimeouts.create, request.customTimeouts.update) == ("8700s", "8700s")
    assert request.customTimeouts.delete == "15m"
    assert list(request.hooks.on_error) == ["nim-server-group-webhook"]
    assert sorted(recording.hooks) == [
        "nim-cache-claim-growth",
        "nim-server-group-webhook",
        "nim-server-smoke-failure",
    ]


@pytest.mark.parametrize("name", ["nim-cache-claim", "nim-server-access-service"])
def test_claim_and_service_are_not_awaited(recording: Recording, name: str) -> None:
    assert recording.inputs(name)["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"


@pytest.mark.parametrize("name", ["nim-cache-claim", "nim-namespace"])
def test_what_is_retained_can_be_adopted_again(recording: Recording, name: str) -> None:
    assert recording.requests[name].retainOnDelete
    assert recording.provider(name) == "nim-cluster-adopting"
    assert recording.inputs(name)["metadata"]["annotations"]["pulumi.com/patchForce"] == "true"


@pytest.mark.parametrize(
    "name", ["nim-server-group", "nim-server-access-service", "nim-secrets-api", "nim-secrets-pull"]
)
def test_nothing_else_adopts_or_is_retained(recording: Recording, name: str) -> None:
    assert recording.provider(name) == "nim-cluster"
    assert not recording.requests[name].retainOnDelete


def test_providers_differ_in_adopting_alone(recording: Recording) -> None:
    creating, adopting = recording.inputs("nim-cluster"), recording.inputs("nim-cluster-adopting")
    assert creating == {"enableSecretMutable": "true", "upsertExistingObjects": "false"}
    assert adopting == {"enableSecretMutable": "true", "upsertExistingObjects": "true"}


def test_the_key_is_secret_wherever_it_goes(recording: Recording) -> None:
    api = recording.inputs("nim-secrets-api")["stringData"]
    pull = recording.inputs("nim-secrets-pull")["stringData"]
    assert is_secret(api)
    assert is_secret(pull)
    assert reveal(api) == {"NGC_API_KEY": KEY}
    assert KEY in reveal(pull)[".dockerconfigjson"]
    others = [str(recording.inputs(name)) for name in recording.requests if not name.startswith("nim-secrets-")]
    assert KEY not in "".join(others)


def test_pods_name_the_secrets(recording: Recording) -> None:
    template = recording.inputs("nim-server-group")["spec"]["leaderWorkerTemplate"]
    for role in ("leaderTemplate", "workerTemplate"):
        spec = template[role]["spec"]
        env = {variable["name"]: variable for variable in spec["containers"][0]["env"]}
        assert env["NGC_API_KEY"]["valueFrom"] == {"secretKeyRef": {"name": "nim-ngc-api", "key": "NGC_API_KEY"}}
        assert spec["imagePullSecrets"] == [{"name": "nim-ngc-pull"}]


def test_the_namespace_is_held_to_the_level_of_its_pods(recording: Recording) -> None:
    assert recording.inputs("nim-namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    on_the_node = SETTINGS | {"pods": {"hostNetwork": True}}
    labels = deploy(lambda: NimStack("nim", {"settings": on_the_node})).inputs("nim-namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"


def test_without_retain_everything_goes() -> None:
    settings = SETTINGS | {"storage": {"storageClass": "shared", "retain": False}}
    recording = deploy(lambda: NimStack("nim", {"settings": settings}))
    for name in ("nim-cache-claim", "nim-namespace"):
        assert not recording.requests[name].retainOnDelete
        assert recording.provider(name) == "nim-cluster"


def test_existing_objects_are_used_by_name_and_not_made() -> None:
    settings = SETTINGS | {
        "storage": {"existingClaim": "weights"},
        "createNamespace": False,
        "secrets": {"ngcApiSecret": "ngc", "imagePullSecrets": ["pull"], "hfTokenSecret": "hub"},
    }
    recording = deploy(lambda: NimStack("nim", {"settings": settings}))
    made = {request.type for request in recording.requests.values()}
    assert not made & {"kubernetes:core/v1:Secret", "kubernetes:core/v1:PersistentVolumeClaim"}
    assert "kubernetes:core/v1:Namespace" not in made
    pod = recording.inputs("nim-server-group")["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "weights"}
    assert pod["imagePullSecrets"] == [{"name": "pull"}]


def test_wait_can_be_switched_off() -> None:
    recording = deploy(lambda: NimStack("nim", {"settings": SETTINGS | {"wait": False}}))
    assert recording.inputs("nim-server-group")["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_refused_settings_register_nothing_but_the_component() -> None:
    with pytest.raises(pulumi.RunError, match=r"nim.nodes = 0: it is less than 1"):
        deploy(lambda: NimStack("nim", {"settings": SETTINGS | {"nodes": 0}}))


def test_warnings_are_shown(recording: Recording) -> None:
    assert any("without hfToken" in line for line in recording.log)


JOB = SETTINGS | {"download": {"job": True}}


def test_the_group_begins_when_the_download_has_ended() -> None:
    recording = deploy(lambda: NimStack("nim", {"settings": JOB, "hf_token": "hf_secret_of_a_test"}))
    request = recording.requests["nim-download-job"]
    assert recording.parent("nim-download-job") == "nim-download"
    assert "nim-download-job" in recording.dependencies("nim-server-group")
    assert {"nim-namespace", "nim-cache-claim", "nim-secrets-hf"} <= recording.dependencies("nim-download-job")
    assert recording.inputs("nim-download-job")["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}
    deadline = recording.inputs("nim-download-job")["spec"]["activeDeadlineSeconds"]
    assert int(request.customTimeouts.create.removesuffix("s")) > deadline
    assert "hf_secret_of_a_test" not in str(recording.inputs("nim-download-job"))
    assert recording.outputs["nim-download"]["job"] == recording.inputs("nim-download-job")["metadata"]["name"]


@pytest.mark.parametrize(
    "storage",
    [
        pytest.param({"nfs": {"server": "n", "path": "/m"}}, id="NFS"),
        pytest.param({"hostPath": {"path": "/m"}}, id="a directory of the node"),
        pytest.param({"perPod": {}}, id="a volume of each pod"),
    ],
)
def test_storage_without_a_claim_makes_none(storage: dict[str, Any]) -> None:
    recording = deploy(lambda: NimStack("nim", {"settings": SETTINGS | {"storage": storage}}))
    assert recording.names_of("PersistentVolumeClaim") == []
    template = recording.inputs("nim-server-group")["spec"]["leaderWorkerTemplate"]
    for role in ("leaderTemplate", "workerTemplate"):
        (volume,) = [each for each in template[role]["spec"]["volumes"] if each["name"] == "model-cache"]
        assert "persistentVolumeClaim" not in volume


def annotations(secrets: dict[str, Any], key: str) -> list[dict[str, str]]:
    settings = SETTINGS | {"secrets": secrets}
    recording = deploy(lambda: NimStack("nim", {"settings": settings, "hf_token": pulumi.Output.secret(key)}))
    template = recording.inputs("nim-server-group")["spec"]["leaderWorkerTemplate"]
    return [template[role]["metadata"].get("annotations", {}) for role in ("leaderTemplate", "workerTemplate")]


def test_a_rotated_key_restarts_pods_where_that_is_asked_for() -> None:
    """And the template, digest included, stays readable in previews."""
    asked = {"restartOnRotation": True}
    leader, worker = annotations(asked, "hf_one")
    assert leader == worker
    assert len(leader["nim-stack/keys-digest"]) == 16
    assert annotations(asked, "hf_two") != [leader, worker]
    assert annotations({}, "hf_one") == annotations({}, "hf_two") == [{}, {}]


def test_a_secret_of_another_tool_is_used_by_its_key() -> None:
    settings = SETTINGS | {"secrets": {"hfTokenSecret": {"name": "hub", "key": "token"}}}
    recording = deploy(lambda: NimStack("nim", {"settings": settings}))
    template = recording.inputs("nim-server-group")["spec"]["leaderWorkerTemplate"]["workerTemplate"]
    env = {variable["name"]: variable for variable in template["spec"]["containers"][0]["env"]}
    assert env["HF_TOKEN"]["valueFrom"] == {"secretKeyRef": {"name": "hub", "key": "token"}}
    assert recording.names_of("Secret") == []
