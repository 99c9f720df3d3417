"""Where a value of each of Kubernetes' types stands in an object that the API server can be asked about, and the least
that such a value has."""

from collections.abc import Callable, Mapping
from typing import Any

from nim_stack.base.documents import Json

_IMAGE = "registry.example/tool:1"
_SELECTED = {"matchLabels": {"app": "model"}}
TERM: Json = {"labelSelector": _SELECTED, "topologyKey": "rack"}
_CLAIM: Json = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
_PODS: Json = {"metric": {"name": "waiting"}, "target": {"type": "AverageValue", "averageValue": "5"}}
_EXTERNAL: Json = {"type": "External", "external": _PODS}
POLICY: Json = {"type": "Pods", "value": 1, "periodSeconds": 60}
_SOON = "preferredDuringSchedulingIgnoredDuringExecution"
_NOW = "requiredDuringSchedulingIgnoredDuringExecution"


def pod(**spec: Any) -> Json:
    first = {"name": "nim", "image": _IMAGE}
    metadata = {"name": "asked", "labels": {"app": "model"}} | spec.pop("metadata", {})
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [first]} | spec}


def container(**fields: Any) -> Json:
    """In a pod with a volume `v`, beside the first container."""
    of_pod = fields.pop("of_pod", {})
    first, beside = {"name": "nim", "image": _IMAGE}, {"name": "beside", "image": _IMAGE} | fields
    return pod(**{"volumes": [{"name": "v", "emptyDir": {}}], "containers": [first, beside]} | of_pod)


def volume(**source: Any) -> Json:
    return pod(volumes=[{"name": "v", **source}])


def autoscaler(**spec: Any) -> Json:
    target = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "a"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 2, "metrics": [_EXTERNAL]} | spec
    metadata = {"name": "asked"}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


def policy(**rule: Any) -> Json:
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}
    metadata = {"name": "asked"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _near(term: Any) -> Json:
    return pod(affinity={"podAffinity": {_NOW: [term]}})


def _nodes(term: Any) -> Json:
    return pod(affinity={"nodeAffinity": {_NOW: {"nodeSelectorTerms": [term]}}})


def _env(source: Any) -> Json:
    return container(env=[{"name": "A", "valueFrom": source}])


def _probe(**handler: Any) -> Json:
    return container(livenessProbe=handler)


def _projected(source: Any) -> Json:
    return volume(projected={"sources": [source]})


def _measured(kind: str, source: str) -> Callable[[Any], Json]:
    return lambda value: autoscaler(metrics=[{"type": kind, source: value}])


BASES: Mapping[str, Json] = {
    "AppArmorProfile": {"type": "RuntimeDefault"},
    "AzureDiskVolumeSource": {"diskName": "d", "diskURI": "https://disk.example/d"},
    "ConfigMapEnvSource": {"name": "a"},
    "ConfigMapKeySelector": {"name": "a", "key": "a"},
    "ConfigMapProjection": {"name": "a"},
    "ConfigMapVolumeSource": {"name": "a"},
    "Container": {"name": "other", "image": _IMAGE},
    "ContainerPort": {"containerPort": 80},
    "ContainerResizePolicy": {"resourceName": "cpu", "restartPolicy": "NotRequired"},
    "ContainerResourceMetricSource": {"name": "cpu", "container": "nim", "target": {"type": "AverageValue"}},
    "ContainerRestartRule": {"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}},
    "ContainerRestartRuleOnExitCodes": {"operator": "In", "values": [1]},
    "CSIVolumeSource": {"driver": "csi.example.com"},
    "DownwardAPIVolumeFile": {"path": "a", "fieldRef": {"fieldPath": "metadata.name"}},
    "DownwardAPIVolumeSource": {"items": []},
    "EmptyDirVolumeSource": {},
    "EnvFromSource": {"configMapRef": {"name": "a"}},
    "EnvVar": {"name": "A"},
    "EnvVarSource": {},
    "ExternalMetricSource": {"metric": {"name": "waiting"}, "target": {"type": "AverageValue"}},
    "GRPCAction": {"port": 80},
    "HPAScalingPolicy": POLICY,
    "HPAScalingRules": {"policies": [POLICY]},
    "HTTPGetAction": {"port": 80},
    "HTTPHeader": {"name": "A", "value": "a"},
    "HostAlias": {"ip": "10.0.0.1", "hostnames": ["a"]},
    "HostPathVolumeSource": {"path": "/a"},
    "ImageVolumeSource": {"reference": _IMAGE},
    "KeyToPath": {"key": "a", "path": "a"},
    "LabelSelector": {},
    "LabelSelectorRequirement": {"key": "a", "operator": "Exists"},
    "Lifecycle": {},
    "LifecycleHandler": {"exec": {"command": ["true"]}},
    "MetricIdentifier": {"name": "waiting"},
    "MetricSpec": _EXTERNAL,
    "MetricTarget": {"type": "AverageValue", "averageValue": "5"},
    "NFSVolumeSource": {"server": "a", "path": "/a"},
    "NetworkPolicyPort": {"port": 80},
    "NodeSelector": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]},
    "NodeSelectorRequirement": {"key": "a", "operator": "Exists"},
    "NodeSelectorTerm": {},
    "ObjectFieldSelector": {"fieldPath": "metadata.name"},
    "PersistentVolumeClaimSpec": _CLAIM,
    "PersistentVolumeClaimTemplate": {"spec": _CLAIM},
    "PersistentVolumeClaimVolumeSource": {"claimName": "a"},
    "PodAffinityTerm": TERM,
    "PodDNSConfig": {"nameservers": ["10.0.0.1"]},
    "PodDNSConfigOption": {"name": "ndots", "value": "2"},
    "PodOS": {"name": "linux"},
    "PodReadinessGate": {"conditionType": "a"},
    "PodResourceClaim": {"name": "a", "resourceClaimName": "a"},
    "PodSecurityContext": {},
    "PodSpec": {"containers": [{"name": "nim", "image": _IMAGE}]},
    "PreferredSchedulingTerm": {"weight": 1, "preference": {}},
    "Probe": {"exec": {"command": ["true"]}},
    "ProjectedVolumeSource": {"sources": []},
    "ResourceFieldSelector": {"resource": "limits.cpu"},
    "ResourceMetricSource": {"name": "cpu", "target": {"type": "AverageValue"}},
    "ResourceRequirements": {},
    "SeccompProfile": {"type": "RuntimeDefault"},
    "SecretEnvSource": {"name": "a"},
    "SecretKeySelector": {"name": "a", "key": "a"},
    "SecretProjection": {"name": "a"},
    "SecretVolumeSource": {"secretName": "a"},
    "SecurityContext": {},
    "ServiceAccountTokenProjection": {"path": "a", "expirationSeconds": 3600},
    "SleepAction": {"seconds": 1},
    "Sysctl": {"name": "net.core.somaxconn", "value": "1"},
    "TCPSocketAction": {"port": 80},
    "Toleration": {"key": "a"},
    "TopologySpreadConstraint": {"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"},
    "Volume": {"name": "v", "emptyDir": {}},
    "VolumeMount": {"name": "v", "mountPath": "/a"},
    "VolumeProjection": {"secret": {"name": "a"}},
    "WeightedPodAffinityTerm": {"weight": 1, "podAffinityTerm": TERM},
}

PLACES: Mapping[str, Callable[[Any], Json]] = {
    "AppArmorProfile": lambda value: pod(securityContext={"appArmorProfile": value}),
    "AzureDiskVolumeSource": lambda value: volume(azureDisk=value),
    "ConfigMapEnvSource": lambda value: container(envFrom=[{"configMapRef": value}]),
    "ConfigMapKeySelector": lambda value: _env({"configMapKeyRef": value}),
    "ConfigMapProjection": lambda value: _projected({"configMap": value}),
    "ConfigMapVolumeSource": lambda value: volume(configMap=value),
    "Container": lambda value: pod(containers=[value]),
    "ContainerPort": lambda value: container(ports=[value]),
    "ContainerResizePolicy": lambda value: container(resizePolicy=[value]),
    "ContainerResourceMetricSource": _measured("ContainerResource", "containerResource"),
    "ContainerRestartRule": lambda value: container(restartPolicy="Never", restartPolicyRules=[value]),
    "ContainerRestartRuleOnExitCodes": lambda value: container(
        restartPolicy="Never", restartPolicyRules=[{"action": "Restart", "exitCodes": value}]
    ),
    "CSIVolumeSource": lambda value: volume(csi=value),
    "DownwardAPIVolumeFile": lambda value: volume(downwardAPI={"items": [value]}),
    "DownwardAPIVolumeSource": lambda value: volume(downwardAPI=value),
    "EmptyDirVolumeSource": lambda value: volume(emptyDir=value),
    "EnvFromSource": lambda value: container(envFrom=[value]),
    "EnvVar": lambda value: container(env=[value]),
    "EnvVarSource": _env,
    "ExternalMetricSource": _measured("External", "external"),
    "GRPCAction": lambda value: _probe(grpc=value),
    "HPAScalingPolicy": lambda value: autoscaler(behavior={"scaleUp": {"policies": [value]}}),
    "HPAScalingRules": lambda value: autoscaler(behavior={"scaleDown": value}),
    "HTTPGetAction": lambda value: _probe(httpGet=value),
    "HTTPHeader": lambda value: _probe(httpGet={"port": 80, "httpHeaders": [value]}),
    "HostAlias": lambda value: pod(hostAliases=[value]),
    "HostPathVolumeSource": lambda value: volume(hostPath=value),
    "ImageVolumeSource": lambda value: volume(image=value),
    "KeyToPath": lambda value: volume(secret={"secretName": "a", "items": [value]}),
    "LabelSelector": lambda value: _near(TERM | {"labelSelector": value}),
    "LabelSelectorRequirement": lambda value: _near(TERM | {"labelSelector": {"matchExpressions": [value]}}),
    "Lifecycle": lambda value: container(lifecycle=value, of_pod={"os": {"name": "linux"}}),
    "LifecycleHandler": lambda value: container(lifecycle={"preStop": value}),
    "MetricIdentifier": lambda value: autoscaler(metrics=[{"type": "External", "external": _PODS | {"metric": value}}]),
    "MetricSpec": lambda value: autoscaler(metrics=[value]),
    "MetricTarget": lambda value: autoscaler(metrics=[{"type": "External", "external": _PODS | {"target": value}}]),
    "NFSVolumeSource": lambda value: volume(nfs=value),
    "NetworkPolicyPort": lambda value: policy(ports=[value]),
    "NodeSelector": lambda value: pod(affinity={"nodeAffinity": {_NOW: value}}),
    "NodeSelectorRequirement": lambda value: _nodes({"matchExpressions": [value]}),
    "NodeSelectorTerm": _nodes,
    "ObjectFieldSelector": lambda value: _env({"fieldRef": value}),
    "PersistentVolumeClaimSpec": lambda value: volume(ephemeral={"volumeClaimTemplate": {"spec": value}}),
    "PersistentVolumeClaimTemplate": lambda value: volume(ephemeral={"volumeClaimTemplate": value}),
    "PersistentVolumeClaimVolumeSource": lambda value: volume(persistentVolumeClaim=value),
    "PodAffinityTerm": _near,
    "PodDNSConfig": lambda value: pod(dnsConfig=value),
    "PodDNSConfigOption": lambda value: pod(dnsConfig={"options": [value]}),
    "PodOS": lambda value: pod(os=value),
    "PodReadinessGate": lambda value: pod(readinessGates=[value]),
    "PodResourceClaim": lambda value: pod(resourceClaims=[value]),
    "PodSecurityContext": lambda value: pod(securityContext=value),
    "PodSpec": lambda value: pod(**value),
    "PreferredSchedulingTerm": lambda value: pod(affinity={"nodeAffinity": {_SOON: [value]}}),
    "Probe": lambda value: container(livenessProbe=value),
    "ProjectedVolumeSource": lambda value: volume(projected=value),
    "ResourceFieldSelector": lambda value: _env({"resourceFieldRef": value}),
    "ResourceMetricSource": _measured("Resource", "resource"),
    "ResourceRequirements": lambda value: container(resources=value),
    "SeccompProfile": lambda value: container(securityContext={"seccompProfile": value}),
    "SecretEnvSource": lambda value: container(envFrom=[{"secretRef": value}]),
    "SecretKeySelector": lambda value: _env({"secretKeyRef": value}),
    "SecretProjection": lambda value: _projected({"secret": value}),
    "SecretVolumeSource": lambda value: volume(secret=value),
    "SecurityContext": lambda value: container(securityContext=value, of_pod={"hostUsers": False}),
    "ServiceAccountTokenProjection": lambda value: _projected({"serviceAccountToken": value}),
    "SleepAction": lambda value: container(lifecycle={"preStop": {"sleep": value}}),
    "Sysctl": lambda value: pod(securityContext={"sysctls": [value]}),
    "TCPSocketAction": lambda value: _probe(tcpSocket=value),
    "Toleration": lambda value: pod(tolerations=[value]),
    "TopologySpreadConstraint": lambda value: pod(topologySpreadConstraints=[{"labelSelector": _SELECTED} | value]),
    "Volume": lambda value: pod(volumes=[value]),
    "VolumeMount": lambda value: container(volumeMounts=[value], securityContext={"privileged": True}),
    "VolumeProjection": _projected,
    "WeightedPodAffinityTerm": lambda value: pod(affinity={"podAffinity": {_SOON: [value]}}),
}
