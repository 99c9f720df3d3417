"""Public routes: what leads to a group from outside, and what guards it."""

from typing import Any

import pytest
from nim_policy.guard import guarded_routes
from nim_policy.pods import LWS_NAME_LABEL

from tests.unit.policy.seen import group, of, open_texts, seen, texts, unknown

SERVICE = of("Service", "v1", {"type": "ClusterIP", "selector": {LWS_NAME_LABEL: "nim"}, "ports": [{"port": 80}]})
INGRESS = of(
    "Ingress",
    "networking.k8s.io/v1",
    {"rules": [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": "nim", "port": {"number": 80}}}}]}}]},
)
DEFAULT = of("Ingress", "networking.k8s.io/v1", {"defaultBackend": {"service": {"name": "nim"}}})
HTTP_ROUTE = of(
    "HTTPRoute", "gateway.networking.k8s.io/v1", {"rules": [{"backendRefs": [{"name": "nim", "port": 80}]}]}
)
ROUTE = of("Route", "route.openshift.io/v1", {"to": {"kind": "Service", "name": "nim"}})
POOL = of("InferencePool", "inference.networking.k8s.io/v1", {"selector": {"matchLabels": {"app": "nim"}}}, name="pool")
POOL_ROUTE = of(
    "HTTPRoute",
    "gateway.networking.k8s.io/v1",
    {"rules": [{"backendRefs": [{"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "pool"}]}]},
)
KEY = {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "api-key", "key": "key"}}}


def service(**spec: Any) -> dict[str, Any]:
    return {**SERVICE, "spec": {**SERVICE["spec"], **spec}}


def policy(selector: dict[str, Any], *rules: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return of("NetworkPolicy", "networking.k8s.io/v1", {"podSelector": selector, "ingress": list(rules), **spec}, "np")


def judged(*manifests: dict[str, Any], container: dict[str, Any] | None = None, **config: Any) -> list[str]:
    verdict = guarded_routes([seen(group(container=container or {})), *map(seen, manifests)], config)
    assert open_texts(verdict) == []
    return texts(verdict)


@pytest.mark.parametrize(
    "public",
    [
        [service(type="LoadBalancer")],
        [service(type="NodePort")],
        [service(externalIPs=["192.0.2.1"])],
        [SERVICE, INGRESS],
        [SERVICE, DEFAULT],
        [SERVICE, HTTP_ROUTE],
        [SERVICE, ROUTE],
        [POOL, POOL_ROUTE],
    ],
    ids=[
        "LoadBalancer",
        "NodePort",
        "externalIPs",
        "Ingress",
        "default backend",
        "HTTPRoute",
        "Route",
        "InferencePool",
    ],
)
def test_a_way_in_needs_a_guard(public: list[dict[str, Any]]) -> None:
    (said,) = judged(*public)
    assert said == (
        f"{public[-1]['kind']} nim opens LeaderWorkerSet nim to the outside, and nothing guards it: the pods have no "
        "VLLM_API_KEY and no NetworkPolicy of this stack selects the pods. Give the pods VLLM_API_KEY from a Secret "
        "(nim.env), or set nim.networkPolicy."
    )
    assert judged(*public, container={"env": [KEY]}) == []
    assert judged(*public, policy({"matchLabels": {"app": "nim"}})) == []


def test_a_service_of_the_cluster_alone_needs_none() -> None:
    assert judged(SERVICE) == []


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"name": "VLLM_API_KEY", "value": "sk-plain"}, "VLLM_API_KEY is not from a Secret"),
        (
            {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "a", "key": "k", "optional": True}}},
            "the Secret of VLLM_API_KEY is optional",
        ),
    ],
    ids=["a key in clear", "a Secret that may be absent"],
)
def test_a_key_is_one_from_a_secret(entry: dict[str, Any], why: str) -> None:
    (said,) = judged(service(type="NodePort"), container={"env": [entry]})
    assert why in said
    assert "sk-plain" not in said


def test_another_variable_can_hold_the_key() -> None:
    other = {"env": [{**KEY, "name": "API_KEY"}]}
    assert judged(service(type="NodePort"), container=other) != []
    assert judged(service(type="NodePort"), container=other, keyVariables=["VLLM_API_KEY", "API_KEY"]) == []


@pytest.mark.parametrize(
    ("found", "guards"),
    [
        (policy({}), True),
        (policy({"matchLabels": {LWS_NAME_LABEL: "nim"}}, {"from": [{"podSelector": {}}]}), True),
        (policy({"matchLabels": {"app": "other"}}), False),
        (policy({"matchExpressions": [{"key": "app", "operator": "In", "values": ["nim", "x"]}]}), True),
        (policy({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["nim"]}]}), False),
        (policy({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}), False),
        (policy({}, policyTypes=["Egress"]), False),
        (policy({}, {"ports": [{"port": 8000}]}), False),
        (policy({}, {"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}), False),
        (policy({}, {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}), True),
    ],
    ids=[
        "all pods",
        "the pods of the group, from pods alone",
        "other pods",
        "one of several values",
        "not these values",
        "a label that must be absent",
        "egress alone",
        "a port from anybody",
        "the whole internet",
        "one private network",
    ],
)
def test_a_network_policy_guards_the_pods_that_it_selects(found: dict[str, Any], guards: bool) -> None:
    assert (judged(service(type="NodePort"), found) == []) == guards
    said = judged(service(type="NodePort"), found, acceptNetworkPolicy=False)
    assert "NetworkPolicy" not in said[0]
    elsewhere = {**found, "metadata": {**found["metadata"], "namespace": "elsewhere"}}
    assert judged(service(type="NodePort"), elsewhere) != []


def test_what_one_policy_lets_in_no_other_keeps_out() -> None:
    (said,) = judged(service(type="NodePort"), policy({}), policy({}, {"from": []}))
    assert "NetworkPolicy np lets everybody in" in said


@pytest.mark.parametrize(
    ("manifests", "why"),
    [
        ([INGRESS], "it leads to Service nim, which is not in this stack"),
        ([service(type="NodePort", selector={"app": "other"})], "Service nim selects no pods of this stack"),
        ([service(type="NodePort", selector={})], "Service nim has no selector"),
        (
            [
                of(
                    "HTTPRoute",
                    "gateway.networking.k8s.io/v1",
                    {"rules": [{"backendRefs": [{"kind": "X", "name": "x"}]}]},
                )
            ],
            "it leads to X x, which is no kind that this policy follows",
        ),
        ([of("Release", "helm.sh/v3", {})], "a Helm release does not show its objects"),
    ],
    ids=["a Service of another stack", "pods of another stack", "no selector", "another kind", "Helm release"],
)
def test_a_way_that_leaves_the_stack_is_not_judged(manifests: list[dict[str, Any]], why: str) -> None:
    verdict = guarded_routes([seen(group()), *map(seen, manifests)], {})
    assert texts(verdict) == []
    assert why in open_texts(verdict)[0]


def test_a_way_to_other_pods_is_none_of_this_policy() -> None:
    other = {"replicas": 1, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}
    web = [of("Deployment", "apps/v1", other, "web"), service(type="LoadBalancer", selector={"app": "web"})]
    assert judged(*web) == []


def test_what_is_not_known_is_said() -> None:
    way = seen(service(type="NodePort"))
    for hidden in (unknown(seen(group()), "spec"), unknown(seen(group()), "metadata", "name")):
        verdict = guarded_routes([hidden, way], {})
        assert (texts(verdict), len(open_texts(verdict))) == ([], 1)
    for path in (("spec",), ("spec", "type"), ("spec", "selector")):
        verdict = guarded_routes([seen(group()), unknown(way, *path)], {})
        assert (texts(verdict), len(open_texts(verdict))) == ([], 1)


def test_a_guard_that_may_be_there_leaves_it_open() -> None:
    way, hidden = seen(service(type="NodePort")), unknown(seen(policy({})), "spec")
    assert "spec is not known" in open_texts(guarded_routes([seen(group()), way, hidden], {}))[0]
    keyed = seen(group(container={"env": [KEY]}))
    assert open_texts(guarded_routes([keyed, way, hidden], {})) == []
    named = seen(group(container={"envFrom": [{"secretRef": {"name": "a"}}]}))
    assert "may come from envFrom" in open_texts(guarded_routes([named, way], {}))[0]
