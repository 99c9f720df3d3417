"""A namespace that the stack made and gives up, with the real engine: refused while it would be deleted, kept once the
state says that it is retained."""

from collections.abc import Iterator
from typing import Any

import pytest

from lab.observe import get, kubectl
from lab.paths import REPO
from lab.stacks import Stack
from tests.cluster import evidence

pytestmark = pytest.mark.cluster

SPACE = "kept"
OWN: dict[str, Any] = {"namespace": SPACE, "name": SPACE, "replicas": 0, "storage": {"retain": False}}


def identity() -> str:
    """Of the namespace, which another one of the same name would not have."""
    metadata = get("namespace", SPACE)["metadata"]
    assert "deletionTimestamp" not in metadata
    return str(metadata["uid"])


@pytest.fixture(scope="module")
def owner(undeployed: Stack) -> Iterator[Stack]:
    """A stack without groups that made its namespace."""
    stack = Stack(SPACE, REPO / "Pulumi.dev.yaml", OWN)
    stack.configure()
    try:
        stack.pulumi("up", "--yes", "--skip-preview")
        yield stack
    finally:
        stack.pulumi("destroy", "--yes", "--skip-preview", check=False)
        kubectl("delete", "namespace", SPACE, "--ignore-not-found")


def test_a_namespace_is_given_up_in_two_updates_and_stays(owner: Stack) -> None:
    before = identity()
    owner.configure({"createNamespace": False})
    for words in (("preview",), ("up", "--yes", "--skip-preview")):
        text = evidence.fails(owner, *words)
        assert f"this stack made the namespace {SPACE}" in text
        assert "Set nim.createNamespace back to true and nim.storage.retain to true" in text
        assert identity() == before
    owner.configure({"createNamespace": True, "storage": {"retain": True}})
    owner.pulumi("up", "--yes", "--skip-preview")
    owner.configure({"createNamespace": False})
    owner.pulumi("up", "--yes", "--skip-preview")
    assert identity() == before
    owner.pulumi("preview", "--expect-no-changes")
