"""What doctor may not see: not known, rather than well; and a pool that has no nodes yet, since Karpenter makes them."""

import pytest

from tests.unit.test_doctor import Cluster, found
from tests.unit.test_doctor import _foreign as foreign
from tests.unit.test_doctor import _held as held


def test_a_namespace_that_may_not_be_read_may_enforce_anything() -> None:
    report = Cluster().unreadable("namespace").examined()
    (finding,) = report.findings["pod-security"]
    assert (finding.level, "could not be read" in finding.what) == ("unknown", True)


@pytest.mark.parametrize(
    ("what", "words"),
    [("services", "Services"), ("deployment", "LeaderWorkerSets"), ("claims", "PersistentVolumeClaims")],
)
def test_names_of_what_may_not_be_read_may_be_taken(what: str, words: str) -> None:
    (finding,) = Cluster().unreadable(what).examined().findings["names"]
    assert (finding.level, words in finding.what) == ("unknown", True)


def test_a_secret_that_may_not_be_read_may_be_somebody_elses() -> None:
    it = Cluster()
    it.notes = ["secret prove-hf-token: forbidden", "secret prove-hf-token-of-another: forbidden"]
    (finding,) = it.examined().findings["names"]
    assert finding.level == "unknown"
    assert "Secret prove-hf-token," in finding.what


def test_a_name_that_is_taken_is_said_beside_what_is_not_known() -> None:
    it = Cluster().unreadable("services")
    foreign("secrets", "prove-hf-token", keys=[])(it)
    assert found(it.examined()) == [("names", "problem"), ("names", "unknown")]


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


def full(it: Cluster) -> None:
    held(it)


@pytest.mark.parametrize(
    ("plant", "name"),
    [
        (scaled_to_zero, "gpu-nodes"),
        (one_node, "gpu-nodes"),
        (other_nodes, "gpu-nodes"),
        (drained, "gpu-nodes"),
        (full, "gpu-free"),
    ],
)
def test_nodes_that_karpenter_may_add_are_no_problem(plant: object, name: str) -> None:
    assert callable(plant)
    settings = {"nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}}
    it = Cluster()
    plant(it)
    assert found(it.examined(**settings)) == [(name, "problem")]
    it.groups.append("karpenter.sh")
    report = it.examined(**settings)
    assert (found(report), report.problems) == ([(name, "warning")], 0)
    (finding,) = report.findings[name]
    assert "Karpenter" in finding.what
    assert "NodePool" in finding.do


def test_karpenter_changes_nothing_on_a_good_cluster() -> None:
    it = Cluster()
    it.groups.append("karpenter.sh")
    assert found(it.examined()) == []
