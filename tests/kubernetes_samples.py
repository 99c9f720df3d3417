"""Values of Kubernetes' types that the API server takes and refuses: of every field in the tables of
`nim_stack.values.kubernetes`, and of fields that do not go together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nim_stack.base.documents import Json
from nim_stack.values.kubernetes.ranges import RANGES
from nim_stack.values.kubernetes.words import WORDS
from tests.kubernetes_places import BASES, PLACES
from tests.kubernetes_spellings import QUANTITIES, SPELLINGS
from tests.kubernetes_together import TOGETHER

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


def spellings() -> Iterator[Sample]:
    """Texts and quantities."""
    for field, (taken, refused) in {**SPELLINGS, **QUANTITIES}.items():
        kind, _, name = field.partition(".")
        for right, values in ((True, taken), (False, refused)):
            for value in values:
                yield Sample(kind, BASES[kind] | {name: value}, right)
    for medium, right in (("HugePages", True), ("HugePages-2Mi", True), ("memory", False), ("Disk", False)):
        yield Sample("EmptyDirVolumeSource", {"medium": medium}, right, looser=not right)


def together() -> Iterator[Sample]:
    """Fields that do not go together, and some that do."""
    for kind, value, taken in TOGETHER:
        yield Sample(kind, value, taken)


def samples() -> list[Sample]:
    return [*words(), *numbers(), *spellings(), *together()]
