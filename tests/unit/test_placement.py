"""Where a group runs: affinity and topology, queues of gang schedulers, NVLink across nodes."""

from typing import Any

import pytest

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.manifests import claims
from nim_stack.manifests.leader_worker_set import metadata
from nim_stack.manifests.pods import ROLES, References, pod_template
from nim_stack.plan import plan_deployment
from tests.unit.conftest import TINY

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
APART = {
    "topologyKey": "kubernetes.io/hostname",
    "labelSelector": {"matchLabels": {"leaderworkerset.sigs.k8s.io/name": "nim"}},
    "matchLabelKeys": ["leaderworkerset.sigs.k8s.io/group-key"],
}
NVLINK = {"fabric": "nvlink-multi-node", "gpu": "gb200", "gpusPerNode": 4}


def specs(settings: dict[str, Any]) -> list[Manifest]:
    plan = plan_deployment(TINY | settings)
    return [pod_template(plan, References("cache"), role)["spec"] for role in ROLES]


def term(key: str) -> dict[str, Any]:
    return {"topologyKey": key, "labelSelector": {"matchLabels": {"app": "other"}}}


def expression(key: str) -> dict[str, Any]:
    return {"key": key, "operator": "Exists"}


def node_affinity(*keys: str) -> dict[str, Any]:
    return {
        "nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [expression(key)]} for key in keys]}}
    }


def test_the_term_that_keeps_a_group_apart_is_never_lost() -> None:
    pods = {
        "affinity": {"podAntiAffinity": {REQUIRED: [term("rack")]}, "podAffinity": {REQUIRED: [term("block")]}},
        "worker": {"affinity": {"podAntiAffinity": {REQUIRED: [term("zone")]}}},
    }
    leader, worker = specs({"pods": pods})
    assert leader["affinity"]["podAntiAffinity"][REQUIRED] == [APART, term("rack")]
    assert worker["affinity"]["podAntiAffinity"][REQUIRED] == [APART, term("rack"), term("zone")]
    assert worker["affinity"]["podAffinity"] == {REQUIRED: [term("block")]}


def test_node_terms_of_role_and_both_must_all_hold() -> None:
    """Kubernetes takes a node that any of the terms fits, so that adding one list to the other would widen both."""
    pods = {"affinity": node_affinity("a", "b"), "leader": {"affinity": node_affinity("c")}}
    leader, worker = specs({"pods": pods})
    assert leader["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"] == [
        {"matchExpressions": [expression("a"), expression("c")]},
        {"matchExpressions": [expression("b"), expression("c")]},
    ]
    assert worker["affinity"] == leader["affinity"] | node_affinity("a", "b")


def test_tolerations_come_beside_that_of_the_gpu() -> None:
    mine = {
        "key": "node.kubernetes.io/unreachable",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 30,
    }
    for spec in specs({"pods": {"tolerations": [mine]}}):
        assert spec["tolerations"] == [{"key": names.GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}, mine]


def test_a_spread_keeps_the_selector_that_it_has() -> None:
    mine = {"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}
    for spec in specs({"pods": {"topologySpreadConstraints": [mine]}}):
        assert spec["topologySpreadConstraints"] == [mine]


def test_exclusive_topology_is_an_annotation_of_the_group() -> None:
    """LWS reads it there, adds the terms to the leader and selects the leader's domain for the workers."""
    plan = plan_deployment(TINY | {"pods": {"exclusiveTopology": "example.com/rack"}})
    assert metadata(plan, "nim")["annotations"] == {
        "leaderworkerset.sigs.k8s.io/exclusive-topology": "example.com/rack",
        "pulumi.com/waitFor": "condition=Available",
    }
    for role in ROLES:
        assert "annotations" not in pod_template(plan, References("cache"), role)["metadata"]


@pytest.mark.parametrize(
    ("kind", "on_group", "on_pods", "scheduler"),
    [
        pytest.param("kueue", ("labels", "kueue.x-k8s.io/queue-name"), None, None, id="Kueue"),
        pytest.param("kai", ("labels", "kai.scheduler/queue"), "kai.scheduler/queue", "kai-scheduler", id="KAI"),
        pytest.param("volcano", ("annotations", "scheduling.volcano.sh/queue-name"), None, "volcano", id="Volcano"),
    ],
)
def test_a_queue_is_named_where_its_scheduler_reads_it(
    kind: str, on_group: tuple[str, str], on_pods: str | None, scheduler: str | None
) -> None:
    plan = plan_deployment(TINY | {"pods": {"queue": {"kind": kind, "name": "team"}}})
    place, key = on_group
    assert metadata(plan, "nim")[place][key] == "team"
    for role in ROLES:
        template = pod_template(plan, References("cache"), role)
        assert {name for name, value in template["metadata"]["labels"].items() if value == "team"} == {on_pods} - {None}
        assert template["spec"].get("schedulerName") == scheduler


def test_a_scheduler_under_another_name() -> None:
    for spec in specs({"pods": {"queue": {"kind": "kai", "name": "team"}, "schedulerName": "kai-two"}}):
        assert spec["schedulerName"] == "kai-two"


def test_nvlink_between_nodes_brings_a_domain_and_keeps_the_group_inside_it() -> None:
    plan = plan_deployment(TINY | NVLINK | {"replicas": 3})
    assert claims.compute_domain(plan, "llm") == {
        "apiVersion": "resource.nvidia.com/v1beta1",
        "kind": "ComputeDomain",
        "metadata": {"name": "nim-nvlink", "namespace": "llm", "labels": names.labels("nim")},
        "spec": {"numNodes": 0, "channel": {"resourceClaimTemplate": {"name": "nim-nvlink-channel"}}},
    }
    for spec in specs(NVLINK):
        assert spec["resourceClaims"] == [
            {"name": "compute-domain", "resourceClaimTemplateName": "nim-nvlink-channel"},
        ]
        assert spec["containers"][0]["resources"]["claims"] == [{"name": "compute-domain"}]
        assert spec["affinity"]["podAffinity"] == {REQUIRED: [APART | {"topologyKey": "nvidia.com/gpu.clique"}]}


def test_an_existing_domain_is_used_and_not_made() -> None:
    existing = NVLINK | {"pods": {"computeDomain": {"resourceClaimTemplate": "rack-7"}}}
    assert claims.compute_domain(plan_deployment(TINY | existing), "nim") is None
    for spec in specs(existing):
        assert spec["resourceClaims"] == [{"name": "compute-domain", "resourceClaimTemplateName": "rack-7"}]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="no fabric"),
        pytest.param({"fabric": "rdma-shared"}, id="RDMA"),
        pytest.param(NVLINK | {"nodes": 1}, id="NVLink on one node"),
    ],
)
def test_without_need_there_is_no_domain(settings: dict[str, Any]) -> None:
    assert claims.compute_domain(plan_deployment(TINY | settings), "nim") is None
    for spec in specs(settings):
        assert "resourceClaims" not in spec
        assert "podAffinity" not in spec["affinity"]
