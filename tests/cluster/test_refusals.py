"""Settings that cannot work, through the real engine: refused at preview, explained, and nothing is created."""

from typing import Any

import pytest

from lab.observe import get
from lab.paths import REPO
from lab.stacks import Stack
from tests.cluster import evidence

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def refused(lab: None) -> Stack:
    """A stack that is never deployed."""
    return Stack("refused", REPO / "Pulumi.dev.yaml", {"namespace": "refused", "lws": "existing"})


CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown setting": ({"node": 2}, ["nim.node", "nodes"]),
    "no nodes": ({"nodes": 0}, ["nim.nodes = 0", "from 1"]),
    "TP × PP that is not nodes × GPUs per node": (
        {"tensorParallel": 3},
        ["tensor parallel 3 × pipeline parallel 1 = 3", "2 nodes × 1 GPUs per node = 2", "1 × 2", "2 × 1"],
    ),
    "neither a storage class nor a claim": ({"storage": {"storageClass": None}}, ["storageClass", "existingClaim"]),
    "a port out of range": ({"ports": {"server": 70000}}, ["nim.ports.server = 70000", "1 to 65535"]),
    "a name that is too long": ({"name": "n" * 41}, ["nim.name", "40"]),
}


@pytest.mark.parametrize("case", CASES)
def test_preview_refuses(refused: Stack, case: str) -> None:
    overrides, expected = CASES[case]
    text = evidence.refused_preview(refused, overrides)
    for part in expected:
        assert part in text


def test_preview_refuses_a_licensed_image_without_a_key(refused: Stack) -> None:
    text = evidence.refused_preview(
        refused, {"image": "nvcr.io/nim/meta/llama:2.0.0"}, without=("nim-stack:ngcApiKey",)
    )
    assert "nvcr.io/nim/meta/llama:2.0.0" in text
    assert "pulumi config set --secret ngcApiKey" in text
    assert "nim.secrets.imagePullSecrets" in text


def test_preview_names_all_problems_at_once(refused: Stack) -> None:
    overrides = {"nodes": 0, "node": 2, "ports": {"ray": 0}, "storage": {"storageClass": None}, "name": "Nim"}
    text = evidence.refused_preview(refused, overrides)
    for path in ("nim.nodes", "nim.node ", "nim.ports.ray", "nim.storage", "nim.name"):
        assert path in text, text


def test_the_pattern_for_production_previews_here(lab: None) -> None:
    prod = Stack("prod", REPO / "Pulumi.prod.yaml")
    prod.configure()
    steps = evidence.preview(prod)
    group = next(step for step in steps if step["newState"]["type"].endswith(":LeaderWorkerSet"))
    template = group["newState"]["inputs"]["spec"]["leaderWorkerTemplate"]
    assert template["size"] == 2
    for role in ("leaderTemplate", "workerTemplate"):
        (container,) = template[role]["spec"]["containers"]
        assert container["image"].startswith("nvcr.io/nim/")
        assert container["resources"]["limits"]["nvidia.com/gpu"] == "8"
    assert "llm" not in [item["metadata"]["name"] for item in get("namespaces")["items"]]
