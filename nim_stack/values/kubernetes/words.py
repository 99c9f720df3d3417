"""Words that the API server takes where a field of a Kubernetes type has only a few.

One entry for each field, from the constants of k8s.io/api v0.37.1 and what pkg/apis/*/validation of that version does
with them, so that a word which an older cluster does not know yet is let through here. An empty text stands where the
API server puts the default in its place.
"""

from collections.abc import Mapping

_PULL = ("", "Always", "IfNotPresent", "Never")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_SELECTING = ("In", "NotIn", "Exists", "DoesNotExist")
_PROFILES = ("RuntimeDefault", "Localhost", "Unconfined")
_HONOURED = ("Honor", "Ignore")
_SIGNALS = (
    *("ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL"),
    *("PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1"),
    *("USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", *(f"RTMIN+{number}" for number in range(1, 16))),
    *(*(f"RTMAX-{number}" for number in range(14, 0, -1)), "RTMAX"),
)

WORDS: Mapping[str, tuple[str, ...]] = {
    "AppArmorProfile.type": _PROFILES,
    "AzureDiskVolumeSource.cachingMode": ("None", "ReadOnly", "ReadWrite"),
    "AzureDiskVolumeSource.kind": ("Shared", "Dedicated", "Managed"),
    "Container.imagePullPolicy": _PULL,
    "Container.restartPolicy": ("Always", "OnFailure", "Never"),
    "Container.terminationMessagePolicy": ("", "File", "FallbackToLogsOnError"),
    "ContainerPort.protocol": ("", *_PROTOCOLS),
    "ContainerResizePolicy.resourceName": ("cpu", "memory"),
    "ContainerResizePolicy.restartPolicy": ("NotRequired", "RestartContainer"),
    "ContainerRestartRule.action": ("Restart", "RestartAllContainers"),
    "ContainerRestartRuleOnExitCodes.operator": ("In", "NotIn"),
    "GRPCAction.mode": ("Plaintext", "TLS"),
    "HPAScalingPolicy.type": ("Pods", "Percent"),
    "HPAScalingRules.selectPolicy": ("Max", "Min", "Disabled"),
    "HTTPGetAction.protocol": ("HTTP1", "HTTP2"),
    "HTTPGetAction.scheme": ("", "HTTP", "HTTPS"),
    "HostPathVolumeSource.type": (
        *("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"),
    ),
    "ImageVolumeSource.pullPolicy": _PULL,
    "LabelSelectorRequirement.operator": _SELECTING,
    "Lifecycle.stopSignal": tuple(f"SIG{name}" for name in _SIGNALS),
    "MetricSpec.type": ("Object", "Pods", "Resource", "ContainerResource", "External"),
    "MetricTarget.type": ("Utilization", "Value", "AverageValue"),
    "NetworkPolicyPort.protocol": _PROTOCOLS,
    "NodeSelectorRequirement.operator": (*_SELECTING, "Gt", "Lt"),
    "PersistentVolumeClaimSpec.accessModes": ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"),
    "PersistentVolumeClaimSpec.volumeMode": ("Filesystem", "Block"),
    "PodCertificateProjection.keyType": ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"),
    "PodOS.name": ("linux", "windows"),
    "PodSecurityContext.fsGroupChangePolicy": ("OnRootMismatch", "Always"),
    "PodSecurityContext.seLinuxChangePolicy": ("Recursive", "MountOption"),
    "PodSecurityContext.supplementalGroupsPolicy": ("Merge", "Strict"),
    "PodSpec.dnsPolicy": ("", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "PodSpec.preemptionPolicy": ("PreemptLowerPriority", "Never"),
    "PodSpec.restartPolicy": ("", "Always", "OnFailure", "Never"),
    "SeccompProfile.type": _PROFILES,
    "SecurityContext.procMount": ("Default", "Unmasked"),
    "Toleration.effect": ("", "NoSchedule", "PreferNoSchedule", "NoExecute"),
    "Toleration.operator": ("", "Equal", "Exists", "Gt", "Lt"),
    "TopologySpreadConstraint.nodeAffinityPolicy": _HONOURED,
    "TopologySpreadConstraint.nodeTaintsPolicy": _HONOURED,
    "TopologySpreadConstraint.whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway"),
    "VolumeMount.bindMountOptions": ("noexec", "nodev", "nosuid"),
    "VolumeMount.mountPropagation": ("None", "HostToContainer", "Bidirectional"),
    "VolumeMount.recursiveReadOnly": ("Disabled", "IfPossible", "Enabled"),
}
