"""The sealed network: one namespace with a bridge and no uplink, so that no packet can leave the machine."""

import subprocess
from pathlib import Path

from lab.address import BRIDGE, GATEWAY, NETNS, NODES, SERVICE_SUBNET, node_address
from lab.shell import run

NETNS_PATH = Path("/run/netns") / NETNS


def enter() -> list[str]:
    """The words that start a program in the sealed network.

    nsenter, not `ip netns exec`: that remounts /sys, hides the cgroups, and the kubelet dies of it.
    """
    return ["nsenter", f"--net={NETNS_PATH}"]


def up() -> None:
    """Make the namespace, its bridge, the nodes' addresses and the route to the Services."""
    run(["ip", "netns", "add", NETNS])
    lines = [
        "link set lo up",
        f"link add {BRIDGE} type bridge",
        f"addr add {GATEWAY}/16 dev {BRIDGE}",
        *(f"addr add {node_address(node)}/32 dev {BRIDGE}" for node in NODES),
        f"link set {BRIDGE} up",
        # Without it the API server cannot reach webhooks: "network is unreachable".
        f"route add {SERVICE_SUBNET} dev {BRIDGE}",
    ]
    run(["ip", "-netns", NETNS, "-batch", "-"], stdin="\n".join(lines) + "\n")
    for key, value in {"net.ipv4.ip_forward": "1", "net.ipv4.conf.all.rp_filter": "0"}.items():
        run([*enter(), "sysctl", "-q", "-w", f"{key}={value}"])


def processes() -> list[int]:
    """Process ids that are inside the namespace now; empty when there is none."""
    if not NETNS_PATH.exists():
        return []
    done = subprocess.run(["ip", "netns", "pids", NETNS], capture_output=True, text=True, check=False)
    return [int(word) for word in done.stdout.split()]


def down() -> None:
    """Remove the namespace and all that is in it."""
    if NETNS_PATH.exists():
        subprocess.run(["ip", "netns", "del", NETNS], capture_output=True, check=False)
