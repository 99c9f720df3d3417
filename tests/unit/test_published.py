"""Published deployments come out as published: the examples of NVIDIA's page, and what others run."""

from typing import Any

import pytest

from nim_stack.base.problems import RefusedError
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.plan import DeploymentPlan, plan_deployment

STORAGE = {"storageClass": "local-nfs", "size": "200Gi"}
SECRETS = {"ngcApiSecret": "ngc-api", "imagePullSecrets": ["nvcr-imagepull"], "hfTokenSecret": "hf-token"}
EXAMPLE_1 = {
    "model": "llama-3.1-405b-instruct",
    "nodes": 2,
    "gpusPerNode": 8,
    "tensorParallel": 8,
    "pipelineParallel": 2,
    "storage": STORAGE,
    "secrets": SECRETS,
}
"""https://docs.nvidia.com/nim/large-language-models/2.0.0/deployment/multi-node-deployment.html"""
EXAMPLE_2 = {
    "model": "llama-3.1-405b-instruct",
    "nodes": 2,
    "tensorParallel": 16,
    "pipelineParallel": 1,
    "storage": {"storageClass": "local-nfs"},
    "secrets": SECRETS,
}
EXAMPLE_3 = {
    "model": "hf://meta-llama/Llama-3.1-405B-Instruct",
    "nodes": 2,
    "tensorParallel": 8,
    "pipelineParallel": 2,
    "storage": STORAGE,
    "secrets": SECRETS,
}
FITTING = {"storageClass": "local-nfs", "size": "1Ti"}


def codes(plan: DeploymentPlan) -> list[str]:
    return [problem.rule.code for problem in plan.problems]


@pytest.mark.parametrize(
    ("example", "tensor", "pipeline", "warnings"),
    [
        pytest.param(EXAMPLE_1, 8, 2, ["NIM065"], id="example 1"),
        pytest.param(EXAMPLE_2, 16, 1, ["NIM030"], id="example 2"),
        pytest.param(EXAMPLE_3 | {"storage": FITTING}, 8, 2, [], id="example 3"),
        pytest.param(
            EXAMPLE_1 | {"tensorParallel": None, "pipelineParallel": None, "storage": FITTING},
            8,
            2,
            [],
            id="example 1 without its sizes",
        ),
    ],
)
def test_the_examples_of_nvidias_page(example: dict[str, Any], tensor: int, pipeline: int, warnings: list[str]) -> None:
    plan = plan_deployment(example)
    assert (plan.tensor_parallel, plan.pipeline_parallel) == (tensor, pipeline)
    assert (plan.nodes, plan.gpus_per_node, plan.gpus_total) == (2, 8, 16)
    assert codes(plan) == warnings
    assert "memory is that of h100, which is assumed, as no GPU type is named" in plan.reasons


def test_gpus_that_an_example_does_not_name_are_assumed_and_said() -> None:
    reasons = plan_deployment(EXAMPLE_2).reasons
    assert "gpusPerNode 8: a usual node, as no GPU type is named" in reasons


def test_the_claim_of_the_third_example_is_refused_with_the_size_it_needs() -> None:
    with pytest.raises(RefusedError, match=r"NIM064 nim.storage.size = '200Gi': .* take 812 GB. Use at least 756Gi;"):
        plan_deployment(EXAMPLE_3)


@pytest.mark.parametrize(
    ("settings", "nodes", "tensor", "pipeline"),
    [
        # LWS, docs/examples/vllm; vLLM, deployment/frameworks/lws
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "nodes": 2, "gpu": "h100"}, 2, 8, 2, id="Llama 405B on two H100 nodes"
        ),
        # vllm-project/vllm#17006 compares both splits, with and without RDMA
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "nodes": 2, "gpu": "h100", "tensorParallel": 16},
            2,
            16,
            1,
            id="Llama 405B with tensor parallel over two nodes",
        ),
        # Ray Serve LLM, cross-node parallelism
        pytest.param({"model": "deepseek-r1", "nodes": 2, "gpu": "h100"}, 2, 8, 2, id="DeepSeek R1 on two H100 nodes"),
        # llm-d, guides/wide-ep-lws, and vLLM's recipes: one node of H200
        pytest.param({"model": "deepseek-r1", "nodes": 1, "gpu": "h200"}, 1, 8, 1, id="DeepSeek R1 on one H200 node"),
        # vllm-project/recipes, Kimi-K2: 16 H800, which have the memory of H100, or 16 H200
        pytest.param({"model": "kimi-k2-instruct", "nodes": 2, "gpu": "h100"}, 2, 8, 2, id="Kimi K2 on two H100 nodes"),
        pytest.param({"model": "kimi-k2-instruct", "nodes": 2, "gpu": "h200"}, 2, 8, 2, id="Kimi K2 on two H200 nodes"),
        # vllm-project/recipes, Kimi-K2-Thinking: 8 H200
        pytest.param(
            {"model": "kimi-k2-thinking", "nodes": 1, "gpu": "h200"}, 1, 8, 1, id="Kimi K2 Thinking on one H200 node"
        ),
        # aws-samples, awsome-distributed-ai: 2 × p5 with EFA, LWS and Ray
        pytest.param(
            {"model": "nemotron-3-ultra-550b-a55b", "nodes": 2, "gpu": "h100", "fabric": "efa"},
            2,
            8,
            2,
            id="Nemotron 3 Ultra with EFA",
        ),
        # NVIDIA's page on multi-node deployment, profile selection
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "profile": "vllm-fp16-tp8-pp2", "gpu": "h100"},
            2,
            8,
            2,
            id="Llama 405B by its profile",
        ),
    ],
)
def test_published_deployments(settings: dict[str, Any], nodes: int, tensor: int, pipeline: int) -> None:
    plan = plan_deployment(settings | {"storage": FITTING | {"size": "2Ti"}}, keys=EVERY_KEY)
    assert (plan.nodes, plan.tensor_parallel, plan.pipeline_parallel) == (nodes, tensor, pipeline)


def test_the_bandwidth_warning_ends_with_rdma() -> None:
    tensor_alone = EXAMPLE_2 | {"gpu": "h100"}
    assert codes(plan_deployment(tensor_alone)) == ["NIM030"]
    assert codes(plan_deployment(tensor_alone | {"fabric": "rdma-shared"})) == []


@pytest.mark.parametrize(
    ("settings", "code", "works"),
    [
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "precision": "bf16", "nodes": 1},
            "NIM042",
            "Use 2 nodes or more, nim.precision fp8, nim.gpu b200, nim.gpu gb200 or nim.gpu h200.",
            id="Llama 405B in bf16 on one node",
        ),
        pytest.param(
            {"model": "deepseek-r1", "nodes": 1},
            "NIM042",
            "Use 2 nodes or more, nim.gpu b200, nim.gpu gb200 or nim.gpu h200.",
            id="DeepSeek R1 on one node",
        ),
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "nodes": 2, "tensorParallel": 3},
            "NIM023",
            "Use 1, 2, 4, 8, 16, 32, 64 or 128.",
            id="three ranks",
        ),
        pytest.param(
            {"model": "minimax-m2", "nodes": 4, "tensorParallel": 32},
            "NIM023",
            "Use 1, 2, 4, 8, 16, 24 or 48.",
            id="ranks for 48 heads",
        ),
        pytest.param(
            {"model": "llama-3.1-405b-instruct", "nodes": 16, "tensorParallel": 1},
            "NIM025",
            "Use 1 to 126.",
            id="more stages than layers",
        ),
        pytest.param(
            {"model": "llama-4-maverick-17b-128e-instruct", "nodes": 2, "tensorParallel": 16},
            "NIM023",
            "Use 1, 2, 4 or 8.",
            id="ranks for the heads of Maverick",
        ),
    ],
)
def test_what_cannot_run_is_refused_with_what_would(settings: dict[str, Any], code: str, works: str) -> None:
    with pytest.raises(RefusedError) as refused:
        plan_deployment(settings | {"gpu": "h100", "storage": FITTING}, keys=EVERY_KEY)
    (found,) = [problem for problem in refused.value.problems if problem.rule.code == code]
    assert found.instead == works
