"""Every address and name inside the sealed network, once."""

NETNS = "nim-lab"
BRIDGE = "nimlab0"

GATEWAY = "10.244.0.1"
"""The bridge itself: API server, CoreDNS and the hub stand-in listen here."""

POD_SUBNET = "10.244.0.0/16"
SERVICE_SUBNET = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"

API_PORT = 6443
API_URL = f"https://{GATEWAY}:{API_PORT}"

HUB_PORT = 8081
HUB_URL = f"http://{GATEWAY}:{HUB_PORT}"
HUB_TOKEN = "hf_lab_token"  # the hub stand-in wants one; it protects nothing

CONTROL = "control"
"""The machine that runs etcd and the control plane."""

NODES = ("node-0", "node-1")
"""The machines that run pods."""

GPUS_PER_NODE = 8
"""Advertised, not real: a count on the Node object that scheduler and kubelet honour."""


def node_address(node: str) -> str:
    """The node's own address, a second one on the bridge."""
    return f"10.244.0.{10 + NODES.index(node)}"


def pod_range(node: str) -> tuple[str, str]:
    """First and last pod address of a node: one subnet on one bridge, so that pods need no routes between nodes."""
    third = 1 + NODES.index(node)
    return f"10.244.{third}.10", f"10.244.{third}.250"
