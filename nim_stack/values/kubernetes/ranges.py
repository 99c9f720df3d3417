"""Ranges of numbers that the API server takes in fields of Kubernetes' types, as pkg/apis/*/validation of Kubernetes
1.37 has them. 0 stands in a range where the API server takes it for the default."""

from collections.abc import Mapping

_INT32 = 2**31 - 1
_PORT = (1, 65535)
_ID = (0, _INT32)
FILE_MODE = (0, 0o777)
STICKY_MODE = (0, 0o1777)
_WEIGHT = (1, 100)
_FROM_ZERO = (0, _INT32)
_ONE_OR_MORE = (1, _INT32)

RANGES: Mapping[str, tuple[int, int]] = {
    "ClusterTrustBundleProjection.user": _ID,
    "ConfigMapVolumeSource.defaultMode": FILE_MODE,
    "ConfigMapVolumeSource.defaultUser": _ID,
    "ContainerPort.containerPort": _PORT,
    "ContainerPort.hostPort": (0, 65535),
    "DownwardAPIVolumeFile.mode": FILE_MODE,
    "DownwardAPIVolumeFile.user": _ID,
    "DownwardAPIVolumeSource.defaultMode": FILE_MODE,
    "DownwardAPIVolumeSource.defaultUser": _ID,
    "EmptyDirVolumeSource.mode": STICKY_MODE,
    "GRPCAction.port": _PORT,
    "HPAScalingPolicy.periodSeconds": (1, 1800),
    "HPAScalingPolicy.value": _ONE_OR_MORE,
    "HPAScalingRules.stabilizationWindowSeconds": (0, 3600),
    "HTTPGetAction.port": _PORT,
    "KeyToPath.mode": FILE_MODE,
    "KeyToPath.user": _ID,
    "MetricTarget.averageUtilization": _ONE_OR_MORE,
    "NetworkPolicyPort.endPort": _PORT,
    "NetworkPolicyPort.port": _PORT,
    "PodCertificateProjection.maxExpirationSeconds": (3600, _INT32),
    "PodCertificateProjection.user": _ID,
    "PodSecurityContext.fsGroup": _ID,
    "PodSecurityContext.runAsGroup": _ID,
    "PodSecurityContext.runAsUser": _ID,
    "PodSecurityContext.supplementalGroups": _ID,
    "PodSpec.activeDeadlineSeconds": _ONE_OR_MORE,
    "PreferredSchedulingTerm.weight": _WEIGHT,
    "Probe.failureThreshold": _FROM_ZERO,
    "Probe.initialDelaySeconds": _FROM_ZERO,
    "Probe.periodSeconds": _FROM_ZERO,
    "Probe.successThreshold": _FROM_ZERO,
    "Probe.terminationGracePeriodSeconds": (1, 2**63 - 1),
    "Probe.timeoutSeconds": _FROM_ZERO,
    "ProjectedVolumeSource.defaultMode": FILE_MODE,
    "ProjectedVolumeSource.defaultUser": _ID,
    "SecretVolumeSource.defaultMode": FILE_MODE,
    "SecretVolumeSource.defaultUser": _ID,
    "SecurityContext.runAsGroup": _ID,
    "SecurityContext.runAsUser": _ID,
    "ServiceAccountTokenProjection.expirationSeconds": (600, 2**32),
    "ServiceAccountTokenProjection.user": _ID,
    "SleepAction.seconds": (0, 2**63 - 1),
    "TCPSocketAction.port": _PORT,
    "TopologySpreadConstraint.maxSkew": _ONE_OR_MORE,
    "TopologySpreadConstraint.minDomains": _ONE_OR_MORE,
    "WeightedPodAffinityTerm.weight": _WEIGHT,
}
