"""Values of Kubernetes' types that the API server takes and refuses: of every field in the tables of
`nim_stack.validation`, and of fields that do not go together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nim_stack.validation.numbers import RANGES
from nim_stack.validation.words import WORDS
from tests.kubernetes_places import BASES, PLACES, POLICY, TERM, Json

_AUTOSCALING = {"ContainerResourceMetricSource", "ExternalMetricSource", "HPAScalingPolicy", "HPAScalingRules"}
_AUTOSCALING |= {"MetricIdentifier", "MetricSpec", "MetricTarget", "ResourceMetricSource"}
_NETWORKING = {"NetworkPolicyPort"}
_META = {"LabelSelector", "LabelSelectorRequirement"}
_LISTS = {"PersistentVolumeClaimSpec.accessModes", "PodSecurityContext.supplementalGroups"}
UNASKED = {
    "ClusterTrustBundleProjection": "of an API that a cluster has to turn on",
    "PodCertificateProjection": "of an API that a cluster has to turn on",
    "FileKeySelector": "needs a volume of the pod",
    "PodSchedulingGate": "a pod is made without it when it is asked as a dry run",
}
"""Types of the tables that no sample is made of, and why."""
_LATER = {
    ("DownwardAPIVolumeFile", "user"),
    *((kind, "defaultUser") for kind in ("ConfigMapVolumeSource", "DownwardAPIVolumeSource", "SecretVolumeSource")),
    *(("ProjectedVolumeSource", "defaultUser"), ("KeyToPath", "user"), ("ServiceAccountTokenProjection", "user")),
    *(("EmptyDirVolumeSource", "mode"), ("GRPCAction", "mode"), ("HTTPGetAction", "protocol")),
    *(("VolumeMount", "bindMountOptions"), ("Lifecycle", "stopSignal")),
}
"""Fields that Kubernetes 1.35 does not have, or drops unless it is told not to."""


@dataclass(frozen=True)
class Sample:
    """A value of a type, and whether it is taken."""

    kind: str
    value: Json
    taken: bool
    later: bool = False
    """Whether what is taken depends on the version of Kubernetes, or on what a cluster has turned on."""
    looser: bool = False
    """Whether the API server takes what the kubelet then refuses."""

    @property
    def qualified(self) -> str:
        """As lightkube-models names it."""
        module = "core_v1"
        for kinds, name in ((_AUTOSCALING, "autoscaling_v2"), (_NETWORKING, "networking_v1"), (_META, "meta_v1")):
            module = name if self.kind in kinds else module
        return f"{module}.{self.kind}"

    @property
    def manifest(self) -> Json:
        return PLACES[self.kind](self.value)


_BESIDE: Mapping[tuple[str, str], Json] = {
    ("AppArmorProfile.type", "Localhost"): {"localhostProfile": "a"},
    ("SeccompProfile.type", "Localhost"): {"localhostProfile": "a"},
    ("AzureDiskVolumeSource.kind", "Managed"): {"diskURI": "/subscriptions/a"},
    ("LabelSelectorRequirement.operator", "In"): {"values": ["a"]},
    ("LabelSelectorRequirement.operator", "NotIn"): {"values": ["a"]},
    ("NodeSelectorRequirement.operator", "In"): {"values": ["a"]},
    ("NodeSelectorRequirement.operator", "NotIn"): {"values": ["a"]},
    ("NodeSelectorRequirement.operator", "Gt"): {"values": ["1"]},
    ("NodeSelectorRequirement.operator", "Lt"): {"values": ["1"]},
    ("PodSpec.dnsPolicy", "None"): {"dnsConfig": {"nameservers": ["10.0.0.1"]}},
    ("Toleration.operator", "Gt"): {"value": "1"},
    ("Toleration.operator", "Lt"): {"value": "1"},
    ("VolumeMount.recursiveReadOnly", "IfPossible"): {"readOnly": True},
    ("VolumeMount.recursiveReadOnly", "Enabled"): {"readOnly": True},
}
_METRICS: Mapping[str, Json] = {
    "Object": {"object": {"describedObject": {"kind": "A", "name": "a", "apiVersion": "v1"}}},
    "Pods": {"pods": {}},
    "Resource": {"resource": {"name": "cpu"}},
    "ContainerResource": {"containerResource": {"name": "cpu", "container": "nim"}},
    "External": {"external": {}},
}
_GATED = {
    *(("Toleration.operator", "Gt"), ("Toleration.operator", "Lt")),
    ("ContainerRestartRule.action", "RestartAllContainers"),
    ("PodSecurityContext.seLinuxChangePolicy", "MountOption"),
    ("PodSpec.preemptionPolicy", "Never"),
}
"""Words that a cluster has to turn on, or that need an object of it."""


def _metric(kind: str) -> Json:
    measured: Json = {"target": {"type": "AverageValue", "averageValue": "5"}}
    if "esource" not in kind:
        measured["metric"] = {"name": "waiting"}
    ((source, own),) = _METRICS[kind].items()
    return {"type": kind, source: measured | own}


def words() -> Iterator[Sample]:
    """Every word of every field, and one that is none."""
    for field, possible in WORDS.items():
        kind, _, name = field.partition(".")
        if kind in UNASKED:
            continue
        listed = name in ("accessModes", "bindMountOptions")
        for word in possible:
            later = (kind, name) in _LATER or (field, word) in _GATED
            if field == "MetricSpec.type":
                value = _metric(word)
            else:
                value = BASES[kind] | {name: [word] if listed else word} | _BESIDE.get((field, word), {})
            yield Sample(kind, value, True, later)
        for wrong in ("nonsense", possible[-1].swapcase(), *(() if "" in possible else ("",))):
            value = BASES[kind] | {name: [wrong] if listed else wrong}
            yield Sample(kind, value, False, (kind, name) in _LATER)


def numbers() -> Iterator[Sample]:
    """Both ends of every range, and what lies beyond them."""
    for field, (least, most) in RANGES.items():
        kind, _, name = field.partition(".")
        if kind in UNASKED:
            continue
        beside = {"port": 1} if name == "endPort" else {}
        asked = [(least, True), (least - 1, False)]
        if most < 2**31 - 1:  # else it is as large as an integer can be
            asked += [(most, True), (most + 1, False)]
        for number, taken in asked:
            value = BASES[kind] | beside | {name: [number] if field in _LISTS else number}
            yield Sample(kind, value, taken, (kind, name) in _LATER)


_LONG = "a" * 64
_SPELLINGS: Mapping[str, tuple[list[Any], list[Any]]] = {
    "CSIVolumeSource.volumeAttributes": ([{"a": "b c"}], [{"a": 5}]),
    "CSIVolumeSource.driver": (["Csi.example.com"], ["a_b", "-a", _LONG]),
    "ConfigMapEnvSource.name": (["a.b"], ["", "A", "a_b"]),
    "ConfigMapKeySelector.key": (["A_b.c-d"], ["", "a/b", "..a", "a b"]),
    "ConfigMapKeySelector.name": (["a.b"], ["", "A"]),
    "ConfigMapVolumeSource.name": (["a"], [""]),
    "Container.image": (["r/i:1"], [" r/i:1"]),
    "Container.name": (["a-1"], ["", "A", "a.b", "a_b", "-a", _LONG]),
    "ContainerPort.name": (["", "http-1", "1a"], ["HTTP", "a--b", "-a", "80", "a" * 16]),
    "DownwardAPIVolumeFile.path": (["a/b", "a..b"], ["", "/a", "../a", "a/../b", "..a"]),
    "EnvFromSource.prefix": (["", "A_"], ["A=B"]),
    "EnvVar.name": (["A", "a.b-c", "with blank", "1A"], ["", "A=B", "Ä"]),
    "HTTPGetAction.port": ([80, "http"], ["HTTP", "80", ""]),
    "HTTPHeader.name": (["X-A"], ["", "a b", "a:b"]),
    "HostAlias.hostnames": ([["a.b"]], [["A"], [""]]),
    "HostAlias.ip": (["::1", "10.1.2.3"], ["a", "10.0.0", "10.0.0.0/8"]),
    "HostPathVolumeSource.path": (["/a", "a..b"], ["", "/a/../b", ".."]),
    "KeyToPath.path": (["a/b"], ["", "/a", "a/..", "..a"]),
    "KeyToPath.key": (["a"], [""]),
    "LabelSelector.matchLabels": (
        [{"a.b/C_d": "E.f"}, {"a": ""}],
        [{"-a": "b"}, {"a": 5}, {"a": "-b"}, {"A.b/c": "d"}, {"a": _LONG}],
    ),
    "LabelSelectorRequirement.key": (["a.b/c"], ["", "a b", "a/b/c"]),
    "MetricIdentifier.name": (["vllm:waiting"], ["", "a/b", "a%b", ".", ".."]),
    "NFSVolumeSource.path": (["/a"], ["", "a"]),
    "NFSVolumeSource.server": (["a"], [""]),
    "NetworkPolicyPort.port": ([80, "http"], ["HTTP", "80"]),
    "NodeSelectorRequirement.key": (["a.b/c"], ["", "a b"]),
    "ObjectFieldSelector.fieldPath": (
        [
            *(
                "metadata.name",
                "metadata.namespace",
                "metadata.uid",
                "metadata.labels['a']",
                "metadata.annotations['a']",
            ),
            *("spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP"),
            *("status.podIPs", "spec.host"),
        ],
        ["", "metadata.labels.a", "spec.hostname", "status.phase", "podIP"],
    ),
    "PersistentVolumeClaimSpec.storageClassName": (["", "a.b"], ["A"]),
    "ConfigMapProjection.name": (["a"], [""]),
    "SecretProjection.name": (["a"], [""]),
    "PodDNSConfigOption.name": (["ndots"], [""]),
    "PersistentVolumeClaimVolumeSource.claimName": (["a"], [""]),
    "PodAffinityTerm.matchLabelKeys": ([["other"]], [["a b"]]),
    "PodAffinityTerm.mismatchLabelKeys": ([["other"]], [["a b"]]),
    "PodAffinityTerm.namespaces": ([["a"]], [["A"], ["a.b"]]),
    "PodAffinityTerm.topologyKey": (["a.b/c"], ["", "a b"]),
    "PodDNSConfig.nameservers": ([["::1"]], [["a"]]),
    "PodDNSConfig.searches": ([["a.b."], ["."], ["_a.b"]], [["A"], ["a b"]]),
    "PodReadinessGate.conditionType": (["a.b/c"], ["", "a b"]),
    "PodResourceClaim.name": (["a"], ["", "a.b", "A"]),
    "PodResourceClaim.resourceClaimName": (["a.b"], ["", "A"]),
    "PodSpec.nodeSelector": ([{"a.b/C": "D"}], [{"a b": "c"}, {"a": "b c"}]),
    "PodSpec.serviceAccountName": (["", "default"], ["A"]),
    "PodSpec.runtimeClassName": ([], ["", "A"]),
    "PodSpec.priorityClassName": ([""], ["A"]),
    "ResourceFieldSelector.resource": (
        ["limits.cpu", "requests.memory", "limits.ephemeral-storage", "requests.hugepages-2Mi"],
        ["", "cpu", "limits.nvidia.com/gpu"],
    ),
    "SecretEnvSource.name": (["a.b"], ["", "A"]),
    "SecretKeySelector.key": (["A_b"], ["", "a/b"]),
    "SecretKeySelector.name": (["a.b"], ["", "A"]),
    "SecretVolumeSource.secretName": (["a"], [""]),
    "ServiceAccountTokenProjection.path": (["a"], ["", "/a", "..a"]),
    "Sysctl.name": (["net.ipv4.tcp_rmem", "net/ipv4/tcp"], ["", "A.b", "a..b"]),
    "TCPSocketAction.port": ([80, "http"], ["80", ""]),
    "Toleration.key": (["a.b/c"], ["a b", "A.b/c"]),
    "TopologySpreadConstraint.topologyKey": (["a"], [""]),
    "TopologySpreadConstraint.matchLabelKeys": ([["other"]], [["a b"]]),
    "Volume.name": (["v-1"], ["", "V", "a.b", "a_b", _LONG]),
    "VolumeMount.mountPath": (["/a", "a"], [""]),
    "VolumeMount.subPath": (["", "a/b", "..a"], ["/a", "a/../b", ".."]),
    "VolumeMount.subPathExpr": (["$(A)"], ["/a", ".."]),
}
_QUANTITIES: Mapping[str, tuple[list[Any], list[Any]]] = {
    "EmptyDirVolumeSource.sizeLimit": (["1Gi", 5, "0", "1e3", ".5Gi", "+1"], ["-1", "1GiB", "x", ""]),
    "HPAScalingRules.tolerance": ([], ["x", "-1"]),
    "MetricTarget.averageValue": (["500m", 5, 0.5, "1E"], ["-1", "x"]),
    "ResourceFieldSelector.divisor": (["1", "1m"], ["x"]),
}


def spellings() -> Iterator[Sample]:
    """Texts and quantities."""
    for field, (taken, refused) in {**_SPELLINGS, **_QUANTITIES}.items():
        kind, _, name = field.partition(".")
        for right, values in ((True, taken), (False, refused)):
            for value in values:
                yield Sample(kind, BASES[kind] | {name: value}, right)
    for medium, right in (("HugePages", True), ("HugePages-2Mi", True), ("memory", False), ("Disk", False)):
        yield Sample("EmptyDirVolumeSource", {"medium": medium}, right, looser=not right)


_DEVICES = "nvidia.com/gpu"
_TOGETHER: list[tuple[str, Json, bool]] = [
    ("SeccompProfile", {"type": "Localhost"}, False),
    ("SeccompProfile", {"type": "Localhost", "localhostProfile": "/a"}, False),
    ("SeccompProfile", {"type": "Localhost", "localhostProfile": "a/b.json"}, True),
    ("SeccompProfile", {"type": "RuntimeDefault", "localhostProfile": "a"}, False),
    ("AppArmorProfile", {"type": "Localhost"}, False),
    ("AppArmorProfile", {"type": "Unconfined", "localhostProfile": "a"}, False),
    ("EnvVarSource", {}, False),
    ("EnvVarSource", {"fieldRef": {"fieldPath": "metadata.labels"}}, False),
    ("EnvVarSource", {"secretKeyRef": {"name": "a", "key": "a"}, "configMapKeyRef": {"name": "a", "key": "a"}}, False),
    ("EnvVarSource", {"secretKeyRef": {"key": "a"}}, False),
    ("EnvVar", {"name": "A", "value": "a", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, False),
    ("EnvVar", {"name": "A", "value": "", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, True),
    ("EnvFromSource", {}, False),
    ("EnvFromSource", {"configMapRef": {}}, False),
    ("EnvFromSource", {"configMapRef": {"name": "a"}, "secretRef": {"name": "a"}}, False),
    ("DownwardAPIVolumeFile", {"path": "a"}, False),
    ("DownwardAPIVolumeFile", {"path": "a", "fieldRef": {"fieldPath": "spec.nodeName"}}, False),
    ("DownwardAPIVolumeFile", {"path": "a", "fieldRef": {"fieldPath": "metadata.labels"}}, True),
    ("DownwardAPIVolumeFile", {"path": "a", "resourceFieldRef": {"resource": "limits.cpu"}}, False),
    (
        "DownwardAPIVolumeFile",
        {"path": "a", "resourceFieldRef": {"resource": "limits.cpu", "containerName": "nim"}},
        True,
    ),
    ("Probe", {"exec": {"command": ["a"]}, "tcpSocket": {"port": 1}}, False),
    ("Probe", {"exec": {"command": []}}, False),
    ("Probe", {"exec": {}}, False),
    ("LifecycleHandler", {}, False),
    ("LifecycleHandler", {"exec": {"command": ["a"]}, "sleep": {"seconds": 1}}, False),
    ("Container", BASES["Container"] | {"livenessProbe": BASES["Probe"] | {"successThreshold": 2}}, False),
    ("Container", BASES["Container"] | {"startupProbe": BASES["Probe"] | {"successThreshold": 2}}, False),
    ("Container", BASES["Container"] | {"readinessProbe": BASES["Probe"] | {"successThreshold": 2}}, True),
    ("Container", BASES["Container"] | {"livenessProbe": BASES["Probe"] | {"successThreshold": 0}}, True),
    (
        "Container",
        BASES["Container"] | {"readinessProbe": BASES["Probe"] | {"terminationGracePeriodSeconds": 5}},
        False,
    ),
    (
        "Container",
        BASES["Container"] | {"ports": [{"name": "a", "containerPort": 1}, {"name": "a", "containerPort": 2}]},
        False,
    ),
    ("VolumeMount", BASES["VolumeMount"] | {"subPath": "a", "subPathExpr": "b"}, False),
    ("VolumeMount", BASES["VolumeMount"] | {"recursiveReadOnly": "Enabled"}, False),
    (
        "VolumeMount",
        BASES["VolumeMount"] | {"recursiveReadOnly": "Enabled", "readOnly": True, "mountPropagation": "Bidirectional"},
        False,
    ),
    ("PersistentVolumeClaimSpec", BASES["PersistentVolumeClaimSpec"] | {"accessModes": []}, False),
    (
        "PersistentVolumeClaimSpec",
        BASES["PersistentVolumeClaimSpec"] | {"accessModes": ["ReadWriteOncePod", "ReadWriteMany"]},
        False,
    ),
    ("PersistentVolumeClaimSpec", {"accessModes": ["ReadWriteMany"], "resources": {}}, False),
    ("PersistentVolumeClaimSpec", {"accessModes": ["ReadWriteMany"]}, False),
    (
        "PersistentVolumeClaimSpec",
        {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "0"}}},
        False,
    ),
    ("PersistentVolumeClaimTemplate", BASES["PersistentVolumeClaimTemplate"] | {"metadata": {"name": "a"}}, False),
    ("NetworkPolicyPort", {"port": 5, "endPort": 4}, False),
    ("NetworkPolicyPort", {"port": "http", "endPort": 4}, False),
    ("NetworkPolicyPort", {"endPort": 4}, False),
    ("NetworkPolicyPort", {"port": 5, "endPort": 5}, True),
    ("NetworkPolicyPort", {}, True),
    ("VolumeProjection", {"secret": {"name": "a"}, "configMap": {"name": "a"}}, False),
    ("VolumeProjection", {}, True),
    ("LabelSelectorRequirement", {"key": "a", "operator": "In"}, False),
    ("LabelSelectorRequirement", {"key": "a", "operator": "Exists", "values": ["b"]}, False),
    ("LabelSelectorRequirement", {"key": "a", "operator": "In", "values": ["b c"]}, False),
    ("NodeSelectorRequirement", {"key": "a", "operator": "NotIn", "values": []}, False),
    ("NodeSelectorRequirement", {"key": "a", "operator": "DoesNotExist", "values": ["b"]}, False),
    ("NodeSelectorRequirement", {"key": "a", "operator": "Gt", "values": ["1", "2"]}, False),
    ("NodeSelector", {"nodeSelectorTerms": []}, False),
    ("NodeSelector", {"nodeSelectorTerms": [{}]}, True),
    ("NodeSelectorTerm", {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]}, True),
    ("NodeSelectorTerm", {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a", "b"]}]}, False),
    ("NodeSelectorTerm", {"matchFields": [{"key": "metadata.name", "operator": "Exists"}]}, False),
    ("NodeSelectorTerm", {"matchFields": [{"key": "name", "operator": "In", "values": ["a"]}]}, False),
    ("PodAffinityTerm", {"topologyKey": "rack", "matchLabelKeys": ["a"]}, False),
    ("PodAffinityTerm", {"topologyKey": "rack", "mismatchLabelKeys": ["a"]}, False),
    ("PodAffinityTerm", TERM | {"matchLabelKeys": ["app"]}, False),
    ("PodAffinityTerm", TERM | {"matchLabelKeys": ["other"], "mismatchLabelKeys": ["other"]}, False),
    (
        "TopologySpreadConstraint",
        BASES["TopologySpreadConstraint"] | {"minDomains": 2, "whenUnsatisfiable": "ScheduleAnyway"},
        False,
    ),
    (
        "TopologySpreadConstraint",
        BASES["TopologySpreadConstraint"]
        | {"matchLabelKeys": ["app"], "labelSelector": {"matchLabels": {"app": "model"}}},
        False,
    ),
    ("ResourceMetricSource", {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 5}}, True),
    (
        "ResourceMetricSource",
        {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 5, "averageValue": "1"}},
        False,
    ),
    (
        "ExternalMetricSource",
        {"metric": {"name": "a"}, "target": {"type": "Value", "value": "5", "averageValue": "1"}},
        False,
    ),
    (
        "ContainerResourceMetricSource",
        {"name": "cpu", "container": "nim", "target": {"type": "AverageValue", "averageValue": "1"}},
        True,
    ),
    (
        "ContainerResourceMetricSource",
        {"name": "cpu", "container": "a.b", "target": {"type": "AverageValue", "averageValue": "1"}},
        False,
    ),
    ("PodResourceClaim", {"name": "a", "resourceClaimTemplateName": "a.b"}, True),
    ("PodResourceClaim", {"name": "a", "resourceClaimTemplateName": "A"}, False),
    ("SecurityContext", {"runAsUser": 0, "procMount": "Default"}, True),
    ("MetricTarget", {"type": "Value", "value": "1"}, True),
    ("MetricTarget", {"type": "Value", "value": "0"}, False),
    ("HPAScalingRules", {"policies": [POLICY], "selectPolicy": "Disabled"}, True),
    ("ResourceRequirements", {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}, False),
    ("ResourceRequirements", {"requests": {"cpu": "1"}, "limits": {"cpu": "1000m"}}, True),
    ("ResourceRequirements", {"requests": {"cpu": 1, "memory": "1.5Gi"}, "limits": {"ephemeral-storage": "1e9"}}, True),
    ("ResourceRequirements", {"requests": {"memory": "-1"}}, False),
    ("ResourceRequirements", {"requests": {"memory": "1GB"}}, False),
    ("ResourceRequirements", {"requests": {"storage": "1Gi"}}, False),
    ("ResourceRequirements", {"requests": {"gpu": "1"}}, False),
    ("ResourceRequirements", {"requests": {_DEVICES: "1"}}, False),
    ("ResourceRequirements", {"limits": {_DEVICES: "1"}}, True),
    ("ResourceRequirements", {"requests": {_DEVICES: "1"}, "limits": {_DEVICES: "2"}}, False),
    ("ResourceRequirements", {"limits": {_DEVICES: "500m"}}, False),
    ("ResourceRequirements", {"limits": {"a b": "1"}}, False),
    ("ResourceRequirements", {"limits": {"hugepages-2Mi": "4Mi", "memory": "1Gi"}}, True),
    ("ResourceRequirements", {"limits": {"hugepages-2Mi": "3Mi", "memory": "1Gi"}}, False),
    ("ResourceRequirements", {"limits": {"hugepages-2Mi": "4Mi"}}, False),
    ("SecretVolumeSource", {}, False),
    ("ConfigMapVolumeSource", {}, False),
]


def together() -> Iterator[Sample]:
    """Fields that do not go together, and some that do."""
    for kind, value, taken in _TOGETHER:
        yield Sample(kind, value, taken)


def samples() -> list[Sample]:
    return [*words(), *numbers(), *spellings(), *together()]
