"""A stack of commit 65852cd, updated by this code with the real engine: nothing is created, replaced or deleted."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from lab.observe import get, kubectl
from lab.paths import REPO
from lab.stacks import Stack

pytestmark = pytest.mark.cluster

OLD = "65852cd"
SPACE = "upgraded"
OWN: dict[str, Any] = {"namespace": SPACE, "name": SPACE, "replicas": 0, "storage": {"retain": True}}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, undeployed: Stack) -> Iterator[Stack]:
    """The stack, as the program of that commit makes it."""
    folder = tmp_path_factory.mktemp("old")
    archive = subprocess.run(["git", "archive", OLD], cwd=REPO, capture_output=True, check=True).stdout
    subprocess.run(["tar", "x", "-C", str(folder)], input=archive, check=True)
    stack = Stack(SPACE, REPO / "Pulumi.dev.yaml", OWN, folder, {"PYTHONPATH": str(folder)})
    stack.configure()
    try:
        stack.pulumi("up", "--yes", "--skip-preview")
        yield stack
    finally:
        after(stack).pulumi("destroy", "--yes", "--skip-preview", check=False)
        kubectl("delete", "namespace", SPACE, "--ignore-not-found")


def after(stack: Stack) -> Stack:
    """The same stack with the program of this tree."""
    return Stack(stack.name, stack.template, stack.layers[0])


def identity() -> str:
    (claim,) = get("persistentvolumeclaim", "-n", SPACE)["items"]
    return str(claim["metadata"]["uid"])


def test_a_stack_of_an_earlier_version_is_updated_and_the_claim_is_the_same(before: Stack) -> None:
    claim = identity()
    now = after(before)
    steps = json.loads(now.pulumi("preview", "--json", "--show-sames"))["steps"]
    assert {step["op"] for step in steps} <= {"same", "update"}
    claims = [step for step in steps if step["newState"]["type"].endswith(":PersistentVolumeClaim")]
    assert [(step["op"], step["newState"]["urn"].rpartition("::")[2]) for step in claims] == [
        ("same", "nim-cache-claim")
    ]
    now.pulumi("up", "--yes", "--skip-preview")
    now.pulumi("preview", "--expect-no-changes")
    assert identity() == claim
