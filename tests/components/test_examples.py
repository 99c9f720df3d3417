"""The program on each example stack: what it asks the engine for is what `nim-stack render` shows."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.components.recorder import Recording, deploy
from tests.examples import NAMES, Example

ROOT = Path(__file__).parents[2]


def run(example: Example, *, preview: bool = False) -> Recording:
    keys = {f"nim-stack:{key}": f"{key}-of-a-test" for key in example.keys}
    return deploy(
        lambda: runpy.run_path(str(ROOT / "__main__.py")),
        config={"nim-stack:nim": json.dumps(example.file.settings), **keys},
        secret_keys=tuple(keys),
        preview=preview,
    )


def objects(recording: Recording) -> list[dict[str, Any]]:
    """Kubernetes objects but for Secrets and the smoke Job, in the order of their names."""
    kinds = {name: request.type for name, request in recording.requests.items()}
    found = [recording.inputs(name) for name, kind in kinds.items() if kind.startswith("kubernetes:")]
    return in_order(item for item in found if item["kind"] != "Secret" and not _is_smoke(item))


def _is_smoke(item: dict[str, Any]) -> bool:
    labels: dict[str, str] = item["metadata"].get("labels") or {}
    return labels.get("app.kubernetes.io/component") == "smoke"


def in_order(manifests: Any) -> list[dict[str, Any]]:
    return sorted(manifests, key=lambda item: (item["kind"], item["metadata"]["name"]))


@pytest.mark.parametrize("name", NAMES)
def test_the_program_makes_what_is_rendered(name: str) -> None:
    example = Example(name)
    assert objects(run(example)) == in_order(example.manifests)


@pytest.mark.parametrize("name", NAMES)
def test_a_first_preview_shows_every_object_whole(name: str) -> None:
    """Nothing is unknown but what only the cluster can say, so that a review sees it and the webhooks judge it."""
    example = Example(name)
    assert objects(run(example, preview=True)) == in_order(example.manifests)


@pytest.mark.parametrize("name", [name for name in NAMES if Example(name).keys])
def test_no_key_leaves_its_secret(name: str) -> None:
    example = Example(name)
    recording = run(example)
    for key in example.keys:
        holders = {request for request in recording.requests if f"{key}-of-a-test" in str(recording.inputs(request))}
        assert holders
        assert {recording.requests[holder].type for holder in holders} == {"kubernetes:core/v1:Secret"}
