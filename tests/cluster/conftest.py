"""The stack that the cluster tests deploy, with the real engine, in the order of the tests."""

from collections.abc import Iterator

import pytest

from lab import stacks
from lab.observe import kubectl
from lab.paths import REPO
from lab.stacks import Stack


@pytest.fixture(scope="session")
def undeployed(lab: None) -> Stack:
    """The stack, with nothing in the cluster of what `make up`, or a run that was broken off, left."""
    stack = Stack("test", REPO / "Pulumi.dev.yaml", {"storage": {"retain": True}})
    other = stacks.dev()
    if other.file.exists():  # `make up` ran before: its LWS install would clash with ours
        other.pulumi("destroy", "--yes", "--skip-preview")
    stack.configure()
    stack.pulumi("destroy", "--yes", "--skip-preview")
    kubectl("delete", "namespace", "nim", "--ignore-not-found")
    return stack


@pytest.fixture(scope="session")
def stack(undeployed: Stack) -> Iterator[Stack]:
    """A stack of the dev pattern that keeps its weights; destroyed at the end whatever happened."""
    yield undeployed
    undeployed.pulumi("destroy", "--yes", "--skip-preview", check=False)
    kubectl("delete", "namespace", "nim", "--ignore-not-found")
