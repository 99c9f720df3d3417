"""Values that the API server or the scheduler would refuse inside of a pod, and the message that they get."""

from typing import Any

from tests.unit.conftest import TINY
from tests.unit.rule_case import RuleCase
from tests.unit.rule_cases_patches import model, patch
from tests.unit.rule_cases_pods import SIDECAR, pods

_SPREAD = {"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}
_MOUNT = {"name": "mine", "mountPath": "/mine", "mountPropagation": "Bidirectional"}
_PROBE = {"exec": {"command": ["true"]}}


def beside(**fields: Any) -> dict[str, Any]:
    return pods(sidecars=[SIDECAR | fields])


def before(**fields: Any) -> dict[str, Any]:
    return pods(initContainers=[SIDECAR | fields])


ERRORS = [
    RuleCase(
        "a toleration with a misspelled operator",
        "NIM003",
        pods(tolerations=[{"key": "a", "operator": "Equals"}]),
        "nim.pods.tolerations.0 = {'key': 'a', 'operator': 'Equals'}: operator: 'Equals' is not Equal, Exists, "
        "Gt or Lt (the nearest is Equal). List of Kubernetes tolerations, beside that of the GPU taint.",
    ),
    RuleCase(
        "a topology constraint with two wrong fields",
        "NIM003",
        pods(topologySpreadConstraints=[_SPREAD | {"maxSkew": 0, "whenUnsatisfiable": "DoNotShedule"}]),
        "nim.pods.topologySpreadConstraints.0 = {'maxSkew': 0, 'topologyKey': 'rack', 'whenUnsatisfiable': "
        "'DoNotShedule'}: maxSkew: 0 is out of range, 1 or more is possible; whenUnsatisfiable: 'DoNotShedule' "
        "is not DoNotSchedule or ScheduleAnyway (the nearest is DoNotSchedule). List of Kubernetes "
        "topologySpreadConstraints; without labelSelector of this deployment's pods.",
    ),
    RuleCase(
        "a volume with two wrong fields",
        "NIM003",
        pods(worker={"volumes": [{"name": "Mine", "emptyDir": {"medium": "memory"}}]}),
        "nim.pods.worker.volumes.0 = {'name': 'Mine', 'emptyDir': {'medium': 'memory'}}: name: 'Mine' is not a "
        "name of lower-case letters, digits and dashes, at most 63 of them; emptyDir.medium: 'memory' is not one "
        "of Memory, HugePages and HugePages-<size>. List of Kubernetes volumes.",
    ),
    RuleCase(
        "a DNS server that is no address",
        "NIM003",
        patch(dnsConfig={"nameservers": ["dns.example"]}),
        "nim.pods.patch = {'spec': {'dnsConfig': {'nameservers': ['dns.example']}}}: "
        "spec.dnsConfig.nameservers.0: 'dns.example' is not an IP address. Strategic merge patch of the pod "
        "template, {metadata, spec}, for what no setting names.",
    ),
    RuleCase(
        "a metric of a misspelled type",
        "NIM003",
        TINY | {"autoscaling": {"maxReplicas": 2, "metrics": [{"type": "Podz"}]}},
        "nim.autoscaling.metrics.0 = {'type': 'Podz'}: type: 'Podz' is not Object, Pods, Resource, "
        "ContainerResource or External (the nearest is Pods). List of Kubernetes autoscaling/v2 metrics, judged "
        "on the leaders.",
    ),
    RuleCase(
        "a range of ports that ends before it begins",
        "NIM003",
        TINY | {"networkPolicy": {"egress": [{"ports": [{"port": 90, "endPort": 80}]}]}},
        "nim.networkPolicy.egress.0 = {'ports': [{'port': 90, 'endPort': 80}]}: ports.0.endPort: 80 is less than "
        "the port 90. List of Kubernetes egress rules beside DNS and the download.",
    ),
    RuleCase(
        "a Secret key without its Secret",
        "NIM003",
        TINY | {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "a"}}}]},
        "nim.env.0.valueFrom = {'secretKeyRef': {'key': 'a'}}: secretKeyRef: 'name' is missing, which "
        "SecretKeySelector needs. Kubernetes valueFrom, such as {secretKeyRef: {name: aws, key: secret}}.",
    ),
    RuleCase(
        "a comparison with text",
        "NIM116",
        pods(tolerations=[{"key": "a", "operator": "Gt", "value": "many"}]),
        "nim.pods.tolerations.0.value = 'many': Gt compares whole numbers. Use one such as '5'.",
    ),
    RuleCase(
        "a taint value with a blank",
        "NIM116",
        pods(tolerations=[{"key": "a", "value": "b c"}]),
        "nim.pods.tolerations.0.value = 'b c': no taint has such a value. Use at most 63 letters, digits, -, _ "
        "and ., with a letter or a digit first and last.",
    ),
    RuleCase(
        "a readiness probe of an init container",
        "NIM127",
        before(readinessProbe=_PROBE),
        "nim.pods.logs.readinessProbe: the container ends before the model's starts, and nothing asks for it "
        "meanwhile. Leave it out, or set restartPolicy: Always, with which the container stays.",
    ),
    RuleCase(
        "the same topology constraint of both roles and of leaders",
        "NIM127",
        pods(topologySpreadConstraints=[_SPREAD], leader={"topologySpreadConstraints": [_SPREAD]}),
        "nim.pods.topologySpreadConstraints = 'rack': a pod would have 2 constraints with whenUnsatisfiable "
        "DoNotSchedule on it. Keep one of them, for both roles or for one.",
    ),
    RuleCase(
        "a topology constraint that matches keys without a selector",
        "NIM127",
        patch(topologySpreadConstraints=[_SPREAD | {"matchLabelKeys": ["app"]}]),
        "nim.pods.topologySpreadConstraints = 'rack': the constraint has matchLabelKeys and no labelSelector. "
        "Give it a labelSelector.",
    ),
    RuleCase(
        "mounts that appear on the node without privileges",
        "NIM127",
        pods(volumes=[{"name": "mine", "emptyDir": {}}], volumeMounts=[_MOUNT]),
        "nim.pods.nim.volumeMounts./mine.mountPropagation = 'Bidirectional': what the container mounts there "
        "would appear on the node, which privileged containers alone may do. Use HostToContainer, or leave it "
        "out.",
    ),
    RuleCase(
        "an unmasked proc without a user namespace",
        "NIM127",
        pods(containerSecurityContext={"procMount": "Unmasked"}),
        "nim.pods.nim.securityContext.procMount = 'Unmasked': it needs a user namespace, which pods have with "
        "hostUsers: false. Leave it out, or set spec.hostUsers to false in nim.pods.patch.",
    ),
    RuleCase(
        "a sleep longer than the grace period",
        "NIM127",
        beside(lifecycle={"preStop": {"sleep": {"seconds": 90}}}),
        "nim.pods.logs.lifecycle.preStop.sleep.seconds = 90: it is more than terminationGracePeriodSeconds, 60. "
        "Use at most 60.",
    ),
    RuleCase(
        "a sidecar with Ray's port on the node's network",
        "NIM127",
        pods(hostNetwork=True, sidecars=[SIDECAR | {"ports": [{"containerPort": 6379}]}]),
        "nim.pods.logs.ports.6379 = 6379: nim has this port of the node already. Use another port.",
    ),
    RuleCase(
        "a host port that is not the container port",
        "NIM127",
        pods(hostNetwork=True, sidecars=[SIDECAR | {"ports": [{"containerPort": 90, "hostPort": 91}]}]),
        "nim.pods.logs.ports.90.hostPort = 91: on the node's network the port of the node is that of the "
        "container, 90. Leave it out.",
    ),
    RuleCase(
        "a patch that gives a probe a second handler",
        "NIM127",
        model(livenessProbe={"exec": {"command": ["true"]}}),
        "nim.pods.patch: the patched pod template is not valid: spec.containers.0.livenessProbe: it has exec and "
        "httpGet, of which one is possible. Complete the patch.",
    ),
]

WARNINGS = [
    RuleCase(
        "a setting in snake_case",
        "NIM007",
        {("gpus_per_node" if name == "gpusPerNode" else name): value for name, value in TINY.items()},
        "nim.gpus_per_node: settings are written in camelCase. Did you mean gpusPerNode? gpus_per_node is accepted so "
        "far, and has its meaning.",
    ),
    RuleCase(
        "a surge while the one group goes down",
        "NIM163",
        TINY | {"rollout": {"maxSurge": 1, "maxUnavailable": 1}},
        "nim.rollout.maxUnavailable = 1: the one group goes down at once, while the group of the surge still "
        "starts. Use 0 with a maxSurge of 1 or more.",
    ),
    RuleCase(
        "an update that takes down all three groups",
        "NIM163",
        TINY | {"replicas": 3, "rollout": {"maxUnavailable": 3}},
        "nim.rollout.maxUnavailable = 3: all 3 groups go down at once. Use at most 2, or 0 with a maxSurge of 1 "
        "or more.",
    ),
]
