"""Too few nodes where Karpenter makes them: a pool that is at zero is how it should be before `pulumi up`."""

import pytest

from tests.unit.test_doctor import Cluster, Plant, found
from tests.unit.test_doctor import _held as held


def scaled_to_zero(it: Cluster) -> None:
    for node in it.objects["nodes"]:
        del node["status"]["allocatable"]["nvidia.com/gpu"]


def one_node(it: Cluster) -> None:
    del it.objects["nodes"][1:]


def other_nodes(it: Cluster) -> None:
    for node in it.objects["nodes"]:
        node["metadata"]["labels"]["nvidia.com/gpu.product"] = "NVIDIA-L40S"


def drained(it: Cluster) -> None:
    it.objects["nodes"][1]["spec"]["taints"] = [{"key": "karpenter.sh/disrupted", "effect": "NoSchedule"}]


@pytest.mark.parametrize(
    ("plant", "name"),
    [
        (scaled_to_zero, "gpu-nodes"),
        (one_node, "gpu-nodes"),
        (other_nodes, "gpu-nodes"),
        (drained, "gpu-nodes"),
        (held, "gpu-free"),
    ],
)
def test_nodes_that_karpenter_may_add_are_no_problem(plant: Plant, name: str) -> None:
    settings = {"nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}}
    it = Cluster()
    plant(it)
    assert found(it.examined(**settings)) == [(name, "problem")]
    it.groups.append("karpenter.sh")
    report = it.examined(**settings)
    assert (found(report), report.problems) == ([(name, "warning")], 0)
    (finding,) = report.findings[name]
    assert "Karpenter" in finding.why
    assert "NodePool" in finding.instead


def test_karpenter_changes_nothing_on_a_good_cluster() -> None:
    it = Cluster()
    it.groups.append("karpenter.sh")
    assert found(it.examined()) == []
