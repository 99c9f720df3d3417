"""A node: containerd, runc and a kubelet on a machine of its own, with eight stand-in GPUs advertised."""

import json
from pathlib import Path

from lab import cgroups, images, pki
from lab.address import BRIDGE, CLUSTER_DOMAIN, DNS_SERVICE, GATEWAY, GPUS_PER_NODE, POD_SUBNET, node_address, pod_range
from lab.api import Api
from lab.engine import settings, tree
from lab.machine import Machine
from lab.paths import STATE
from lab.shell import run
from lab.toolchain import build

EXPORT = STATE / "export"
"""The shared export: the only directory that the nodes have in common."""

EXPORT_INSIDE = "/srv/nim-lab-export"
ENGINE_INSIDE = "/opt/lab/engine"


def _etc(node: str) -> Path:
    return STATE / "nodes" / node


def machine(node: str) -> Machine:
    """The node's machine. What grows or holds sockets lies on the host's disk, outside the overlay."""
    home = _etc(node)
    return Machine(
        node,
        (
            (build.KUBERNETES.folder, "/opt/lab/kubernetes"),
            (tree.ensure(), ENGINE_INSIDE),
            (images.FOLDER, "/opt/lab/images"),
            (EXPORT, EXPORT_INSIDE),
            (home / "etc", "/etc/lab"),
            (home / "containerd", "/var/lib/containerd"),
            (home / "kubelet", "/var/lib/kubelet"),
        ),
    )


def prepare(node: str) -> None:
    """Write the node's configuration and make its control groups."""
    home = _etc(node)
    for name in ("etc/cni", "containerd", "kubelet"):
        (home / name).mkdir(parents=True, exist_ok=True)
    images.FOLDER.mkdir(parents=True, exist_ok=True)
    EXPORT.mkdir(parents=True, exist_ok=True)
    etc = home / "etc"
    (etc / "containerd.toml").write_text(_CONTAINERD)
    (etc / "cni" / "10-bridge.conflist").write_text(json.dumps(_cni(node)))
    (etc / "kubelet.yaml").write_text(json.dumps(_kubelet(node)))
    (etc / "kubeconfig").write_text(pki.kubeconfig(node).read_text())
    (etc / "ca.crt").write_text((pki.PKI / "ca.crt").read_text())
    (etc / "resolv.conf").write_text("")  # no name server beyond the cluster's
    cgroups.make(node)


def start_containerd(node: str, on: Machine) -> None:
    """Start containerd with a base container specification that mounts the engine's packages read-only.

    Much as a GPU runtime injects its driver: the 2 GB of packages need not be in the image.
    """
    spec = json.loads(run([*on.enter(), "ctr", "oci", "spec"]))
    spec["mounts"].append(
        {"destination": settings.MOUNT, "type": "bind", "source": ENGINE_INSIDE, "options": ["rbind", "ro"]}
    )
    (_etc(node) / "etc" / "base-spec.json").write_text(json.dumps(spec))
    on.daemon(f"{node}-containerd", ["containerd", "--config", "/etc/lab/containerd.toml", "--log-level", "warn"])


def import_images(on: Machine, archives: list[Path]) -> None:
    """Load the images: the nodes reach no registry."""
    for archive in archives:
        run(
            [
                *on.enter(),
                "ctr",
                "-n",
                "k8s.io",
                "images",
                "import",
                "--all-platforms",
                f"/opt/lab/images/{archive.name}",
            ]
        )


def start_kubelet(node: str, on: Machine) -> None:
    """Start the kubelet; it registers the node."""
    on.daemon(
        f"{node}-kubelet",
        ["/opt/lab/kubernetes/kubernetes", "kubelet", "--config=/etc/lab/kubelet.yaml"]
        + [
            "--kubeconfig=/etc/lab/kubeconfig",
            f"--hostname-override={node}",
            f"--node-ip={node_address(node)}",
            "--v=1",
        ],
    )


def is_ready(api: Api, node: str) -> bool:
    """Whether the node says Ready."""
    status = api.call("GET", f"/api/v1/nodes/{node}")["status"]
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))


def advertise_gpus(api: Api, node: str) -> None:
    """Patch the node's capacity, as a device plugin would make the kubelet do. No GPU stands behind the count."""
    api.call(
        "PATCH",
        f"/api/v1/nodes/{node}/status",
        {"status": {"capacity": {"nvidia.com/gpu": str(GPUS_PER_NODE)}}},
        "application/merge-patch+json",
    )


_CONTAINERD = f"""
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{images.PAUSE_REF}"
  # The lab may lack CAP_SYS_RESOURCE; else runc fails with "can't get final child's PID from pipe".
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/lab/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      base_runtime_spec = "/etc/lab/base-spec.json"
"""


def _cni(node: str) -> dict[str, object]:
    first, last = pod_range(node)
    return {
        "cniVersion": "0.4.0",
        "name": "nim-lab",
        "plugins": [
            {
                "type": "bridge",
                "bridge": BRIDGE,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": "/run/cni",
                    "ranges": [[{"subnet": POD_SUBNET, "rangeStart": first, "rangeEnd": last, "gateway": GATEWAY}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }


def _kubelet(node: str) -> dict[str, object]:
    address = node_address(node)
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": address,
        "healthzBindAddress": address,
        "authentication": {"x509": {"clientCAFile": "/etc/lab/ca.crt"}, "anonymous": {"enabled": False}},
        "authorization": {"mode": "Webhook"},
        "clusterDNS": [DNS_SERVICE],
        "clusterDomain": CLUSTER_DOMAIN,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroups.path(node),
        "failCgroupV1": False,
        "failSwapOn": False,
        "resolvConf": "/etc/lab/resolv.conf",
        # One disk serves both nodes and the host: pressure on it is the host's affair.
        "evictionHard": {"memory.available": "200Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "registerNode": True,
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "10s",
        "fileCheckFrequency": "20s",
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "shutdownGracePeriod": "0s",
    }
