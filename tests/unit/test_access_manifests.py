"""What reaches and watches the pods: the objects, field by field, and that they mean the pods that LWS makes."""

from collections.abc import Callable
from typing import Any

import pytest

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.public_url import public_url
from nim_stack.manifests.http_route import http_route
from nim_stack.manifests.ingress import ingress
from nim_stack.manifests.network_policy import network_policies
from nim_stack.manifests.pod_monitor import pod_monitor
from nim_stack.manifests.pods import References, pod_template
from nim_stack.manifests.services import leader_service, replacing
from nim_stack.plan import DeploymentPlan, plan_deployment
from nim_stack.values.kubernetes.types import complaints
from tests.matrix_access import CONTROLLERS, access_matrix
from tests.unit.conftest import TINY

SMOKE = {"podSelector": {"matchLabels": {names.INSTANCE_LABEL: "nim", names.COMPONENT_LABEL: "smoke"}}}
MATRIX = access_matrix()


def plan_of(variant: str) -> DeploymentPlan:
    return plan_deployment(MATRIX[variant])


def objects(plan: DeploymentPlan) -> list[Manifest]:
    """All of them, as they would be made in the namespace nim."""
    said = plan.settings
    found = [leader_service(plan, "nim")]
    found += [ingress(plan, said.ingress, "nim")] if said.ingress else []
    found += [http_route(plan, said.http_route, "nim")] if said.http_route else []
    found += network_policies(plan, said.network_policy, "nim") if said.network_policy else []
    found += [pod_monitor(plan, said.pod_monitor, "nim")] if said.pod_monitor else []
    return found


KINDS = {"Service": "core_v1", "Ingress": "networking_v1", "NetworkPolicy": "networking_v1"}


@pytest.mark.parametrize("variant", MATRIX)
def test_objects_have_the_fields_of_kubernetes(variant: str) -> None:
    for manifest in objects(plan_of(variant)):
        if manifest["kind"] in KINDS:
            assert complaints(manifest, f"{KINDS[manifest['kind']]}.{manifest['kind']}") == []


def test_everything_at_once(golden: Callable[[str, list[dict[str, Any]]], None]) -> None:
    variants = ("service-load-balancer", "ingress-tls", "http-route-prefix", "pod-monitor-labels", "policy-clients")
    settings: dict[str, Any] = {}
    for variant in variants:
        settings |= MATRIX[variant]
    golden("access", objects(plan_deployment(settings | {"service": MATRIX[variants[0]]["service"]})))


def test_a_usual_stack_has_the_service_alone() -> None:
    (service,) = objects(plan_deployment(TINY))
    assert service["spec"] == {
        "type": "ClusterIP",
        "selector": {names.LWS_NAME_LABEL: "nim", names.LWS_WORKER_INDEX_LABEL: "0"},
        "ports": [{"name": "http", "port": 8000, "targetPort": "http", "protocol": "TCP"}],
    }


def test_a_port_of_another_number_has_another_name() -> None:
    """The API server has both in a preview, and refuses two of one name: see names.service_port."""
    (port,) = leader_service(plan_of("service-port"), "nim")["spec"]["ports"]
    assert (port["name"], port["port"], port["targetPort"]) == ("http-9000", 9000, "http")
    assert replacing(plan_of("service-port")) == []


def test_a_fixed_node_port_replaces_the_service_and_a_load_balancer_stays() -> None:
    assert replacing(plan_of("service-node-port")) == ["spec.ports[0].port"]
    assert replacing(plan_of("service-load-balancer")) == []
    (port,) = leader_service(plan_of("service-node-port"), "nim")["spec"]["ports"]
    assert port["nodePort"] == 30123


def test_annotations_of_a_setting_do_not_switch_the_wait_on() -> None:
    said = {"service": {"annotations": {"a": "b", names.SKIP_AWAIT: "false"}}}
    assert leader_service(plan_deployment(TINY | said), "nim")["metadata"]["annotations"] == {
        "a": "b",
        names.SKIP_AWAIT: "true",
    }


@pytest.mark.parametrize("variant", ["ingress", "ingress-tls"])
def test_an_ingress_finds_the_service_by_the_name_of_its_port(variant: str) -> None:
    plan = plan_of(variant)
    assert plan.settings.ingress is not None
    found = ingress(plan, plan.settings.ingress, "nim")
    backend = found["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    service = leader_service(plan, "nim")
    assert backend == {"name": service["metadata"]["name"], "port": {"name": service["spec"]["ports"][0]["name"]}}
    assert found["metadata"]["annotations"][names.SKIP_AWAIT] == "true"


def test_an_ingress_ends_tls_for_its_host() -> None:
    plan = plan_of("ingress-tls")
    assert plan.settings.ingress is not None
    spec = ingress(plan, plan.settings.ingress, "nim")["spec"]
    assert spec["tls"] == [{"hosts": ["*.example.com"], "secretName": "chat-tls"}]
    assert spec["rules"][0]["host"] == "*.example.com"
    assert spec["ingressClassName"] == "nginx"
    assert "tls" not in objects(plan_of("ingress"))[1]["spec"]


def test_a_route_takes_off_a_prefix_that_the_model_does_not_know() -> None:
    spec = objects(plan_of("http-route-prefix"))[1]["spec"]
    (rule,) = spec["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/chat/blue"}}]
    assert rule["filters"] == [
        {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}}
    ]
    assert rule["backendRefs"] == [{"name": "nim-leader", "port": 9000}]
    assert rule["timeouts"] == {"request": "10m"}
    assert spec["parentRefs"] == [
        {"name": "gateway", "namespace": "gateways", "sectionName": "https"},
        {"name": "inside"},
    ]
    (whole,) = objects(plan_of("http-route-no-limit"))[1]["spec"]["rules"]
    assert "filters" not in whole
    assert whole["timeouts"] == {"request": "0s"}


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        pytest.param({}, None, id="the Service alone"),
        pytest.param({"ingress": {"host": "a.example.com"}}, "http://a.example.com/v1", id="an Ingress without TLS"),
        pytest.param(
            {"ingress": {"host": "a.example.com", "tlsSecret": "t", "path": "/v1"}},
            "https://a.example.com/v1",
            id="an Ingress with TLS",
        ),
        pytest.param(
            {"ingress": {"host": "a.example.com", "scheme": "https"}},
            "https://a.example.com/v1",
            id="an Ingress behind something that ends TLS",
        ),
        pytest.param({"ingress": {"host": "*.example.com"}}, None, id="an Ingress for every host of a domain"),
        pytest.param({"httpRoute": {"parentRefs": [{"name": "g"}]}}, None, id="a route for every host"),
        pytest.param(
            {"httpRoute": {"parentRefs": [{"name": "g"}], "hostnames": ["*.a", "b.a"], "path": "/x"}},
            "https://b.a/x/v1",
            id="a route with one named host and a path",
        ),
        pytest.param(
            {
                "ingress": {"host": "*.example.com"},
                "httpRoute": {"parentRefs": [{"name": "g"}], "hostnames": ["b.a"], "scheme": "http"},
            },
            "http://b.a/v1",
            id="a route beside an Ingress for every host",
        ),
    ],
)
def test_the_public_url(settings: dict[str, Any], url: str | None) -> None:
    assert public_url(plan_deployment(TINY | settings).settings) == url


def test_a_policy_lets_the_deployment_and_its_namespace_in_and_dns_and_https_out() -> None:
    (policy,) = objects(plan_of("policy"))[1:]
    group = {"podSelector": {"matchLabels": {names.LWS_NAME_LABEL: "nim"}}}
    assert policy["spec"] == {
        **group,
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [group]}, {"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 8000}]}],
        "egress": [
            {"to": [group]},
            {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
            {"ports": [{"protocol": "TCP", "port": 443}]},
        ],
    }


def test_named_clients_take_the_place_of_the_namespace_and_named_sources_that_of_https() -> None:
    (policy,) = objects(plan_of("policy-clients"))[1:]
    _, clients = policy["spec"]["ingress"]
    assert clients["from"] == [{"podSelector": {"matchLabels": {"app": "gateway"}}}, CONTROLLERS, SMOKE]
    _, _, source, further = policy["spec"]["egress"]
    assert source == {"to": [{"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.9.0/24"]}}]}
    assert further["ports"] == [{"protocol": "TCP", "port": 4317}]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(MATRIX["policy-nobody"], id="with other settings of the policy"),
        pytest.param(TINY | {"networkPolicy": {"clients": []}}, id="with nothing else"),
    ],
)
def test_an_empty_list_of_clients_is_nobody(settings: dict[str, Any]) -> None:
    """An empty `from` would be everyone, so that there is no such rule at all, but for the smoke Job."""
    (policy,) = objects(plan_deployment(settings | {"smoke": False}))[1:]
    assert [list(rule) for rule in policy["spec"]["ingress"]] == [["from"]]
    (smoking,) = objects(plan_deployment(settings))[1:]
    assert [rule["from"] for rule in smoking["spec"]["ingress"]][1:] == [[SMOKE]]
    assert all(rule.get("to", True) and rule.get("from", True) for rule in policy["spec"]["egress"])


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"networkPolicy": {"download": []}}, id="no peer for the download"),
        pytest.param({"download": {"disabled": True}}, id="no download"),
    ],
)
def test_without_a_download_dns_alone_is_open(said: dict[str, Any]) -> None:
    (policy,) = objects(plan_deployment(TINY | {"networkPolicy": {}} | said))[1:]
    assert len(policy["spec"]["egress"]) == 2


def test_the_api_port_is_that_of_the_container_and_not_of_the_service() -> None:
    said = {"networkPolicy": {}, "ports": {"server": 9100}, "service": {"port": 80}}
    _, policy = objects(plan_deployment(TINY | said))
    assert policy["spec"]["ingress"][1]["ports"] == [{"protocol": "TCP", "port": 9100}]


def test_the_download_job_downloads_and_nobody_reaches_it() -> None:
    policy, job = objects(plan_of("policy-job"))[1:]
    assert job["metadata"]["name"] == "nim-download"
    assert job["spec"]["podSelector"]["matchLabels"].items() <= names.labels("nim", "download").items()
    assert job["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in job["spec"]
    assert job["spec"]["egress"] == policy["spec"]["egress"][1:]


def test_leaders_are_watched_at_the_port_that_serves_the_metrics() -> None:
    plan = plan_of("pod-monitor-labels")
    assert plan.settings.pod_monitor is not None
    monitor = pod_monitor(plan, plan.settings.pod_monitor, "nim")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    leader = pod_template(plan, References("cache"), "leader")["spec"]["containers"][0]
    assert endpoint["port"] in {port["name"] for port in leader["ports"]}
    assert (endpoint["path"], endpoint["interval"]) == ("/v1/metrics", "1m30s")
    assert monitor["spec"]["selector"] == {"matchLabels": leader_service(plan, "nim")["spec"]["selector"]}
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
