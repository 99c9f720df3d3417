"""How texts of Kubernetes' types are written: names, paths, addresses, and the keys and values of mappings.

From pkg/apis/*/validation of Kubernetes 1.37 and k8s.io/apimachinery v0.37.1, pkg/util/validation. Where versions
differ the looser form stands here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_ANY_CASE = _SUBDOMAIN.replace("a-z", "A-Za-z")
_WORD = r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?"


@dataclass(frozen=True)
class Form:
    """How a text is written."""

    pattern: str
    """Of the whole text, in the dialect that JSON schemas share with Python."""
    words: str
    """What the pattern takes, in words for messages."""
    most: int | None = None
    """How many characters the text may have; None when there is no limit."""

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def takes(self, text: str) -> bool:
        """Whether the text is spelt like this, and not too long."""
        return (self.most is None or len(text) <= self.most) and self._compiled.fullmatch(text) is not None


LABEL = Form(_LABEL, "a name of lower-case letters, digits and dashes, at most 63 of them", 63)
SUBDOMAIN = Form(_SUBDOMAIN, "the name of an object: lower-case letters, digits, dashes and dots", 253)
_MAYBE_SUBDOMAIN = Form(f"({_SUBDOMAIN})?", SUBDOMAIN.words, 253)
_KEY_WORDS = "at most 63 letters, digits, -, _ and ., which a DNS name and / may precede"
LABEL_KEY = Form(rf"({_SUBDOMAIN}/)?{_WORD}", f"the key of a label: {_KEY_WORDS}", 317)
_ANNOTATION_KEY = Form(rf"({_ANY_CASE}/)?{_WORD}", f"the key of an annotation: {_KEY_WORDS}", 317)
LABEL_VALUE = Form(rf"({_WORD})?", "the value of a label: at most 63 letters, digits, -, _ and .")
PORT = Form(
    "(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*",
    "the name of a port: at most 15 lower-case letters, digits and single dashes",
    15,
)
_ANY = Form(r"[\s\S]*", "a text")
SOME = Form(r"[\s\S]+", "a text of at least one character")
INSIDE = Form(
    r"(?!/)(?!\.\.)(?![\s\S]*/\.\.(/|$))[\s\S]+", "a path inside of the volume, which is relative and has no .. in it"
)
_BELOW = Form(r"(?!/)(?!\.\.(/|$))(?![\s\S]*/\.\.(/|$))[\s\S]*", "a relative path without .. in it")
_STRAIGHT = Form(r"(?!\.\.(/|$))(?![\s\S]*/\.\.(/|$))[\s\S]+", "a path without .. in it")
_ABSOLUTE = Form(r"/[\s\S]*", "an absolute path")
_VARIABLE = Form("[ -<>-~]+", "the name of a variable: printable ASCII without =")
_KEY = Form(r"(?!\.$)(?!\.\.)[-._A-Za-z0-9]+", "a key of a Secret or ConfigMap: letters, digits, -, _ and .", 253)
_HEADER = Form("[-A-Za-z0-9]+", "the name of an HTTP header: letters, digits and dashes")
_SYSCTL_PART = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = Form(rf"({_SYSCTL_PART}[./])*{_SYSCTL_PART}", "the name of a sysctl such as net.core.somaxconn", 253)
_DRIVER = Form(_ANY_CASE, "the name of a CSI driver such as secrets-store.csi.k8s.io", 63)
_METRIC = Form(r"(?!\.\.?$)[^/%]+", "the name of a metric: neither / nor % in it")
_MEDIUM = Form(r"(Memory|HugePages(-[0-9]+([KMGTPE]i?|k)?)?)?", "one of Memory, HugePages and HugePages-<size>")
_FIELD = Form(
    r"metadata\.(name|namespace|uid)|metadata\.(labels|annotations)(\['[^']+'\])?|"
    r"spec\.(nodeName|host|serviceAccountName)|status\.(hostIPs?|podIPs?)",
    "one of metadata.name, metadata.namespace, metadata.uid, metadata.labels['<key>'], metadata.annotations['<key>'], "
    "spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP and status.podIPs",
)
_RESOURCE = Form(
    r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-[\s\S]+)",
    "one of limits.cpu, limits.memory, limits.ephemeral-storage, limits.hugepages-<size>, and the same of requests",
)
_DOMAIN = Form(r"\.|(_|[a-z0-9])([-_a-z0-9]*[a-z0-9])?(\.(_|[a-z0-9])([-_a-z0-9]*[a-z0-9])?)*\.?", "a DNS domain", 254)
_ADDRESS = Form(r"([0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", "an IP address")
_TRIMMED = Form(r"(?!\s)([\s\S]*\S)?", "free of blanks before and after it")

TEXTS: Mapping[str, Form] = {
    "CSIVolumeSource.driver": _DRIVER,
    "ClusterTrustBundleProjection.path": INSIDE,
    "ConfigMapEnvSource.name": SUBDOMAIN,
    "ConfigMapKeySelector.key": _KEY,
    "ConfigMapKeySelector.name": SUBDOMAIN,
    "ConfigMapProjection.name": SOME,
    "ConfigMapVolumeSource.name": SOME,
    "Container.image": _TRIMMED,
    "Container.name": LABEL,
    "ContainerPort.name": Form(f"({PORT.pattern})?", PORT.words, PORT.most),
    "ContainerResourceMetricSource.container": LABEL,
    "DownwardAPIVolumeFile.path": INSIDE,
    "EmptyDirVolumeSource.medium": _MEDIUM,
    "EnvFromSource.prefix": Form(f"({_VARIABLE.pattern})?", _VARIABLE.words),
    "EnvVar.name": _VARIABLE,
    "FileKeySelector.volumeName": LABEL,
    "HTTPGetAction.port": PORT,
    "HTTPHeader.name": _HEADER,
    "HostAlias.hostnames": SUBDOMAIN,
    "HostAlias.ip": _ADDRESS,
    "HostPathVolumeSource.path": _STRAIGHT,
    "KeyToPath.key": SOME,
    "KeyToPath.path": INSIDE,
    "LabelSelectorRequirement.key": LABEL_KEY,
    "LabelSelectorRequirement.values": LABEL_VALUE,
    "MetricIdentifier.name": _METRIC,
    "NFSVolumeSource.path": _ABSOLUTE,
    "NFSVolumeSource.server": SOME,
    "NetworkPolicyPort.port": PORT,
    "NodeSelectorRequirement.key": LABEL_KEY,
    "ObjectFieldSelector.fieldPath": _FIELD,
    "PersistentVolumeClaimSpec.storageClassName": _MAYBE_SUBDOMAIN,
    "PersistentVolumeClaimVolumeSource.claimName": SOME,
    "PodAffinityTerm.matchLabelKeys": LABEL_KEY,
    "PodAffinityTerm.mismatchLabelKeys": LABEL_KEY,
    "PodAffinityTerm.namespaces": LABEL,
    "PodAffinityTerm.topologyKey": LABEL_KEY,
    "PodDNSConfig.nameservers": _ADDRESS,
    "PodDNSConfig.searches": _DOMAIN,
    "PodDNSConfigOption.name": SOME,
    "PodReadinessGate.conditionType": LABEL_KEY,
    "PodResourceClaim.name": LABEL,
    "PodResourceClaim.resourceClaimName": SUBDOMAIN,
    "PodResourceClaim.resourceClaimTemplateName": SUBDOMAIN,
    "PodSchedulingGate.name": LABEL_KEY,
    "PodSpec.priorityClassName": _MAYBE_SUBDOMAIN,
    "PodSpec.runtimeClassName": SUBDOMAIN,
    "PodSpec.serviceAccountName": _MAYBE_SUBDOMAIN,
    "ResourceFieldSelector.resource": _RESOURCE,
    "SecretEnvSource.name": SUBDOMAIN,
    "SecretKeySelector.key": _KEY,
    "SecretKeySelector.name": SUBDOMAIN,
    "SecretProjection.name": SOME,
    "SecretVolumeSource.secretName": SOME,
    "ServiceAccountTokenProjection.path": INSIDE,
    "SeccompProfile.localhostProfile": _BELOW,
    "Sysctl.name": _SYSCTL,
    "TCPSocketAction.port": PORT,
    "Toleration.key": Form(f"({LABEL_KEY.pattern})?", LABEL_KEY.words, LABEL_KEY.most),
    "TopologySpreadConstraint.matchLabelKeys": LABEL_KEY,
    "TopologySpreadConstraint.topologyKey": SOME,
    "Volume.name": LABEL,
    "VolumeMount.mountPath": SOME,
    "VolumeMount.subPath": _BELOW,
    "VolumeMount.subPathExpr": _BELOW,
}
"""Fields that are a text, a list of texts, or a text where a number can stand as well."""

KEYS: Mapping[str, Form] = {
    "LabelSelector.matchLabels": LABEL_KEY,
    "ObjectMeta.annotations": _ANNOTATION_KEY,
    "ObjectMeta.labels": LABEL_KEY,
    "PodSpec.nodeSelector": LABEL_KEY,
}
VALUES: Mapping[str, Form] = {
    "CSIVolumeSource.volumeAttributes": _ANY,
    "LabelSelector.matchLabels": LABEL_VALUE,
    "ObjectMeta.annotations": _ANY,
    "ObjectMeta.labels": LABEL_VALUE,
    "PodSpec.nodeSelector": LABEL_VALUE,
}

NEEDED: Mapping[str, frozenset[str]] = {
    "ConfigMapEnvSource": frozenset({"name"}),
    "ConfigMapKeySelector": frozenset({"name"}),
    "ConfigMapProjection": frozenset({"name"}),
    "ConfigMapVolumeSource": frozenset({"name"}),
    "EphemeralVolumeSource": frozenset({"volumeClaimTemplate"}),
    "ExecAction": frozenset({"command"}),
    "PersistentVolumeClaimSpec": frozenset({"accessModes", "resources"}),
    "SecretEnvSource": frozenset({"name"}),
    "SecretKeySelector": frozenset({"name"}),
    "SecretProjection": frozenset({"name"}),
    "SecretVolumeSource": frozenset({"secretName"}),
}
"""Fields that the types call optional and the API server refuses to do without."""
