"""ModelCache: the claim stays what it is."""

from typing import Any

import pulumi
import pytest

from nim_stack.components.model_cache import ModelCache, ModelCacheArgs
from tests.components.recorder import deploy, known

ARGS: ModelCacheArgs = {"deployment": "nim", "namespace": "models", "storage_class": "shared", "size": "10Gi"}


def test_the_claim_is_read_write_many_and_named_after_the_deployment() -> None:
    recording = deploy(lambda: ModelCache("cache", ARGS))
    inputs = recording.inputs("nim-model-cache")
    assert (inputs["metadata"]["name"], inputs["metadata"]["namespace"]) == ("nim-model-cache", "models")
    assert inputs["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "shared",
        "resources": {"requests": {"storage": "10Gi"}},
    }
    assert recording.outputs["cache"] == {"claim": "nim-model-cache"}


def test_a_changed_class_is_refused_and_never_a_replacement() -> None:
    """The engine ignores the class in diffs, so that the claim it knows comes back with the class it has."""
    live = {"nim-model-cache": {"spec": {"storageClassName": "old"}}}
    with pytest.raises(pulumi.RunError) as refused:
        deploy(lambda: ModelCache("cache", ARGS), live=live)
    assert str(refused.value) == (
        "nim.storage.storageClass = 'shared': the claim nim-model-cache has the class 'old', and a claim cannot change "
        "it; replacing the claim would delete the weights. Set it back to 'old'; or deploy under another nim.name, "
        "which makes a new claim; or make a claim yourself and name it in nim.storage.existingClaim."
    )
    recording = deploy(lambda: ModelCache("cache", ARGS))
    assert list(recording.requests["nim-model-cache"].ignoreChanges) == ["spec.storageClassName"]
    assert not recording.requests["nim-model-cache"].replaceOnChanges


def test_an_existing_claim_is_used_and_nothing_made() -> None:
    found: list[Any] = []

    def program() -> None:
        args: ModelCacheArgs = {"deployment": "nim", "namespace": "models", "existing_claim": "weights"}
        known(ModelCache("cache", args).claim, found)

    recording = deploy(program)
    assert found == ["weights"]
    assert recording.names_of("PersistentVolumeClaim") == []


@pytest.mark.parametrize("change", [{"existing_claim": "weights"}, {"storage_class": None}])
def test_one_of_class_and_claim(change: dict[str, Any]) -> None:
    with pytest.raises(
        pulumi.RunError, match=r"ModelCache cache: .*\n  - NIM003 args .*: give either storage_class or existing"
    ):
        deploy(lambda: ModelCache("cache", {**ARGS, **change}))  # type: ignore[typeddict-item]
