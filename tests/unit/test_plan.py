"""The plan: what follows from the settings."""

from typing import Any

import pytest

from nim_stack.deployment.keys import EVERY_KEY, Keys
from nim_stack.plan import plan_deployment, summary
from tests.unit.conftest import TINY

MODEL = "llama-3.1-405b-instruct"


def licensed(**changes: Any) -> dict[str, Any]:
    return {"model": MODEL, "nodes": 2, "storage": {"storageClass": "shared"}, **changes}


@pytest.mark.parametrize(
    ("changes", "tensor", "pipeline", "total"),
    [
        pytest.param({}, 8, 2, 16, id="two nodes of eight"),
        pytest.param({"tensorParallel": 16, "pipelineParallel": 1}, 16, 1, 16, id="tensor parallel over both nodes"),
        pytest.param({"tensorParallel": 4, "pipelineParallel": 4}, 4, 4, 16, id="four stages"),
        pytest.param({"nodes": 4, "gpusPerNode": 4}, 4, 4, 16, id="four nodes of four"),
        pytest.param({"nodes": 1, "precision": "fp8"}, 8, 1, 8, id="one node"),
        pytest.param({"replicas": 3}, 8, 2, 48, id="three groups"),
    ],
)
def test_nodes_and_gpus_become_the_two_parallel_sizes(
    changes: dict[str, Any], tensor: int, pipeline: int, total: int
) -> None:
    plan = plan_deployment(licensed(**changes), keys=Keys(ngc=True))
    assert (plan.tensor_parallel, plan.pipeline_parallel, plan.gpus_total) == (tensor, pipeline, total)


def test_a_profile_takes_the_place_of_the_sizes() -> None:
    plan = plan_deployment(licensed(profile="vllm-bf16-tp8-pp2"), keys=Keys(ngc=True))
    assert (plan.tensor_parallel, plan.pipeline_parallel) == (8, 2)
    assert summary(plan)["split"] == "profile vllm-bf16-tp8-pp2"


@pytest.mark.parametrize(
    ("changes", "image", "path", "served"),
    [
        pytest.param(
            {},
            "nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0",
            None,
            "meta/llama-3.1-405b-instruct",
            id="a model with an image of its own",
        ),
        pytest.param(
            {"image": "mirror:5000/llama-3.1-405b-instruct:2.0.4"},
            "mirror:5000/llama-3.1-405b-instruct:2.0.4",
            None,
            "meta/llama-3.1-405b-instruct",
            id="a mirror of NVIDIA's image",
        ),
        pytest.param(
            {"image": "mirror/open-nim:1"},
            "mirror/open-nim:1",
            "hf://meta-llama/Llama-3.1-405B-Instruct",
            "meta/llama-3.1-405b-instruct",
            id="an open image",
        ),
        pytest.param(
            {"model": "hf://org/other@v2"},
            "nvcr.io/nim/nvidia/model-free-nim:2.0.2",
            "hf://org/other:v2",
            "org/other",
            id="a model of the hub",
        ),
        pytest.param(
            {"model": "ngc://nim/meta/own:hf"},
            "nvcr.io/nim/nvidia/model-free-nim:2.0.2",
            "ngc://nim/meta/own:hf",
            "own",
            id="a model of NGC",
        ),
        pytest.param(
            {"model": "s3://weights/org/own/"},
            "nvcr.io/nim/nvidia/model-free-nim:2.0.2",
            "s3://weights/org/own",
            "own",
            id="a model in S3",
        ),
        pytest.param(
            {"model": "gs://weights"},
            "nvcr.io/nim/nvidia/model-free-nim:2.0.2",
            "gs://weights",
            "weights",
            id="a bucket that is a model",
        ),
        pytest.param(
            {"model": "/model-store/mine"},
            "nvcr.io/nim/nvidia/model-free-nim:2.0.2",
            "/model-store/mine",
            "mine",
            id="a path in the container",
        ),
        pytest.param(
            {"servedModelName": "chat"},
            "nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0",
            None,
            "chat",
            id="another name for clients",
        ),
    ],
)
def test_image_and_model_fit_each_other(changes: dict[str, Any], image: str, path: str | None, served: str) -> None:
    """A model-specific image brings its model wherever it is mirrored; any other image is told where it is."""
    plan = plan_deployment(licensed(**changes), keys=EVERY_KEY)
    assert (plan.image, plan.model_path, plan.served_name) == (image, path, served)


def test_storage_is_computed_from_the_weights_unless_it_is_given() -> None:
    assert plan_deployment(licensed(), keys=Keys(ngc=True)).storage_size == "945Gi"
    assert plan_deployment(TINY).storage_size == "500Gi"
    sized = {"storage": {"storageClass": "shared", "size": "2Ti"}}
    assert plan_deployment(TINY | sized).storage_size == "2Ti"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(TINY, id="the usual ones"),
        pytest.param(
            TINY | {"timeouts": {"imagePullMinutes": 1, "downloadMinutes": 1, "loadMinutes": 1}}, id="short ones"
        ),
        pytest.param(TINY | {"timeouts": {"imagePullMinutes": 240}}, id="a long image pull"),
        pytest.param(licensed(), id="a large model"),
    ],
)
def test_deadlines_are_nested(raw: dict[str, Any]) -> None:
    """The innermost fires first and names the cause, and each leaves its own phases the time that they may take."""
    budget = plan_deployment(raw, keys=Keys(ngc=True)).budget
    assert budget.image_pull + budget.download < budget.join
    assert budget.join + budget.load < budget.startup
    assert budget.image_pull + budget.startup < budget.rollout


def test_bigger_weights_take_longer() -> None:
    """405B: 811.7 GB at 200 MB/s to download, at 1 GB/s to load."""
    budget = plan_deployment(licensed(), keys=Keys(ngc=True)).budget
    assert (budget.download, budget.load) == (4058, 812 + 600)


def test_groups_are_rolled_out_one_after_the_other() -> None:
    one = plan_deployment(licensed(), keys=Keys(ngc=True))
    three = plan_deployment(licensed(replicas=3), keys=Keys(ngc=True))
    assert three.rollout_timeout == 3 * one.rollout_timeout


def test_a_gpu_type_selects_its_nodes() -> None:
    plan = plan_deployment(licensed(gpu="h100", nodeSelector={"pool": "a"}), keys=Keys(ngc=True))
    assert plan.node_selector == {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "pool": "a"}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(
            TINY,
            "without hfToken or nim.secrets.hfTokenSecret only models that the hub gives to everyone",
            id="a hub model without a token",
        ),
        pytest.param(
            TINY | {"tensorParallel": 2, "pipelineParallel": 1},
            "nim.tensorParallel = 2: it spans 2 nodes",
            id="tensor parallel over TCP",
        ),
        pytest.param(
            TINY | {"image": "registry.example/open-nim:latest"},
            "nim.image = 'registry.example/open-nim:latest': it ends in :latest",
            id="the tag latest",
        ),
    ],
)
def test_what_is_unwise_is_a_warning(raw: dict[str, Any], text: str) -> None:
    assert any(text in warning for warning in plan_deployment(raw).warnings)


def test_a_sound_deployment_has_no_warnings() -> None:
    assert plan_deployment(licensed(), keys=Keys(ngc=True)).warnings == ()


def test_numbers_may_arrive_as_whole_floats() -> None:
    """As they do when a component is used from another language (pulumi/pulumi#18526 and the number type of gRPC)."""
    assert plan_deployment(TINY | {"nodes": 2.0}).settings.nodes == 2
