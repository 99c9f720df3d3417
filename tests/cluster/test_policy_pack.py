"""The policy pack in previews of the real engine: each policy violated and kept, its levels, and what is not known."""

import json
import re
from pathlib import Path

import pytest
from nim_policy.policies import NOT_JUDGED, POLICIES

from lab import policy
from lab.paths import REPO
from lab.stacks import Stack
from nim_stack.base.documents import Json

pytestmark = pytest.mark.cluster

NAMES = [described.name for described in POLICIES]

VIOLATED: Json = {
    "namespace": "policed",
    "image": "localhost/nim-lab/open-nim:latest",
    "service": {"type": "NodePort"},
    "storage": {"retain": False},
    "tensorParallel": 2,
    "pipelineParallel": 1,
}
KEPT: Json = {
    "namespace": "policed",
    "service": {"type": "NodePort"},
    "networkPolicy": {"download": [{"ipBlock": {"cidr": "10.244.0.1/32"}}]},
    "storage": {"retain": True},
    "tensorParallel": 1,
    "pipelineParallel": 2,
}
"""Settings of the stack dev that violate every policy, and that keep every one."""

PARAMETERS: dict[str, Json] = {
    "gpu-budget": {"namespaces": {"policed": 1}},
    "allowed-models": {"models": ["meta-llama/*"]},
    "allowed-images": {"images": ["registry.k8s.io/lws/*", "nvcr.io/*"]},
}
GENEROUS: dict[str, Json] = {
    "gpu-budget": {"stack": 2, "namespace": 2},
    "allowed-models": {"models": ["lab/*"]},
    "allowed-images": {"images": ["registry.k8s.io/lws/*", "localhost/nim-lab/*"]},
}
SAYS = {
    "gpu-budget": "The namespace policed can ask for 2 GPUs, and its budget is 1: LeaderWorkerSet nim has",
    "pinned-images": "has the tag latest, which moves",
    "rdma-for-tensor-parallel": "has tensor parallel 2 and GPUs per pod: 1",
    "weights-retained": "PersistentVolumeClaim nim-model-cache holds the weights and is deleted with the stack",
    "guarded-routes": "Service nim-leader opens LeaderWorkerSet nim to the outside, and nothing guards it",
    "allowed-models": "LeaderWorkerSet nim serves or downloads hf://lab/tiny-llama, which is not allowed",
    "allowed-images": "The image localhost/nim-lab/open-nim:latest of LeaderWorkerSet nim",
}
"""What each policy says of the settings that violate it."""


def configuration(folder: Path, parameters: dict[str, Json], level: str | None) -> Path:
    """A file for `--policy-pack-config`.

    Args:
        level: of every policy; the pack's own without it.
    """
    said = {name: {**({"enforcementLevel": level} if level else {}), **parameters.get(name, {})} for name in NAMES}
    file = folder / "policies.json"
    file.write_text(json.dumps(said))
    return file


def preview(stack: Stack, file: Path) -> tuple[int, str]:
    """Exit code and output of a preview with the pack."""
    code, text = stack.attempt(
        "preview", "--policy-pack", str(policy.executable()), "--policy-pack-config", str(file), "--color", "never"
    )
    assert "nim-stack@v" in text, text
    assert "Traceback" not in text, text
    assert "can't run policy" not in text, text
    return code, text


def said(text: str) -> dict[str, set[str]]:
    """Policy → levels at which it says something."""
    found: dict[str, set[str]] = {}
    for level, name in re.findall(r"^\s+- \[(\w+)\]\s+([\w-]+)\s", text, re.MULTILINE):
        found.setdefault(name, set()).add(level)
    return found


@pytest.fixture(scope="module")
def stack(lab: None) -> Stack:
    """A stack that is never deployed."""
    return Stack("policed", REPO / "Pulumi.dev.yaml")


@pytest.fixture(scope="module")
def refused(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """Every policy mandatory, and violated."""
    stack.configure(VIOLATED)
    return preview(stack, configuration(tmp_path_factory.mktemp("refused"), PARAMETERS, "mandatory"))


@pytest.fixture(scope="module")
def kept(lab: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """Every policy mandatory, and kept."""
    stack = Stack("keeps", REPO / "Pulumi.dev.yaml")
    stack.configure(KEPT)
    return preview(stack, configuration(tmp_path_factory.mktemp("kept"), GENEROUS, "mandatory"))


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_that_is_violated_refuses_the_preview(refused: tuple[int, str], name: str) -> None:
    code, text = refused
    assert code != 0
    assert said(text)[name] == {"mandatory"}
    assert SAYS[name] in text


@pytest.mark.parametrize("name", [*NAMES, NOT_JUDGED])
def test_a_policy_that_is_kept_says_nothing(kept: tuple[int, str], name: str) -> None:
    code, text = kept
    assert code == 0, text
    assert name not in said(text)


def test_a_policy_has_the_level_that_is_asked_for(refused: object, stack: Stack, tmp_path: Path) -> None:
    """The pack's own without one; advisory ones let the preview through, and disabled ones are mute."""
    code, text = preview(stack, configuration(tmp_path, PARAMETERS, None))
    assert code != 0
    assert said(text) == {described.name: {described.level} for described in POLICIES}
    code, text = preview(stack, configuration(tmp_path, PARAMETERS, "advisory"))
    assert code == 0, text
    assert said(text) == {name: {"advisory"} for name in NAMES}
    code, text = preview(stack, configuration(tmp_path, PARAMETERS, "disabled"))
    assert (code, said(text)) == (0, {})


def test_a_parameter_is_held_against_its_schema(refused: object, stack: Stack, tmp_path: Path) -> None:
    file = configuration(tmp_path, {"gpu-budget": {"stack": "many"}}, None)
    code, text = stack.attempt(
        "preview", "--policy-pack", str(policy.executable()), "--policy-pack-config", str(file), "--color", "never"
    )
    assert code != 0
    assert "gpu-budget" in text
    assert "stack" in text


def test_what_is_not_known_is_said_and_can_refuse(lab: None, tmp_path: Path) -> None:
    project = Path(__file__).parent / "unknown_claim"
    stack = Stack("unknown", project / "Pulumi.yaml", project=project)
    stack.write({"config": {}}, without=stack.secrets)
    file = configuration(tmp_path, GENEROUS, "mandatory")
    code, text = preview(stack, file)
    assert code == 0, text
    assert said(text) == {NOT_JUDGED: {"advisory"}}
    for name in NAMES:
        if name != "guarded-routes":  # nothing of this stack is public
            assert f"{name}: " in text
    assert "spec is not known before the update" in text
    file.write_text(json.dumps({**json.loads(file.read_text()), NOT_JUDGED: "mandatory"}))
    code, text = preview(stack, file)
    assert code != 0
    assert said(text) == {NOT_JUDGED: {"mandatory"}}
