"""Which of the Pod Security Standards a pod keeps to, as the API server's admission judges it.

Controls and allowed values: https://kubernetes.io/docs/concepts/security/pod-security-standards/, in the version of
Kubernetes 1.35. Where versions differ the stricter is taken: user namespaces (hostUsers: false) relax nothing here.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args

PodSecurityLevel = Literal["restricted", "baseline", "privileged"]

_BASELINE_CAPABILITIES = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
_SAFE_SYSCTLS = {
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
}
_SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t"}
_CONFINED = {"RuntimeDefault", "Localhost"}
_RESTRICTED_VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
    "secret",
}
_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"


def pod_security_level(pod_spec: Mapping[str, Any], annotations: Mapping[str, str] | None = None) -> PodSecurityLevel:
    """The strictest level that admits the pod."""
    if not _is_baseline(pod_spec, annotations or {}):
        return "privileged"
    return "restricted" if _is_restricted(pod_spec) else "baseline"


def least(levels: Iterable[PodSecurityLevel]) -> PodSecurityLevel:
    """The level that admits all of them."""
    return max(levels, key=get_args(PodSecurityLevel).index)


def containers(pod_spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All of a pod, in the order in which they start."""
    yield from (*pod_spec.get("initContainers", ()), *pod_spec.get("containers", ()))


def _is_baseline(spec: Mapping[str, Any], annotations: Mapping[str, str]) -> bool:
    contexts = [spec.get("securityContext") or {}, *(_context(container) for container in containers(spec))]
    return not (
        any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
        or any("hostPath" in volume for volume in spec.get("volumes", ()))
        or any(sysctl["name"] not in _SAFE_SYSCTLS for sysctl in contexts[0].get("sysctls", ()))
        or any(_is_loose(context) for context in contexts)
        or any(_reaches_out(container) for container in containers(spec))
        or any(
            value != "runtime/default" and not value.startswith("localhost/")
            for name, value in annotations.items()
            if name.startswith(_APPARMOR_ANNOTATION)
        )
    )


def _is_loose(context: Mapping[str, Any]) -> bool:
    """Whether a security context, of pod or container, has what `baseline` forbids."""
    selinux = context.get("seLinuxOptions") or {}
    return bool(
        context.get("privileged")
        or (context.get("windowsOptions") or {}).get("hostProcess")
        or not set((context.get("capabilities") or {}).get("add", ())) <= _BASELINE_CAPABILITIES
        or (context.get("appArmorProfile") or {"type": "RuntimeDefault"})["type"] not in _CONFINED
        or (context.get("seccompProfile") or {"type": "RuntimeDefault"})["type"] not in _CONFINED
        or selinux.get("type", "") not in _SELINUX_TYPES
        or selinux.get("user")
        or selinux.get("role")
        or context.get("procMount", "Default") != "Default"
    )


def _reaches_out(container: Mapping[str, Any]) -> bool:
    """Whether it takes a port of the node, or lets the kubelet ask another host."""
    lifecycle = container.get("lifecycle") or {}
    handlers = [
        *(container.get(name) or {} for name in ("startupProbe", "readinessProbe", "livenessProbe")),
        *(lifecycle.get(name) or {} for name in ("postStart", "preStop")),
    ]
    return any(port.get("hostPort") for port in container.get("ports", ())) or any(
        (handler.get(kind) or {}).get("host") for handler in handlers for kind in ("httpGet", "tcpSocket")
    )


def _is_restricted(spec: Mapping[str, Any]) -> bool:
    pod = spec.get("securityContext") or {}
    return (
        all(_RESTRICTED_VOLUMES & volume.keys() for volume in spec.get("volumes", ()))
        and pod.get("runAsUser") != 0
        and all(_is_confined(_context(container), pod) for container in containers(spec))
    )


def _is_confined(context: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    capabilities = context.get("capabilities") or {}
    return (
        context.get("allowPrivilegeEscalation") is False
        and context.get("runAsNonRoot", pod.get("runAsNonRoot")) is True
        and context.get("runAsUser") != 0
        and bool(context.get("seccompProfile") or pod.get("seccompProfile"))
        and "ALL" in capabilities.get("drop", ())
        and set(capabilities.get("add", ())) <= {"NET_BIND_SERVICE"}
    )


def _context(container: Mapping[str, Any]) -> Mapping[str, Any]:
    return container.get("securityContext") or {}
