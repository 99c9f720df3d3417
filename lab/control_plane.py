"""etcd, API server, controller manager, scheduler, kube-proxy and CoreDNS, on the machine `control`."""

from pathlib import Path

from lab import pki
from lab.address import (
    API_PORT,
    API_URL,
    CLUSTER_DOMAIN,
    CONTROL,
    DNS_SERVICE,
    GATEWAY,
    NODES,
    POD_SUBNET,
    SERVICE_SUBNET,
)
from lab.api import Api
from lab.machine import Machine
from lab.paths import STATE
from lab.toolchain import build

_ETC = STATE / "control"
_BIN = "/opt/lab/kubernetes/kubernetes"

ETCD_URL = "http://127.0.0.1:2379"


def machine() -> Machine:
    """The control machine: programs and certificates read from the host, nothing of the host's written."""
    return Machine(
        CONTROL,
        (
            (build.KUBERNETES.folder, "/opt/lab/kubernetes"),
            (build.COREDNS.folder, "/opt/lab/coredns"),
            (pki.PKI, "/etc/lab/pki"),
            (_ETC, "/etc/lab/control"),
        ),
    )


def prepare() -> None:
    """Write the configuration files that the programs read."""
    _ETC.mkdir(parents=True, exist_ok=True)
    (_ETC / "Corefile").write_text(_COREFILE)
    (_ETC / "kube-proxy.yaml").write_text(_KUBE_PROXY)


def start_api(control: Machine) -> None:
    """Start etcd and the API server; it answers /readyz some 4 s later."""
    control.daemon(
        "etcd",
        ["etcd", "--data-dir=/var/lib/etcd", "--unsafe-no-fsync", f"--listen-client-urls={ETCD_URL}"]
        + [f"--advertise-client-urls={ETCD_URL}", "--listen-peer-urls=http://127.0.0.1:2380", "--log-level=warn"],
    )
    etc = "/etc/lab/pki"
    control.daemon(
        "kube-apiserver",
        [_BIN, "kube-apiserver", f"--etcd-servers={ETCD_URL}", f"--advertise-address={GATEWAY}"]
        + [f"--secure-port={API_PORT}", f"--service-cluster-ip-range={SERVICE_SUBNET}", "--allow-privileged=true"]
        + [f"--client-ca-file={etc}/ca.crt", f"--tls-cert-file={etc}/apiserver.crt"]
        + [f"--tls-private-key-file={etc}/apiserver.key", f"--service-account-key-file={etc}/service-accounts.pub"]
        + [f"--service-account-signing-key-file={etc}/service-accounts.key"]
        + [f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}"]
        + ["--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction"]
        + [f"--kubelet-client-certificate={etc}/apiserver-kubelet-client.crt"]
        + [f"--kubelet-client-key={etc}/apiserver-kubelet-client.key"]
        # Else exec and logs look the node name up in DNS.
        + ["--kubelet-preferred-address-types=InternalIP", "--v=1"],
    )


def start_controllers(control: Machine) -> None:
    """Start what needs the API server."""
    etc = "/etc/lab/pki"
    control.daemon(
        "kube-controller-manager",
        [_BIN, "kube-controller-manager", f"--kubeconfig={etc}/controller-manager.kubeconfig"]
        + [f"--root-ca-file={etc}/ca.crt", f"--service-account-private-key-file={etc}/service-accounts.key"]
        + ["--use-service-account-credentials=true", f"--cluster-cidr={POD_SUBNET}", "--leader-elect=false"]
        + [f"--cluster-signing-cert-file={etc}/ca.crt", f"--cluster-signing-key-file={etc}/ca.key", "--v=1"],
    )
    control.daemon(
        "kube-scheduler",
        [_BIN, "kube-scheduler", f"--kubeconfig={etc}/scheduler.kubeconfig", "--leader-elect=false", "--v=1"],
    )
    control.daemon("kube-proxy", [_BIN, "kube-proxy", "--config=/etc/lab/control/kube-proxy.yaml", "--v=1"])
    control.daemon("coredns", ["/opt/lab/coredns/coredns", "-conf", "/etc/lab/control/Corefile"])


def dns_service(api: Api) -> None:
    """Publish CoreDNS, which runs beside the API server, under the cluster's DNS address."""
    namespace = "/api/v1/namespaces/kube-system"
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
    api.ensure(
        f"{namespace}/services",
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system"},
            "spec": {"clusterIP": DNS_SERVICE, "ports": ports},
        },
    )
    api.ensure(
        "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices",
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": "kube-dns",
                "namespace": "kube-system",
                "labels": {"kubernetes.io/service-name": "kube-dns"},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [GATEWAY], "conditions": {"ready": True}}],
            "ports": ports,
        },
    )


_COREFILE = f"""
.:53 {{
    errors
    health {GATEWAY}:8080
    ready {GATEWAY}:8181
    cache 2
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa {{
        endpoint {API_URL}
        kubeconfig /etc/lab/pki/admin.kubeconfig
        pods insecure
        ttl 2
    }}
}}
"""

# One proxy serves both nodes, because they share one network namespace. masqueradeAll: a pod's answer to another
# pod on the same bridge would otherwise go past the translation. conntrack limits: no right to set them here.
_KUBE_PROXY = f"""
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: {POD_SUBNET}
hostnameOverride: {NODES[0]}
clientConnection: {{kubeconfig: /etc/lab/pki/proxy.kubeconfig}}
conntrack: {{maxPerCore: 0, min: 0, tcpCloseWaitTimeout: 0s, tcpEstablishedTimeout: 0s}}
nftables: {{masqueradeAll: true, syncPeriod: 30s, minSyncPeriod: 0s}}
healthzBindAddress: {GATEWAY}:10256
metricsBindAddress: {GATEWAY}:10249
"""


def admin_kubeconfig_inside() -> Path:
    """CoreDNS reads as the administrator: a copy inside the directory that the machine sees."""
    inside = pki.PKI / "admin.kubeconfig"
    inside.write_text(pki.kubeconfig().read_text())
    inside.chmod(0o600)
    return inside
