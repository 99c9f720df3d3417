"""Tensor parallel across nodes: how its size is found, and what counts as RDMA."""

from typing import Any

import pytest
from nim_policy.rdma import rdma_for_tensor_parallel

from tests.unit.policy.seen import group, open_texts, seen, texts, unknown

GPUS = {"nvidia.com/gpu": "8"}


def env(**values: str) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def judged(
    resources: dict[str, str] | None = None,
    pod: dict[str, Any] | None = None,
    annotations: dict[str, str] | None = None,
    config: dict[str, Any] | None = None,
    **variables: str,
) -> list[str]:
    """Violations of a group with tensor parallel 32 on nodes of 8 GPUs."""
    container = {
        "resources": {"limits": {**GPUS, **(resources or {})}},
        "env": env(**{"NIM_TENSOR_PARALLEL_SIZE": "32", **variables}),
    }
    manifest = group(container=container, pod=pod or {})
    template = manifest["spec"]["leaderWorkerTemplate"]["workerTemplate"]
    template["metadata"]["annotations"] = annotations or {}
    verdict = rdma_for_tensor_parallel(seen(manifest), config or {})
    assert open_texts(verdict) == []
    return texts(verdict)


@pytest.mark.parametrize(
    ("container", "across"),
    [
        ({"env": env(NIM_TENSOR_PARALLEL_SIZE="8")}, False),
        ({"env": env(NIM_TENSOR_PARALLEL_SIZE="16")}, True),
        ({"env": env(NIM_TENSOR_PARALLEL_SIZE="16") + env(NIM_TENSOR_PARALLEL_SIZE="8")}, False),
        ({"args": ["serve", "m", "--tensor-parallel-size", "16"]}, True),
        ({"args": ["serve", "m", "--tensor-parallel-size=8"]}, False),
        ({"args": ["serve", "m", "-tp", "16"]}, True),
        ({"env": env(NIM_PASSTHROUGH_ARGS="--tensor-parallel-size 16")}, True),
        ({"env": env(NIM_MODEL_PROFILE="vllm-bf16-tp16-pp1")}, True),
        ({"env": env(NIM_MODEL_PROFILE="vllm-nvidia-b200-nvfp4-tp4-pp1-throughput-90.0")}, False),
    ],
    ids=[
        "a variable within a node",
        "a variable across nodes",
        "the last of two variables",
        "an argument and its value",
        "an argument with an equals sign",
        "the short argument",
        "arguments in a variable",
        "a profile across nodes",
        "a profile within a node",
    ],
)
def test_the_size_is_found(container: dict[str, Any], across: bool) -> None:
    verdict = rdma_for_tensor_parallel(seen(group(container=container)), {})
    assert open_texts(verdict) == []
    assert bool(texts(verdict)) == across


def test_a_group_without_rdma_is_told_why_and_what_to_do() -> None:
    assert judged() == [
        "LeaderWorkerSet nim has tensor parallel 32 and GPUs per pod: 8. So every token crosses the network, and its "
        "leader and worker pods have no RDMA: they ask for no RDMA device and no NVLink domain. Use tensor parallel 8 "
        "with pipeline parallel across the nodes, or give the pods RDMA."
    ]


@pytest.mark.parametrize("resource", ["rdma/hca_shared_devices_a", "nvidia.com/sriov-rdma", "vpc.amazonaws.com/efa"])
def test_a_device_is_rdma_unless_nccl_is_told_not_to_use_it(resource: str) -> None:
    assert judged({resource: "1"}) == []
    assert "NCCL_NET is Socket" in judged({resource: "1"}, NCCL_NET="Socket")[0]
    # An Elastic Fabric Adapter has a network plugin of its own, which the switch does not concern.
    assert bool(judged({resource: "1"}, NCCL_IB_DISABLE="1")) == (not resource.endswith("efa"))
    assert judged({resource: "1"}, NCCL_IB_DISABLE="0") == []


def test_the_network_and_the_devices_of_the_node_are_rdma() -> None:
    volume = {"volumes": [{"name": "ib", "hostPath": {"path": "/dev/infiniband"}}]}
    assert judged(pod={"hostNetwork": True, **volume}) == []
    assert judged(pod={"hostNetwork": True}) != []
    assert judged(pod=volume) != []
    assert "NCCL_IB_DISABLE is 1" in judged(pod={"hostNetwork": True, **volume}, NCCL_IB_DISABLE="1")[0]


def test_interfaces_of_gke_are_rdma_with_the_plugin_that_uses_them() -> None:
    interfaces = {"networking.gke.io/interfaces": "[]"}
    assert judged(annotations=interfaces, NCCL_NET="gIB") == []
    assert judged(annotations=interfaces) != []
    assert judged(NCCL_NET="gIB") != []


def test_a_domain_of_nvlink_is_as_good_as_rdma() -> None:
    claims = {"resourceClaims": [{"name": "domain", "resourceClaimTemplateName": "t"}]}
    assert judged(pod=claims, NCCL_MNNVL_ENABLE="1") == []
    assert judged(pod=claims) != []
    assert judged(NCCL_MNNVL_ENABLE="1") != []


def test_a_fabric_of_the_cluster_can_be_named() -> None:
    assert judged({"example.com/fast-nic": "1"}) != []
    assert judged({"example.com/fast-nic": "1"}, config={"rdmaResources": ["example.com/*"]}) == []
    assert judged(annotations={"example.com/net": "a"}, config={"rdmaAnnotations": ["example.com/*"]}) == []


def test_a_role_without_it_is_named() -> None:
    container = {"resources": {"limits": {**GPUS, "rdma/a": "1"}}, "env": env(NIM_TENSOR_PARALLEL_SIZE="16")}
    manifest = group(container=container)
    inner = manifest["spec"]["leaderWorkerTemplate"]
    inner["leaderTemplate"] = group(container={"env": env(NIM_TENSOR_PARALLEL_SIZE="16")})["spec"][
        "leaderWorkerTemplate"
    ]["workerTemplate"]
    (said,) = texts(rdma_for_tensor_parallel(seen(manifest), {}))
    assert "its leader pods have no RDMA" in said


def test_one_node_needs_none() -> None:
    manifest = group(container={"env": env(NIM_TENSOR_PARALLEL_SIZE="16")})
    manifest["spec"]["leaderWorkerTemplate"]["size"] = 1
    verdict = rdma_for_tensor_parallel(seen(manifest), {})
    assert (texts(verdict), open_texts(verdict)) == ([], [])


@pytest.mark.parametrize(
    ("container", "why"),
    [
        ({}, "no variable, no option and no name of a profile says the tensor parallel size"),
        ({"env": env(NIM_MODEL_PROFILE="0" * 64)}, "no name of a profile says"),
        ({"env": env(NIM_TENSOR_PARALLEL_SIZE="many")}, "the tensor parallel size is 'many'"),
        ({"resources": {}, "env": env(NIM_TENSOR_PARALLEL_SIZE="16")}, "its pods ask for no GPU"),
    ],
    ids=["nothing", "a hash", "no number", "no GPUs"],
)
def test_what_is_not_known_is_said(container: dict[str, Any], why: str) -> None:
    verdict = rdma_for_tensor_parallel(seen(group(container=container)), {})
    assert texts(verdict) == []
    assert why in open_texts(verdict)[0]


def test_a_spec_that_is_not_known_is_said() -> None:
    verdict = rdma_for_tensor_parallel(unknown(seen(group()), "spec"), {})
    assert open_texts(verdict) == [
        "Whether LeaderWorkerSet nim needs RDMA is not judged: spec is not known before the update."
    ]
