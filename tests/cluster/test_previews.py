"""The example stacks, and what `nim-stack import` writes, previewed by the real engine against the real cluster: every
object is asked of the API server, and the group is the one that was planned. Nothing is created.

The example of nvlink-multi-node is left out: it makes a ComputeDomain, whose CRD is in no module that can be had.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import extensions
from lab.observe import get
from lab.stacks import SECRETS, Stack
from nim_stack.cli.main import main
from nim_stack.cli.stack_files import read_stack_file
from nim_stack.cli.stack_plan import plan_of
from nim_stack.manifests.render import render
from tests.cluster import evidence
from tests.examples import NAMES, STACKS, Example

pytestmark = pytest.mark.cluster

IMPORTS = Path(__file__).parents[1] / "unit" / "imports"
PAGE = {
    "minimal": ["helm", "helm-page-minimal.yaml", "--model", "llama-3.1-405b-instruct"],
    "example-1": ["helm", "helm-page-example-1.yaml"],
    "example-2": ["helm", "helm-page-example-2.yaml", "--model", "llama-3.1-405b-instruct"],
    "example-3": ["helm", "helm-page-example-3.yaml"],
    "profile": ["helm", "helm-page-profile.yaml", "--model", "llama-3.1-405b-instruct"],
    "nimservice": ["nimservice", "nimservice-ray.yaml"],
}
"""What is imported; the options give what the file leaves open."""


@pytest.fixture(scope="module")
def previewed(lab: None) -> Iterator[Stack]:
    """A stack that is never deployed, whose file is another for each test."""
    extensions.install()
    yield Stack("previewed", STACKS / f"Pulumi.{NAMES[0]}.yaml")
    extensions.remove()


def group_of(stack: Stack, template: Path, keys: frozenset[str]) -> dict[str, Any]:
    """The LeaderWorkerSet that the engine would create."""
    stack.template = template
    stack.configure(without=[name for name in SECRETS if name.partition(":")[2] not in keys])
    before = [item["metadata"]["name"] for item in get("namespaces")["items"]]
    steps = evidence.preview(stack)
    assert {step["op"] for step in steps} == {"create"}
    assert [item["metadata"]["name"] for item in get("namespaces")["items"]] == before
    (group,) = (step for step in steps if step["newState"]["type"].endswith(":LeaderWorkerSet"))
    inputs: dict[str, Any] = group["newState"]["inputs"]
    return inputs


@pytest.mark.parametrize("name", [name for name in NAMES if name != "nvlink-multi-node"])
def test_an_example_previews_as_it_is_planned(previewed: Stack, name: str) -> None:
    example = Example(name)
    found = group_of(previewed, STACKS / f"Pulumi.{name}.yaml", example.keys)
    (planned,) = (item for item in example.manifests if item["kind"] == "LeaderWorkerSet")
    assert json.loads(json.dumps(found["spec"])) == json.loads(json.dumps(planned["spec"]))


@pytest.mark.parametrize("case", PAGE)
def test_what_is_imported_previews_as_it_is_planned(previewed: Stack, case: str, tmp_path: Path) -> None:
    kind, file, *options = PAGE[case]
    written = tmp_path / "Pulumi.imported.yaml"
    main(["import", kind, str(IMPORTS / file), *options, "-o", str(written)])
    assert written.exists()
    keys = frozenset(name.partition(":")[2] for name in SECRETS)
    found = group_of(previewed, written, keys)
    stack_file = read_stack_file("imported", tmp_path).assuming(keys)
    rendered = render(plan_of(stack_file))
    (planned,) = (item for item in rendered if item["kind"] == "LeaderWorkerSet")
    assert found["spec"]["leaderWorkerTemplate"]["size"] == 2
    assert json.loads(json.dumps(found["spec"])) == json.loads(json.dumps(planned["spec"]))
