"""Settings of the pods: for each a value, and where it is found in a pod template."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nim_stack.base.documents import Manifest

SIDECAR = {"name": "logs", "image": "registry.example/logs:1"}
FIRST = {"name": "prepare", "image": "registry.example/prepare:1"}
VOLUME = {"name": "mine", "emptyDir": {}}


@dataclass(frozen=True)
class Case:
    """A value, and where it is found in a pod template."""

    value: Any
    found: Callable[[Manifest], Any]
    expected: Any


def spec(name: str) -> Callable[[Manifest], Any]:
    return lambda template: template["spec"].get(name)


def model(*path: str) -> Callable[[Manifest], Any]:
    def find(template: Manifest) -> Any:
        value: Any = template["spec"]["containers"][0]
        for part in path:
            value = (value or {}).get(part)
        return value

    return find


def last(find: Callable[[Manifest], Any]) -> Callable[[Manifest], Any]:
    return lambda template: (find(template) or [None])[-1]


def named(find: Callable[[Manifest], Any], name: str) -> Callable[[Manifest], Any]:
    return lambda template: next((one for one in find(template) if one["name"] == name), None)


def label(name: str) -> Callable[[Manifest], Any]:
    return lambda template: template["metadata"]["labels"].get(name)


def both(one: Callable[[Manifest], Any], other: Callable[[Manifest], Any]) -> Callable[[Manifest], Any]:
    return lambda template: (one(template), other(template))


def asked(resource: str) -> Callable[[Manifest], Any]:
    return both(model("resources", "requests", resource), model("resources", "limits", resource))


def context(name: str) -> Callable[[Manifest], Any]:
    return lambda template: template["spec"]["securityContext"].get(name)


TOLERATION = {
    "key": "node.kubernetes.io/not-ready",
    "operator": "Exists",
    "effect": "NoExecute",
    "tolerationSeconds": 30,
}
ZONE = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}
SPREAD = {"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "ScheduleAnyway"}
OWN_PODS = {"labelSelector": {"matchLabels": {"leaderworkerset.sigs.k8s.io/name": "nim"}}}
DROPPED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
SET_NODE = "requiredDuringSchedulingIgnoredDuringExecution"

OF_ONE_OR_BOTH: dict[str, Case] = {
    "labels": Case({"team": "a"}, label("team"), "a"),
    "annotations": Case({"note": "a"}, lambda template: template["metadata"].get("annotations", {}).get("note"), "a"),
    "tolerations": Case([TOLERATION], last(spec("tolerations")), TOLERATION),
    "affinity": Case(
        {"nodeAffinity": {SET_NODE: ZONE}},
        lambda template: template["spec"]["affinity"].get("nodeAffinity"),
        {SET_NODE: ZONE},
    ),
    "topologySpreadConstraints": Case([SPREAD], last(spec("topologySpreadConstraints")), SPREAD | OWN_PODS),
    "volumes": Case([VOLUME], last(spec("volumes")), VOLUME),
    "volumeMounts": Case(
        [{"name": "dshm", "mountPath": "/mine"}], last(model("volumeMounts")), {"name": "dshm", "mountPath": "/mine"}
    ),
    "initContainers": Case([FIRST], last(spec("initContainers")), FIRST | {"securityContext": DROPPED}),
    "sidecars": Case([SIDECAR], named(spec("containers"), "logs"), SIDECAR | {"securityContext": DROPPED}),
    "patch": Case({"spec": {"shareProcessNamespace": True}}, spec("shareProcessNamespace"), True),
}
OF_A_ROLE: dict[str, Case] = OF_ONE_OR_BOTH | {
    "env": Case([{"name": "A", "value": "1"}], named(model("env"), "A"), {"name": "A", "value": "1"}),
    "nodeSelector": Case({"pool": "a"}, spec("nodeSelector"), {"pool": "a"}),
    "resources": Case({"cpu": "7"}, model("resources", "requests", "cpu"), "7"),
}
OF_BOTH: dict[str, Case] = OF_ONE_OR_BOTH | {
    "schedulerName": Case("mine", spec("schedulerName"), "mine"),
    "queue": Case(
        {"kind": "kai", "name": "q"}, lambda found: found["metadata"]["labels"].get("kai.scheduler/queue"), "q"
    ),
    "priorityClass": Case("high", spec("priorityClassName"), "high"),
    "runtimeClass": Case("nvidia", spec("runtimeClassName"), "nvidia"),
    "serviceAccount": Case("robot", spec("serviceAccountName"), "robot"),
    "hostNetwork": Case(
        True, lambda found: (spec("hostNetwork")(found), spec("dnsPolicy")(found)), (True, "ClusterFirstWithHostNet")
    ),
    "resourceClaims": Case(
        [{"name": "nic", "resourceClaimTemplateName": "nics"}],
        both(spec("resourceClaims"), model("resources", "claims")),
        ([{"name": "nic", "resourceClaimTemplateName": "nics"}], [{"name": "nic"}]),
    ),
    "computeDomain": Case(
        {},
        both(spec("resourceClaims"), model("resources", "claims")),
        ([{"name": "compute-domain", "resourceClaimTemplateName": "nim-nvlink-channel"}], [{"name": "compute-domain"}]),
    ),
    "securityContext": Case({"runAsUser": 7}, context("runAsUser"), 7),
    "containerSecurityContext": Case(
        {"readOnlyRootFilesystem": True}, model("securityContext"), DROPPED | {"readOnlyRootFilesystem": True}
    ),
    "terminationGracePeriodSeconds": Case(90, spec("terminationGracePeriodSeconds"), 90),
}
RESOURCES: dict[str, Case] = {
    "cpu": Case("500m", model("resources", "requests", "cpu"), "500m"),
    "memory": Case("64Gi", asked("memory"), ("64Gi", "64Gi")),
    "shm": Case("8Gi", lambda template: template["spec"]["volumes"][1]["emptyDir"]["sizeLimit"], "8Gi"),
    "ephemeralStorage": Case("50Gi", asked("ephemeral-storage"), ("50Gi", "50Gi")),
    "extended": Case({"rdma/hca": "1"}, asked("rdma/hca"), ("1", "1")),
}
SECURITY: dict[str, Case] = {
    "runAsUser": Case(7, context("runAsUser"), 7),
    "runAsGroup": Case(7, context("runAsGroup"), 7),
    "fsGroup": Case(7, context("fsGroup"), 7),
    "assignedByCluster": Case(
        True, lambda found: {"runAsUser", "runAsGroup", "fsGroup"} & found["spec"]["securityContext"].keys(), set()
    ),
    "supplementalGroups": Case([7, 8], context("supplementalGroups"), [7, 8]),
}
