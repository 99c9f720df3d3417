"""What is said when the API server refuses another size of a claim, in its own words."""

import pulumi
import pytest

from nim_stack.components.hooks.claim_size import cannot_grow, size_hooks
from tests.components.recorder import deploy

RESIZE = (
    'persistentvolumeclaims "nim-model-cache" is forbidden: only dynamically provisioned pvc can be resized and the '
    "storageclass that provisions the pvc must support resize"
)
UNBOUND = (
    'PersistentVolumeClaim "nim-model-cache" is invalid: spec: Forbidden: spec is immutable after creation except '
    "resources.requests and volumeAttributesClassName for bound claims"
)
SMALLER = (
    'PersistentVolumeClaim "nim-model-cache" is invalid: spec.resources.requests.storage: Forbidden: field can not be '
    "less than status.capacity"
)


@pytest.mark.parametrize(
    ("error", "whole"),
    [
        pytest.param(
            RESIZE,
            "nim.storage.size: the claim nim-model-cache cannot grow, because its class 'nvme' does not allow "
            "expansion, or the volume was not made by it. The claim is as it was, and its pods go on. Set "
            "nim.storage.size back; or have the class allow it, if its driver can expand volumes (`kubectl "
            "patch storageclass nvme -p '{\"allowVolumeExpansion\": true}'`); or deploy under another nim.name, "
            "which makes a new claim; or make a claim yourself and name it in nim.storage.existingClaim.",
            id="a class without expansion",
        ),
        pytest.param(
            UNBOUND,
            "nim.storage.size: the claim nim-model-cache cannot grow before it is bound to a volume. See why "
            "it is not (`kubectl describe pvc nim-model-cache`), or set nim.storage.size back until it is.",
            id="a claim that is not bound",
        ),
        pytest.param(
            SMALLER,
            "nim.storage.size: the claim nim-model-cache that is there is larger, and a claim cannot shrink. "
            "Set nim.storage.size to what `kubectl get pvc nim-model-cache` shows, or more; or deploy under "
            "another nim.name, which makes a new claim; or make a claim yourself and name it in "
            "nim.storage.existingClaim.",
            id="a smaller size",
        ),
    ],
)
def test_a_refusal_of_the_size_is_explained_with_what_to_do(error: str, whole: str) -> None:
    assert cannot_grow("nim-model-cache", "nvme", f"update of resource failed: {error}") == whole


@pytest.mark.parametrize(
    "error", ["", 'persistentvolumeclaims "nim-model-cache" is forbidden: exceeded quota: team', "connection refused"]
)
def test_other_failures_are_left_to_their_own_words(error: str) -> None:
    assert cannot_grow("nim-model-cache", "nvme", error) is None


def test_the_explanation_is_an_error_and_asks_for_no_other_try() -> None:
    answers: list[bool] = []

    def program() -> None:
        (hook,) = size_hooks("cache-claim", "nim-model-cache", "nvme").on_error or []
        assert isinstance(hook, pulumi.ErrorHook)
        for error in (RESIZE, "connection refused"):
            args = pulumi.ErrorHookArgs("urn", "id", "claim", "type", failed_operation="update", errors=[error])
            answers.append(bool(hook.callback(args)))

    recording = deploy(program)
    assert answers == [False, False]
    assert len([line for line in recording.log if "cannot grow" in line]) == 1
