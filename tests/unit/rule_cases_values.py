"""Values that the API server or the scheduler would refuse inside of a pod, and the message that they get."""

from typing import Any

from tests.unit.conftest import TINY
from tests.unit.rule_cases_model import Cases
from tests.unit.rule_cases_patches import model, patch
from tests.unit.rule_cases_pods import SIDECAR, pods

_SPREAD = {"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}
_MOUNT = {"name": "mine", "mountPath": "/mine", "mountPropagation": "Bidirectional"}
_PROBE = {"exec": {"command": ["true"]}}


def beside(**fields: Any) -> dict[str, Any]:
    return pods(sidecars=[SIDECAR | fields])


def before(**fields: Any) -> dict[str, Any]:
    return pods(initContainers=[SIDECAR | fields])


ERRORS: Cases = [
    (
        "NIM003",
        pods(tolerations=[{"key": "a", "operator": "Equals"}]),
        "nim.pods.tolerations.0 = {'key': 'a', 'operator': 'Equals'}: operator: 'Equals' is not Equal, Exists, Gt or Lt"
        ", did you mean Equal?. List of Kubernetes tolerations",
    ),
    (
        "NIM003",
        pods(topologySpreadConstraints=[_SPREAD | {"maxSkew": 0, "whenUnsatisfiable": "DoNotShedule"}]),
        "nim.pods.topologySpreadConstraints.0 = {'maxSkew': 0, 'topologyKey': 'rack', 'whenUnsatisfiable': "
        "'DoNotShedule'}: maxSkew: 0 is out of range, 1 or more is possible; whenUnsatisfiable: 'DoNotShedule' is not "
        "DoNotSchedule or ScheduleAnyway, did you mean DoNotSchedule?. List of",
    ),
    (
        "NIM003",
        pods(worker={"volumes": [{"name": "Mine", "emptyDir": {"medium": "memory"}}]}),
        "nim.pods.worker.volumes.0 = {'name': 'Mine', 'emptyDir': {'medium': 'memory'}}: name: 'Mine' is not a name of "
        "lower-case letters, digits and dashes, at most 63 of them; emptyDir.medium: 'memory' is not one of Memory, Hu",
    ),
    (
        "NIM003",
        patch(dnsConfig={"nameservers": ["dns.example"]}),
        "nim.pods.patch = {'spec': {'dnsConfig': {'nameservers': ['dns.example']}}}: spec.dnsConfig.nameservers.0: "
        "'dns.example' is not an IP address. Strategic merge",
    ),
    (
        "NIM003",
        TINY | {"autoscaling": {"maxReplicas": 2, "metrics": [{"type": "Podz"}]}},
        "nim.autoscaling.metrics.0 = {'type': 'Podz'}: type: 'Podz' is not Object, Pods, Resource, ContainerResource o",
    ),
    (
        "NIM003",
        TINY | {"networkPolicy": {"egress": [{"ports": [{"port": 90, "endPort": 80}]}]}},
        "nim.networkPolicy.egress.0 = {'ports': [{'port': 90, 'endPort': 80}]}: ports.0.endPort: 80 is less than the p",
    ),
    (
        "NIM003",
        TINY | {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "a"}}}]},
        "nim.env.0.valueFrom = {'secretKeyRef': {'key': 'a'}}: secretKeyRef: 'name' is missing, which SecretKeySelecto",
    ),
    (
        "NIM116",
        pods(tolerations=[{"key": "a", "operator": "Gt", "value": "many"}]),
        "nim.pods.tolerations.0.value = 'many': Gt compares whole numbers. Use one such as '5'.",
    ),
    (
        "NIM116",
        pods(tolerations=[{"key": "a", "value": "b c"}]),
        "nim.pods.tolerations.0.value = 'b c': no taint has such a value. Use at most 63 letters, digits, -, _ and ., ",
    ),
    (
        "NIM127",
        before(readinessProbe=_PROBE),
        "nim.pods.logs.readinessProbe: the container ends before the model's starts, and nothing asks for it meanwhile."
        " Leave it out, or set restartPolicy: Always, with which the container stays.",
    ),
    (
        "NIM127",
        pods(topologySpreadConstraints=[_SPREAD], leader={"topologySpreadConstraints": [_SPREAD]}),
        "nim.pods.topologySpreadConstraints = 'rack': a pod would have 2 constraints with whenUnsatisfiable DoNotSchedu"
        "le on it. Leave one of them, for both roles or for one.",
    ),
    (
        "NIM127",
        patch(topologySpreadConstraints=[_SPREAD | {"matchLabelKeys": ["app"]}]),
        "nim.pods.topologySpreadConstraints = 'rack': the constraint has matchLabelKeys and no labelSelector. Give it ",
    ),
    (
        "NIM127",
        pods(volumes=[{"name": "mine", "emptyDir": {}}], volumeMounts=[_MOUNT]),
        "nim.pods.nim.volumeMounts./mine.mountPropagation = 'Bidirectional': what the container mounts there would app",
    ),
    (
        "NIM127",
        pods(containerSecurityContext={"procMount": "Unmasked"}),
        "nim.pods.nim.securityContext.procMount = 'Unmasked': it needs a user namespace, which pods have with hostUser",
    ),
    (
        "NIM127",
        beside(lifecycle={"preStop": {"sleep": {"seconds": 90}}}),
        "nim.pods.logs.lifecycle.preStop.sleep.seconds = 90: it is more than terminationGracePeriodSeconds, 60. Use at",
    ),
    (
        "NIM127",
        pods(hostNetwork=True, sidecars=[SIDECAR | {"ports": [{"containerPort": 6379}]}]),
        "nim.pods.logs.ports.6379 = 6379: nim has this port of the node already. Use another port.",
    ),
    (
        "NIM127",
        pods(hostNetwork=True, sidecars=[SIDECAR | {"ports": [{"containerPort": 90, "hostPort": 91}]}]),
        "nim.pods.logs.ports.90.hostPort = 91: on the node's network the port of the node is that of the container, 90",
    ),
    (
        "NIM127",
        model(livenessProbe={"exec": {"command": ["true"]}}),
        "nim.pods.patch: after it, spec.containers.0.livenessProbe: it has exec and httpGet, of which one is possible.",
    ),
]

WARNINGS: Cases = [
    (
        "NIM163",
        TINY | {"rollout": {"maxSurge": 1, "maxUnavailable": 1}},
        "nim.rollout.maxUnavailable = 1: the one group goes down at once, while that of the surge still starts. Use 0 w"
        "ith a maxSurge of 1 or more.",
    ),
    (
        "NIM163",
        TINY | {"replicas": 3, "rollout": {"maxUnavailable": 3}},
        "nim.rollout.maxUnavailable = 3: all 3 groups go down at once. Use at most 2, or 0 with a maxSurge of 1 or mor",
    ),
]
