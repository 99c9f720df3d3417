"""Figures of an all-reduce, and what is said of them."""

import json
from typing import Any

import pytest

from nim_stack.manifests.programs.all_reduce import MARK, MIB
from nim_stack.operations.doctor.bandwidth import Measured, Timing, judged, line_rate, read_reports
from nim_stack.plan import DeploymentPlan, plan_deployment
from tests.unit.conftest import TINY

FACTS = {"backend": "nccl", "ranks": 16, "pods": 2, "device": "NVIDIA H100", "torch": "2.9", "nccl": "2.27.5"}


def plan(fabric: str | None = None, **more: Any) -> DeploymentPlan:
    settings = TINY | {"gpu": "h100", "gpusPerNode": 8, "tensorParallel": 8} | ({"fabric": fabric} if fabric else {})
    return plan_deployment(settings | more)


def measured(bus: float, *ways: str, size: int = 256, **more: Any) -> Measured:
    """With a bus bandwidth of so many GB/s."""
    bytes_, ranks = size * MIB, 16
    seconds = bytes_ / (bus * 1e9 / (2 * (ranks - 1) / ranks))
    return Measured(FACTS | more.pop("facts", {}), (Timing(bytes_, seconds, ranks),), ways, **more)


def test_bandwidths_are_those_of_nccl_tests() -> None:
    """Two ranks: both are the same. 16 ranks: 2 · 15/16 of it. Figures of a run of all_reduce_perf: 33554432 bytes in
    40.69 GB/s are 824.6 µs."""
    assert Timing(33554432, 824.6e-6, 2).algorithm == pytest.approx(40.69, abs=0.01)
    assert Timing(33554432, 824.6e-6, 2).bus == pytest.approx(40.69, abs=0.01)
    assert Timing(33554432, 824.6e-6, 16).bus == pytest.approx(40.69 * 1.875, abs=0.02)


@pytest.mark.parametrize(
    ("fabric", "more", "rate"),
    [
        pytest.param(None, {}, None, id="no fabric is named"),
        pytest.param("tcp", {}, 25 / 8, id="TCP with one link for a node"),
        pytest.param("rdma-shared", {}, 400.0, id="RDMA with a link for each of eight GPUs"),
        pytest.param("rdma-shared", {"gpusPerNode": 1, "tensorParallel": 1}, 50.0, id="RDMA with one GPU in a pod"),
        pytest.param(
            "nvlink-multi-node",
            {"gpu": "gb200", "gpusPerNode": 4, "tensorParallel": 4},
            900.0,
            id="NVLink with four GPUs in a pod",
        ),
    ],
)
def test_the_line_rate_is_that_of_the_gpus_that_a_pod_has(
    fabric: str | None, more: dict[str, Any], rate: float | None
) -> None:
    assert line_rate(plan(fabric, **more)) == rate


def levels(plan: DeploymentPlan, found: Measured) -> list[str | None]:
    return [finding.level for finding in judged(plan, found)]


def test_a_network_that_works_has_no_finding() -> None:
    fast, way = judged(plan("rdma-shared"), measured(300, "NET/IB with GPUDirect RDMA"))
    assert (fast.level, way.level) == ("ok", "ok")
    assert fast.why == ("bus bandwidth 300 GB/s (256 MiB, 16 ranks on 2 nodes), 75% of rdma-shared's 400 GB/s")
    assert way.why == "NCCL 2.27.5 sends between the nodes by NET/IB with GPUDirect RDMA"


def test_a_fall_back_to_tcp_is_found_with_what_nccl_says_of_it() -> None:
    found = measured(2.4, "NET/Socket", networks=("Socket",), notes=("NET/IB : No device found.",))
    slow, way = judged(plan("rdma-shared"), found)
    assert (slow.level, way.level) == ("warning", "warning")
    assert "a fall back to TCP, while nim.fabric is rdma-shared (NCCL: NET/IB : No device found.)" in way.why
    assert "rdma/hca_shared_devices_a" in way.instead
    assert levels(plan("tcp"), found) == ["ok", "ok"]
    assert levels(plan(), found) == ["ok", "ok"]


def test_the_network_that_nccl_names_stands_for_the_way_where_no_way_is_logged() -> None:
    assert levels(plan("rdma-shared"), measured(300, networks=("Socket",))) == ["ok", "warning"]
    assert levels(plan("rdma-shared"), measured(300, networks=("IB",))) == ["ok", "ok"]
    assert levels(plan("rdma-shared"), measured(300)) == ["ok", "unknown"]


def test_far_below_the_line_rate_is_a_warning_and_says_where_to_look() -> None:
    slow, _ = judged(plan("rdma-shared"), measured(120, "NET/IB"))
    assert slow.level == "warning"
    assert "GPUDirect RDMA" in slow.instead
    assert "GPUDirect" not in next(judged(plan("rdma-shared"), measured(120, "NET/IB with GPUDirect RDMA"))).instead
    assert levels(plan("rdma-shared"), measured(161, "NET/IB")) == ["ok", "ok"]


def test_small_messages_alone_are_not_judged() -> None:
    assert levels(plan("rdma-shared"), measured(20, "NET/IB", size=16)) == ["ok", "ok"]


def test_nvlink_between_the_nodes_must_be_used_where_it_is_wanted() -> None:
    rack = plan("nvlink-multi-node", gpu="gb200", gpusPerNode=4, tensorParallel=4)
    assert levels(rack, measured(700, "P2P/MNNVL")) == ["ok", "ok"]
    assert levels(rack, measured(90, "NET/IB")) == ["warning", "warning"]


def test_gloo_is_named_and_not_judged() -> None:
    (found,) = judged(plan("rdma-shared"), measured(0.3, facts={"backend": "gloo"}))
    assert (found.level, "by Gloo between CPUs" in found.why) == ("ok", True)


def test_reports_of_all_pods_are_read_together_and_other_lines_are_left_out() -> None:
    lines = [
        "somebody else's line",
        MARK + json.dumps(FACTS),
        MARK + "{broken",
        MARK + json.dumps({"bytes": MIB, "seconds": 0.001}),
        MARK + json.dumps({"pod": 0, "ways": {"NET/IB": 3}, "networks": ["IB"], "notes": []}),
        MARK + json.dumps({"pod": 1, "ways": {"NET/Socket": 1}, "networks": ["IB"], "notes": ["x"]}),
    ]
    found = read_reports(lines).measured()
    assert found is not None
    assert (found.ways, found.networks, found.notes) == (("NET/IB", "NET/Socket"), ("IB",), ("x",))
    assert found.document["sizes"] == [
        {"bytes": MIB, "seconds": 0.001, "algorithmBandwidth": 1.049, "busBandwidth": 1.966}
    ]
    assert read_reports(lines[:2]).measured() is None
