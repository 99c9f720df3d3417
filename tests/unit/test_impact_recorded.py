"""What is said of previews by the real engine."""

import pytest
import yaml

from lab.paths import REPO
from nim_stack.operations.impact.effect import APPROVALS
from nim_stack.operations.impact.pages import page
from tests.unit.previews import HERE, changed, recorded

RECORDED = {
    "nothing": [],
    "first": ["gpus"],
    "max-model-len": ["outage"],
    "max-model-len-with-sames": ["outage"],
    "cpu-spelling": [],
    "existing-claim": ["outage", "deletion"],
    "moved": ["deletion", "address"],
    "namespace-given-up": ["outage", "deletion"],
    "lws-given-up": ["deletion"],
    "key-rotated": [],
    "key-rotated-with-sames": [],
    "storage-grows": [],
    "drift-refresh": [],
    "drift-only": [],
    "gone-refresh": [],
    "gone-only": [],
    "refused": [],
    "destroy": ["outage", "deletion", "address"],
}


def test_every_recorded_preview_is_in_the_table() -> None:
    assert {path.stem for path in HERE.glob("*.json")} == set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_what_needs_approval(name: str) -> None:
    kinds = dict.fromkeys(kind for kind, _ in recorded(name).approvals(list(APPROVALS)))
    assert list(kinds) == RECORDED[name]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        pytest.param("nothing", ["stack impact: needs no approval; nothing changes"], id="nothing"),
        pytest.param(
            "first",
            [
                "impact/nim  0 → 1             0      2        2  is made",
                "  1 group of 2 nodes made; serving after about 8 min (image pull, download, load), at most 25 min",
                "  impact/nim downloads hf://lab/tiny-llama (size not known), unless its cache holds it already",
                "  claim impact/nim-model-cache of 1Gi is made",
                "  the LWS controller is installed (19 objects)",
            ],
            id="first",
        ),
        pytest.param(
            "max-model-len",
            [
                "impact/nim       1            2      2        2  rolls, with an outage",
                "  outage: impact/nim serves nothing for about 5 min, at most 25 min (maxUnavailable 1 of 1 group; "
                "maxSurge 1 with maxUnavailable 0 would keep one serving)",
                "  rolls because of both roles: NIM_MAX_MODEL_LEN 512 → 256",
                "  impact/nim keeps its cache: nothing is downloaded",
            ],
            id="max-model-len",
        ),
        pytest.param("cpu-spelling", ["  only another spelling of the same; no pod restarts"], id="cpu-spelling"),
        pytest.param(
            "existing-claim",
            [
                "  deletion: claim impact/nim-model-cache is deleted, and the weights in it are lost",
                "  impact/nim changes from lost claim impact/nim-model-cache to claim impact/other: "
                "hf://lab/tiny-llama (size not known) is downloaded, unless it is there already",
            ],
            id="existing-claim",
        ),
        pytest.param(
            "moved",
            [
                "impact/nim       1            2      2        4  is replaced by another",
                "  both hold their GPUs meanwhile: 4",
                "  address: Service impact/nim-leader is replaced: clients have to use elsewhere/nim-leader",
                "  claim elsewhere/nim-model-cache of 1Gi is made",
            ],
            id="moved",
        ),
        pytest.param(
            "lws-given-up",
            [
                "  deletion: the LWS controller is deleted (17 objects; 2 CRDs stay): no group of the cluster "
                "is made, updated or restarted until another stack installs it; groups that serve go on"
            ],
            id="lws-given-up",
        ),
        pytest.param(
            "key-rotated",
            [
                "  Secret impact/nim-ngc-pull: .dockerconfigjson changes in place; pods that run keep what "
                "they have, new ones read it",
                "  2, unchanged",
            ],
            id="key-rotated",
        ),
        pytest.param(
            "key-rotated-with-sames",
            ["prove-impact/prove       1            2      2        2  unchanged"],
            id="key-rotated-with-sames",
        ),
        pytest.param(
            "storage-grows",
            ["  claim impact/nim-model-cache grows from 1Gi to 2Gi in place, if its class allows expansion"],
            id="storage-grows",
        ),
        pytest.param(
            "drift-refresh",
            [
                "  without a restart: rolloutStrategy.rollingUpdateConfiguration.maxUnavailable 2 → 1",
                "Changed outside of Pulumi",
                "  LeaderWorkerSet impact/nim: rolloutStrategy.rollingUpdateConfiguration.maxUnavailable 1 → 2",
            ],
            id="drift-refresh",
        ),
        pytest.param(
            "drift-only",
            [
                "stack impact: 2 changes made outside of Pulumi",
                "  Service impact/nim-leader: label app.kubernetes.io/name nim → edited",
            ],
            id="drift-only",
        ),
        pytest.param(
            "gone-refresh",
            ["stack prove-impact: needs no approval; 1 to create", "  Service prove-impact/prove-leader is gone"],
            id="gone-refresh",
        ),
        pytest.param(
            "gone-only",
            ["stack prove-impact: 1 change made outside of Pulumi", "  Service prove-impact/prove-leader is gone"],
            id="gone-only",
        ),
        pytest.param(
            "refused",
            ["stack impact: the preview failed", "  Pulumi.impact.yaml: one setting cannot work; nothing was changed."],
            id="refused",
        ),
    ],
)
def test_lines_of_the_page(name: str, lines: list[str]) -> None:
    text = page(recorded(name), list(APPROVALS))
    assert [line for line in lines if line not in text.splitlines()] == []


@pytest.mark.parametrize("name", RECORDED)
def test_warnings_are_those_of_the_plan_and_not_where_plugins_lie(name: str) -> None:
    warnings = recorded(name).preview.warnings
    assert [text for text in warnings if not text.startswith("NIM")] == []
    if name in ("max-model-len", "first"):
        assert [text.split()[0] for text in warnings] == ["NIM030"]


def test_that_the_program_ended_is_no_error_beside_its_reason() -> None:
    (error,) = recorded("refused").preview.errors
    assert "NIM022" in error


def test_what_was_said_once_is_not_said_again() -> None:
    text = page(recorded("destroy"), list(APPROVALS))
    assert text.count("claim impact/nim-model-cache is deleted") == 1
    assert page(recorded("destroy"), []).count("claim impact/nim-model-cache is deleted") == 1


def test_the_example_of_the_documentation_is_what_is_printed() -> None:
    prod = yaml.safe_load((REPO / "Pulumi.prod.yaml").read_text())["config"]["nim-stack:nim"]
    found = changed(prod, {**prod, "maxModelLen": 65536})
    assert page(found, list(APPROVALS)) in (REPO / "docs" / "impact.md").read_text()
