"""A namespace that is given up is not deleted under a deployment that stays."""

from typing import Any

import pulumi
import pytest

from nim_stack.components.nim_stack import NimStack
from tests.components.recorder import deploy
from tests.components.test_nim_stack import SETTINGS

OWNED = {"namespace": "llm", "createNamespace": True, "retain": False}


def update(before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    """What the engine asks before an update of the component, in a preview too."""
    recording = deploy(lambda: NimStack("nim", {"settings": SETTINGS}))
    (name,) = recording.requests["nim"].hooks.before_update
    hook = recording.resource_hooks[name]
    assert hook.opts is not None
    assert hook.opts.on_dry_run
    hook(pulumi.ResourceHookArgs("urn", "id", "nim", "type", after, before, None, None))


def test_the_state_knows_whose_the_namespace_is() -> None:
    settings = SETTINGS | {"namespace": "llm", "storage": {"storageClass": "shared", "retain": False}}
    assert deploy(lambda: NimStack("nim", {"settings": settings})).inputs("nim") == OWNED


def test_a_namespace_that_would_be_deleted_is_refused() -> None:
    with pytest.raises(ValueError, match=r"nim\.createNamespace") as refused:
        update(OWNED, OWNED | {"createNamespace": False})
    assert str(refused.value) == (
        "nim.createNamespace = False: this stack made the namespace llm, and nim.storage.retain was false, so that the "
        "namespace would be deleted with everything in it, the model server as well. Set nim.createNamespace back to "
        "true and nim.storage.retain to true, and run `pulumi up`; then set nim.createNamespace to false, and the "
        "namespace stays."
    )


def test_to_retain_it_in_the_same_update_is_too_late() -> None:
    """The engine goes by what the state says of the object."""
    with pytest.raises(ValueError, match=r"nim\.createNamespace"):
        update(OWNED, OWNED | {"createNamespace": False, "retain": True})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(OWNED, OWNED | {"retain": True}, id="kept from now on"),
        pytest.param(
            OWNED | {"retain": True}, OWNED | {"retain": True, "createNamespace": False}, id="kept and given up"
        ),
        pytest.param(OWNED | {"createNamespace": False}, OWNED, id="taken over"),
        pytest.param(
            OWNED | {"createNamespace": False},
            OWNED | {"createNamespace": False, "retain": True},
            id="given up already and kept",
        ),
        pytest.param({}, OWNED | {"createNamespace": False}, id="never made by the stack"),
        pytest.param(None, OWNED, id="made first"),
    ],
)
def test_whatever_deletes_nothing_passes(before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    update(before, after)
