"""The split that is chosen, and what is said about it."""

from typing import Any

import pytest

from nim_stack.catalog.profiles import Profile, read_profile
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.plan import DeploymentPlan, plan_deployment
from tests.unit.conftest import TINY

STORAGE = {"storage": {"storageClass": "shared"}}


def plan(**settings: Any) -> DeploymentPlan:
    return plan_deployment(STORAGE | settings, keys=EVERY_KEY)


@pytest.mark.parametrize(
    ("settings", "sizes", "reason"),
    [
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "nodes": 2, "gpu": "h100"},
            (8, 2),
            "tensor parallel 8: the GPUs of a node, which llama-3.1-405b-instruct can be divided by; pipeline "
            "parallel 2: the rest",
            id="nothing is given",
        ),
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "nodes": 4, "gpusPerNode": 6, "gpu": "h100"},
            (2, 12),
            "tensor parallel 2: the largest size up to 6 that llama-3.1-405b-instruct can be divided by and that "
            "leaves whole stages; pipeline parallel 12: the rest",
            id="six GPUs on a node",
        ),
        pytest.param(
            {"model": "qwen3-235b-a22b", "precision": "fp8", "nodes": 2, "gpu": "h100"},
            (4, 4),
            "tensor parallel 4: the largest size up to 8 that qwen3-235b-a22b can be divided by and that leaves "
            "whole stages; pipeline parallel 4: the rest",
            id="experts with blocks of FP8",
        ),
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "nodes": 4, "gpu": "gb200", "fabric": "nvlink-multi-node"},
            (16, 1),
            "tensor parallel 16: NVLink joins the nodes, so that tensor parallel spans them; pipeline parallel "
            "1: the rest",
            id="NVLink over nodes",
        ),
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "nodes": 2, "gpu": "h100", "tensorParallel": 4},
            (4, 4),
            "tensor parallel as given; 16 GPUs / 4 = 4 stages",
            id="tensor parallel is given",
        ),
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "nodes": 2, "gpu": "h100", "pipelineParallel": 4},
            (4, 4),
            "pipeline parallel as given; 16 GPUs / 4 = 4",
            id="pipeline parallel is given",
        ),
        pytest.param(
            TINY,
            (1, 2),
            "the GPUs of a node × the nodes; the model's shape is not known",
            id="a model of unknown shape",
        ),
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "tensorParallel": 8, "pipelineParallel": 4, "gpu": "h100"},
            (8, 4),
            "nodes 4: as many as the two parallel sizes need",
            id="the nodes follow from both sizes",
        ),
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "profile": "vllm-bf16-tp8-pp2", "gpu": "h100"},
            (8, 2),
            "nodes 2: as many as the two parallel sizes need",
            id="the nodes follow from a profile",
        ),
    ],
)
def test_what_is_not_given_is_chosen_and_said(settings: dict[str, Any], sizes: tuple[int, int], reason: str) -> None:
    found = plan(**settings)
    assert (found.tensor_parallel, found.pipeline_parallel) == sizes
    assert reason in found.reasons


def test_gpus_of_a_node_are_those_of_the_type() -> None:
    found = plan(model="deepseek-r1", nodes=2, gpu="gb200")
    assert (found.gpus_per_node, found.gpus_per_group) == (4, 8)


def test_expert_parallel_keeps_experts_whole() -> None:
    settings = {"model": "qwen3-235b-a22b", "precision": "fp8", "nodes": 2, "gpu": "h100"}
    assert plan(**settings, passthroughArgs=["--enable-expert-parallel"]).tensor_parallel == 8


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        pytest.param("vllm-fp16-tp8-pp2", Profile("vllm", "fp16", 8, 2), id="both sizes"),
        pytest.param("vllm-bf16-tp8-pp1-lora", Profile("vllm", "bf16", 8, 1), id="an addition behind the sizes"),
        pytest.param("vllm-nvfp4-tp4", Profile("vllm", "nvfp4", 4, 1), id="no stages"),
        pytest.param(
            "tensorrt_llm-h100-fp8-tp8-pp2-latency",
            Profile("tensorrt_llm", "fp8", 8, 2),
            id="another engine with its GPU",
        ),
        pytest.param("0" * 64, Profile(), id="a hash"),
        pytest.param("vllm-bf16-tp0-pp1", None, id="no rank"),
        pytest.param("default", None, id="another word"),
    ],
)
def test_profiles_are_read(text: str, profile: Profile | None) -> None:
    assert read_profile(text) == profile


def test_options_of_vllm_change_the_arithmetic() -> None:
    settings = {"model": "llama-3.1-405b-instruct", "nodes": 2, "gpu": "h100"}
    plain = plan(**settings).memory
    more = plan(**settings, passthroughArgs=["--gpu-memory-utilization=0.95", "--kv_cache_dtype", "fp8"]).memory
    assert plain is not None
    assert more is not None
    assert more.budget > plain.budget
    assert more.tokens > 2 * plain.tokens
