"""ModelAccess, and what MultiNodeNim puts beside its group: which resources there are, in which order, with what."""

from typing import Any

import pulumi
import pytest

from nim_stack.components.hooks.missing_kind import cure_of
from nim_stack.components.model_access import ModelAccess
from nim_stack.components.nim_stack import NimStack
from tests.components.recorder import Recording, deploy
from tests.matrix_access import access_matrix

MATRIX = access_matrix()


BUDGET = {"disruptionBudget": {"maxUnavailable": 1}}


def stack(*variants: str | dict[str, Any]) -> Recording:
    settings: dict[str, Any] = {}
    for variant in variants:
        settings |= MATRIX[variant] if isinstance(variant, str) else variant
    return deploy(lambda: NimStack("nim", {"settings": settings}))


def access(settings: dict[str, Any], namespace: pulumi.Input[str] = "models") -> Recording:
    return deploy(lambda: ModelAccess("access", {"settings": settings, "namespace": namespace}))


@pytest.mark.parametrize("variant", MATRIX)
def test_every_variant_deploys(variant: str) -> None:
    assert stack(variant).names_of("LeaderWorkerSet") == ["nim-server-group"]


@pytest.mark.parametrize(
    ("variant", "kind", "names"),
    [
        pytest.param("ingress", "Ingress", ["access-ingress"], id="an Ingress"),
        pytest.param("http-route", "HTTPRoute", ["access-route"], id="a route"),
        pytest.param("pod-monitor", "PodMonitor", ["access-monitor"], id="a monitor"),
        pytest.param("policy", "NetworkPolicy", ["access-groups-policy"], id="a policy"),
        pytest.param(
            "policy-job",
            "NetworkPolicy",
            ["access-download-policy", "access-groups-policy"],
            id="a policy with a download Job",
        ),
    ],
)
def test_a_setting_makes_its_objects_in_the_namespace(variant: str, kind: str, names: list[str]) -> None:
    recording = access(MATRIX[variant])
    assert recording.names_of(kind) == names
    for name in [*names, "access-service"]:
        assert recording.inputs(name)["metadata"]["namespace"] == "models"
        assert recording.parent(name) == "access"


def test_fields_arrive_as_kubernetes_writes_them() -> None:
    """The SDK knows some of them by other names, such as `from_` and `except_`."""
    spec = access(MATRIX["policy-clients"]).inputs("access-groups-policy")["spec"]
    assert [sorted(rule) for rule in spec["ingress"]] == [["from"], ["from", "ports"]]
    assert spec["egress"][2]["to"] == [{"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.9.0/24"]}}]


def test_the_pods_wait_for_the_policies_and_not_for_a_route() -> None:
    waits = stack("policy-job", "http-route").dependencies("nim-server-group")
    assert {"nim-server-access-groups-policy"} <= waits
    assert "nim-server-access-route" not in waits
    assert "nim-server-access-service" not in waits


def test_the_namespace_is_there_before_anything_in_it() -> None:
    recording = stack("ingress", "http-route", "pod-monitor", "policy", "autoscaling", BUDGET)
    for name, request in recording.requests.items():
        if request.type.startswith("kubernetes:") and "namespace" in recording.inputs(name).get("metadata", {}):
            assert "nim-namespace" in recording.dependencies(name)


def test_a_changed_port_replaces_a_service_with_a_fixed_node_port_alone() -> None:
    fixed = access(MATRIX["service-node-port"]).requests["access-service"]
    assert list(fixed.replaceOnChanges) == ["spec.ports[0].port"]
    assert fixed.deleteBeforeReplace
    free = access(MATRIX["service-port"]).requests["access-service"]
    assert not free.replaceOnChanges
    assert not free.deleteBeforeReplace


def test_the_endpoint_has_the_port_of_the_service_and_the_url_is_that_of_the_way_in() -> None:
    outputs = stack("ingress", "service-port").outputs["nim"]
    assert outputs["endpoint"] == "http://nim-leader.nim.svc:9000/v1"
    assert outputs["url"] == "http://chat.example.com/v1"
    assert "url" not in stack("service-port").outputs["nim"]


def test_autoscaler_and_budget_stand_beside_the_group_and_do_not_wait_for_it() -> None:
    recording = stack("autoscaling", BUDGET)
    for name in ("nim-server-autoscaler", "nim-server-disruption-budget"):
        assert recording.parent(name) == "nim-server"
        assert "nim-server-group" not in recording.dependencies(name)
    assert recording.inputs("nim-server-autoscaler")["spec"]["metrics"][0]["pods"]["metric"] == {
        "name": "vllm:num_requests_waiting"
    }


def test_an_autoscaled_group_is_sent_without_its_number() -> None:
    recording = stack("autoscaling")
    assert "replicas" not in recording.inputs("nim-server-group")["spec"]
    assert recording.outputs["nim"]["gpus"] == {"perNode": 1, "perGroup": 2, "total": 2, "most": 6}


def test_refused_settings_are_said_in_full() -> None:
    settings = MATRIX["service-port"] | {"service": {"nodePort": 30000, "loadBalancerSourceRanges": ["x"]}}
    with pytest.raises(pulumi.RunError, match=r"ModelAccess access: 3 settings(?s:.*)NIM140(?s:.*)NIM142(?s:.*)NIM144"):
        access(settings)


@pytest.mark.parametrize(("kind", "what"), [("HTTPRoute", "nim.httpRoute"), ("PodMonitor", "nim.podMonitor")])
def test_a_kind_that_the_cluster_lacks_is_explained(kind: str, what: str) -> None:
    cure = cure_of(kind, f'no matches for kind "{kind}" in version "x/v1"')
    assert cure is not None
    assert what in cure
    assert cure_of(kind, "admission webhook denied the request") is None


def test_the_explanation_is_asked_for_where_a_kind_may_be_lacking() -> None:
    recording = access(MATRIX["http-route"] | {"podMonitor": {}})
    assert recording.hooks == ["access-route-kind", "access-monitor-kind"]
    assert list(recording.requests["access-route"].hooks.on_error) == ["access-route-kind"]
