"""What the API server refuses, or has already, and what the engine makes of it."""

import json
import re
from collections.abc import Iterator

import pytest

from lab.observe import get, kubectl
from lab.plugin import refuses_taken_names
from tests.engine.conftest import Engine

pytestmark = pytest.mark.cluster


def policy(name: str, actions: list[str], message: str) -> list[dict[str, object]]:
    """An admission rule of the API server's own for ConfigMaps of the `many` step: it speaks as a webhook does."""
    group = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}
    check = {"expression": "!object.metadata.name.startsWith('engine-0')", "message": message, "reason": "Forbidden"}
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [check], "failurePolicy": "Fail"}
    return [
        {**group, "kind": "ValidatingAdmissionPolicy", "spec": spec},
        {
            **group,
            "kind": "ValidatingAdmissionPolicyBinding",
            "spec": {"policyName": name, "validationActions": actions},
        },
    ]


@pytest.fixture
def clean() -> Iterator[None]:
    """Leave nothing of these tests in the cluster."""
    kinds = "validatingadmissionpolicy,validatingadmissionpolicybinding"
    kubectl("delete", "--ignore-not-found", kinds, "engine-test")
    yield
    kubectl("delete", "--ignore-not-found", kinds, "engine-test")
    kubectl("delete", "--ignore-not-found", "configmap", "engine-adopted", "engine-taken")


def apply(objects: list[dict[str, object]], folder: object) -> None:
    path = f"{folder}/objects.json"
    with open(path, "w") as file:  # noqa: PTH123
        json.dump({"apiVersion": "v1", "kind": "List", "items": objects}, file)
    kubectl("apply", "-f", path)


def wait_for_policy(effective: str) -> None:
    for _ in range(100):
        probe = kubectl_try("create", "configmap", "engine-0", "--from-literal=a=b", "--dry-run=server")
        if effective in probe:
            return
    raise AssertionError(f"the policy does not work: {probe}")


def kubectl_try(*words: str) -> str:
    try:
        return kubectl(*words)
    except Exception as refusal:
        return str(refusal)


def test_existing_object_is_silent_at_preview_and_an_error_in_up(engine: Engine) -> None:
    if not refuses_taken_names():
        pytest.skip("the plugin in use takes over what exists: 4.29.0 is the first that refuses it")
    assert "1 error" not in engine.run("preview", STEP="exists")
    text = engine.up(fails=True, STEP="exists")
    assert 'API server: configmaps "kube-root-ca.crt" already exists' in text
    assert "Adopting a resource into Pulumi: use `pulumi import`" in text
    assert get("configmap", "kube-root-ca.crt", "-n", "default")["data"].keys() == {"ca.crt"}


def test_absent_kind_and_absent_namespace_are_accepted_at_preview(engine: Engine) -> None:
    assert "no-crd" in engine.preview(STEP="no-crd")
    assert "no-namespace" in engine.preview(STEP="no-namespace")


def test_denied_object_is_a_message_at_preview_and_an_error_in_up(
    engine: Engine, clean: None, tmp_path: object
) -> None:
    apply(policy("engine-test", ["Deny"], "not with this name"), tmp_path)
    wait_for_policy("not with this name")
    text = engine.run("preview", STEP="many", COUNT="1")
    assert re.search(r"Retry #0; creation failed: .*not with this name", text)
    text = engine.up(fails=True, STEP="many", COUNT="1")
    assert re.search(r'many-0" was not successfully created by the Kubernetes API server: .*not with this name', text)


def test_import_takes_up_an_existing_object(engine: Engine, clean: None) -> None:
    kubectl("create", "configmap", "engine-adopted", "--from-literal=a=b")
    uid = get("configmap", "engine-adopted")["metadata"]["uid"]
    assert "1 imported" in engine.up(STEP="import")
    engine.unchanged(STEP="import")
    assert get("configmap", "engine-adopted")["metadata"]["uid"] == uid


def test_upsert_takes_over_an_existing_object_when_its_fields_are_forced(engine: Engine, clean: None) -> None:
    kubectl("create", "configmap", "engine-taken", "--from-literal=a=b")
    uid = get("configmap", "engine-taken")["metadata"]["uid"]
    assert "conflict" in engine.up(fails=True, STEP="upsert", FORCE="")
    engine.up(STEP="upsert", FORCE="true")
    engine.unchanged(STEP="upsert", FORCE="true")
    live = get("configmap", "engine-taken")
    assert (live["metadata"]["uid"], live["data"]) == (uid, {"a": "c"})


def test_mutable_secrets_and_config_maps_change_in_place_and_stay_secret(engine: Engine) -> None:
    engine.up(STEP="mutable", VALUE="first-value")
    uid = get("secret", "engine-secret")["metadata"]["uid"]
    assert engine.preview(STEP="mutable", VALUE="second-value") == {"secret": "update", "config": "update"}
    engine.up(STEP="mutable", VALUE="second-value")
    engine.unchanged(STEP="mutable", VALUE="second-value")
    assert get("secret", "engine-secret")["metadata"]["uid"] == uid
    encoded = "c2Vjb25kLXZhbHVl"
    secret = json.loads(engine.run("stack", "export"))["deployment"]["resources"]
    assert encoded not in json.dumps([r for r in secret if r["type"].endswith(":Secret")])
    assert encoded not in engine.run("preview", "--diff", STEP="mutable", VALUE="third-value")
