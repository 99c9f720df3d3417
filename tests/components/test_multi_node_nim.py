"""MultiNodeNim on its own, as other programs compose it."""

import re
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_stack.components.model_download import ModelDownload
from nim_stack.components.multi_node_nim import MultiNodeNim, MultiNodeNimArgs
from tests.components.recorder import deploy

ROOT = Path(__file__).parents[2]
SETTINGS: dict[str, Any] = {
    "model": "hf://org/tiny",
    "nodes": 2,
    "gpusPerNode": 1,
    "image": "registry.example/open-nim:1",
    "storage": {"existingClaim": "weights"},
}
ARGS: MultiNodeNimArgs = {
    "settings": SETTINGS,
    "namespace": "models",
    "cache_claim": "weights",
}


def test_what_the_component_depends_on_reaches_the_group() -> None:
    """Pulumi does not hand `depends_on` from a component to its children."""

    def program() -> None:
        first = k8s.core.v1.ConfigMap("first", metadata={"name": "first"})
        MultiNodeNim("nim", ARGS, pulumi.ResourceOptions(depends_on=[first]))

    assert deploy(program).dependencies("nim-group") == {"first"}


def test_pods_of_a_deployment_without_keys_refer_to_none() -> None:
    pod = deploy(lambda: MultiNodeNim("nim", ARGS)).inputs("nim-group")["spec"]["leaderWorkerTemplate"]
    for role in ("leaderTemplate", "workerTemplate"):
        assert "imagePullSecrets" not in pod[role]["spec"]
        assert "secretKeyRef" not in str(pod[role]["spec"])


def test_the_preview_of_a_first_deployment_shows_the_whole_group() -> None:
    """Nothing in it is unknown, so that the API server's webhooks judge it at preview."""
    recording = deploy(lambda: MultiNodeNim("nim", ARGS), preview=True)
    spec = recording.inputs("nim-group")["spec"]
    assert spec["leaderWorkerTemplate"]["size"] == 2
    assert "04da6b54-80e4-46f7-96ec-b56ff0331ba9" not in str(spec)


def test_nvlink_between_nodes_makes_a_domain_in_the_same_namespace() -> None:
    args: MultiNodeNimArgs = {**ARGS, "settings": SETTINGS | {"fabric": "nvlink-multi-node"}}
    recording = deploy(lambda: MultiNodeNim("nim", args))
    domain = recording.inputs("nim-nvlink")
    assert (domain["kind"], domain["metadata"]["namespace"]) == ("ComputeDomain", "models")
    assert domain["spec"]["channel"] == {"resourceClaimTemplate": {"name": "nim-nvlink-channel"}}
    assert recording.parent("nim-nvlink") == "nim"
    assert deploy(lambda: MultiNodeNim("nim", ARGS)).names_of("ComputeDomain") == []


def test_a_licensed_image_needs_the_names_of_its_secrets() -> None:
    settings = {key: value for key, value in SETTINGS.items() if key != "image"}
    args: MultiNodeNimArgs = {**ARGS, "settings": settings}
    with pytest.raises(
        pulumi.RunError, match=r"MultiNodeNim nim: .*\n  - NIM070 ngcApiKey: the image nvcr.io/nim/nvidia/model-"
    ):
        deploy(lambda: MultiNodeNim("nim", args))
    named: MultiNodeNimArgs = {**args, "api_secret": "ngc", "pull_secrets": ["pull"]}
    assert deploy(lambda: MultiNodeNim("nim", named)).names_of("LeaderWorkerSet") == ["nim-group"]


def test_the_example_of_the_readme_works() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    scope: dict[str, Any] = {}
    recording = deploy(lambda: exec(example, scope))
    assert recording.names_of("LeaderWorkerSet") == ["chat-group", "code-group"]
    assert {recording.inputs(f"{name}-group")["metadata"]["name"] for name in ("chat", "code")} == {"chat", "code"}
    assert recording.dependencies("chat-group") == {"weights-claim"}
    assert recording.provider("weights-claim") == "cluster-cluster-adopting"
    assert recording.provider("chat-group") == "cluster-cluster"


def test_a_claim_beside_another_place_is_refused() -> None:
    args: MultiNodeNimArgs = {**ARGS, "settings": SETTINGS | {"storage": {"perPod": {}}}}
    with pytest.raises(pulumi.RunError, match=r"MultiNodeNim nim: cache_claim names a claim, and nim.storage.perPod"):
        deploy(lambda: MultiNodeNim("nim", args))


def test_an_air_gapped_group_needs_pull_secrets_alone() -> None:
    settings = {key: value for key, value in SETTINGS.items() if key != "image"} | {"download": {"disabled": True}}
    args: MultiNodeNimArgs = {**ARGS, "settings": settings, "pull_secrets": ["pull"]}
    assert deploy(lambda: MultiNodeNim("nim", args)).names_of("LeaderWorkerSet") == ["nim-group"]


def test_a_download_can_be_composed_with_several_groups() -> None:
    settings = SETTINGS | {"download": {"job": True}}

    def program() -> None:
        args: MultiNodeNimArgs = {**ARGS, "settings": settings}
        first = ModelDownload("weights", args)
        MultiNodeNim("nim", args, pulumi.ResourceOptions(depends_on=[first]))

    recording = deploy(program)
    assert "weights-job" in recording.dependencies("nim-group")
    assert recording.inputs("weights-job")["metadata"]["namespace"] == "models"
