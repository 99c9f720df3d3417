"""ModelCache: the claim stays what it is."""

from typing import Any

import pulumi
import pytest

from nim_stack.components.model_cache import ModelCache, ModelCacheArgs
from tests.components.recorder import deploy, known

ARGS: ModelCacheArgs = {"deployment": "nim", "namespace": "models", "storage_class": "shared", "size": "10Gi"}


def test_the_claim_is_read_write_many_and_named_after_the_deployment() -> None:
    recording = deploy(lambda: ModelCache("cache", ARGS))
    inputs = recording.inputs("cache-claim")
    assert (inputs["metadata"]["name"], inputs["metadata"]["namespace"]) == ("nim-model-cache", "models")
    assert inputs["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "shared",
        "resources": {"requests": {"storage": "10Gi"}},
    }
    assert recording.outputs["cache"] == {"claim": "nim-model-cache"}


def test_a_changed_class_is_refused_and_never_a_replacement() -> None:
    """The engine ignores the class in diffs, so that the claim it knows comes back with the class it has."""
    live = {"cache-claim": {"spec": {"storageClassName": "old"}}}
    with pytest.raises(pulumi.RunError) as refused:
        deploy(lambda: ModelCache("cache", ARGS), live=live)
    assert str(refused.value) == (
        "nim.storage.storageClass = 'shared': the claim nim-model-cache has the class 'old', and a claim cannot change "
        "it; replacing the claim would delete the weights. Set it back to 'old'; or deploy under another nim.name, "
        "which makes a new claim; or make a claim yourself and name it in nim.storage.existingClaim."
    )
    recording = deploy(lambda: ModelCache("cache", ARGS))
    assert list(recording.requests["cache-claim"].ignoreChanges) == ["spec.storageClassName", "spec.accessModes"]
    assert not recording.requests["cache-claim"].replaceOnChanges


def test_an_existing_claim_is_used_and_nothing_made() -> None:
    found: list[Any] = []

    def program() -> None:
        args: ModelCacheArgs = {"deployment": "nim", "namespace": "models", "existing_claim": "weights"}
        known(ModelCache("cache", args).claim, found)

    recording = deploy(program)
    assert found == ["weights"]
    assert recording.names_of("PersistentVolumeClaim") == []


@pytest.mark.parametrize(
    "change",
    [pytest.param({"existing_claim": "weights"}, id="both"), pytest.param({"storage_class": None}, id="neither")],
)
def test_one_of_class_and_claim(change: dict[str, Any]) -> None:
    with pytest.raises(
        pulumi.RunError, match=r"ModelCache cache: .*\n  - NIM003 args .*: give either storage_class or existing"
    ):
        deploy(lambda: ModelCache("cache", {**ARGS, **change}))  # type: ignore[typeddict-item]


def test_a_changed_access_mode_is_refused_and_never_a_replacement() -> None:
    live = {"cache-claim": {"spec": {"storageClassName": "shared", "accessModes": ["ReadWriteOnce"]}}}
    with pytest.raises(pulumi.RunError, match=r"nim.storage.accessMode = 'ReadWriteMany': the claim nim-"):
        deploy(lambda: ModelCache("cache", ARGS), live=live)


def claim_of(size: str) -> dict[str, Any]:
    return {"spec": {"resources": {"requests": {"storage": size}}}}


def shrink(present: dict[str, Any] | None, wanted: dict[str, Any]) -> None:
    """What the engine asks before an update, in a preview too."""
    recording = deploy(lambda: ModelCache("cache", ARGS))
    request = recording.requests["cache-claim"]
    (name,) = request.hooks.before_update
    hook = recording.resource_hooks[name]
    assert hook.opts is not None
    assert hook.opts.on_dry_run
    hook(pulumi.ResourceHookArgs("urn", "id", "cache-claim", "type", wanted, None, None, present))


def test_a_claim_that_would_shrink_is_refused_before_the_update() -> None:
    with pytest.raises(ValueError, match=r"nim\.storage\.size") as refused:
        shrink(claim_of("1Ti"), claim_of("900Gi"))
    assert str(refused.value) == (
        "nim.storage.size = '900Gi': the claim nim-model-cache has 1Ti, and a claim cannot shrink; replacing it would "
        "delete the weights. Set nim.storage.size to '1Ti' or more; or deploy under another nim.name, which makes a "
        "new claim; or make a claim yourself and name it in nim.storage.existingClaim."
    )


def test_a_size_that_no_setting_takes_is_compared_too() -> None:
    with pytest.raises(ValueError, match="the claim nim-model-cache has 1Ei, and a claim cannot shrink"):
        shrink(claim_of("1Ei"), claim_of("1Gi"))


@pytest.mark.parametrize(
    ("present", "wanted"),
    [
        pytest.param(claim_of("1Ti"), claim_of("1024Gi"), id="the same size in another spelling"),
        pytest.param(claim_of("500Gi"), claim_of("1Ti"), id="a larger size"),
        pytest.param(None, claim_of("1Gi"), id="no claim yet"),
        pytest.param({"spec": None}, claim_of("1Gi"), id="a claim without a size"),
        pytest.param(claim_of("1Gi"), claim_of("1Ei"), id="a much larger size"),
        pytest.param(claim_of("1TB"), claim_of("1Gi"), id="a size that cannot be read"),
    ],
)
def test_a_claim_may_grow_or_stay(present: dict[str, Any] | None, wanted: dict[str, Any]) -> None:
    """And a size that cannot be compared is left to the API server."""
    shrink(present, wanted)


def test_annotations_are_beside_those_of_the_stack() -> None:
    args: ModelCacheArgs = {**ARGS, "annotations": {"backup.example/skip": "true"}}
    found = deploy(lambda: ModelCache("cache", args)).inputs("cache-claim")["metadata"]["annotations"]
    assert found == {
        "backup.example/skip": "true",
        "pulumi.com/skipAwait": "true",
        "pulumi.com/patchForce": "true",
    }


def test_a_namespace_that_is_not_known_yet_hides_nothing_else_of_the_claim() -> None:
    def program() -> None:
        later: Any = pulumi.CustomResource("kubernetes:core/v1:Namespace", "space", {}).id
        ModelCache("cache", {**ARGS, "namespace": later})

    found = deploy(program, unconfigured=True).inputs("cache-claim")
    assert found["spec"]["resources"] == {"requests": {"storage": "10Gi"}}
