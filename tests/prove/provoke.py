"""Ways to break a cluster for a while. Each is a context that mends what it broke."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import network
from lab.address import CONTROL, NODES
from lab.console import LabError
from lab.deployment import NAMESPACE, apply
from lab.machine import Machine
from lab.node import EXPORT_INSIDE
from lab.observe import get, kubectl
from lab.shell import run
from nim_stack.base.documents import Json

_TABLE = "nim_cut"


@contextmanager
def cut(family: str, hook: str, rule: str) -> Iterator[None]:
    """Packets that match an nftables rule are dropped in the sealed network."""
    nft = [*Machine(CONTROL).enter(), "nft"]  # nftables is in the machines' root, which need not be so on the host
    run([*nft, "add", "table", family, _TABLE])
    try:
        run([*nft, f"add chain {family} {_TABLE} cut {{ type filter hook {hook} priority -300; }}"])
        run([*nft, f"add rule {family} {_TABLE} cut {rule} drop"])
        yield
    finally:
        run([*nft, "delete", "table", family, _TABLE])


@contextmanager
def taint(key: str) -> Iterator[None]:
    """Both nodes keep away what does not tolerate it."""
    kubectl("taint", "nodes", *NODES, f"{key}=yes:NoSchedule", "--overwrite")
    try:
        yield
    finally:
        kubectl("taint", "nodes", *NODES, f"{key}-")


@contextmanager
def frozen(node: str) -> Iterator[None]:
    """The kubelet of a node is stopped, as on a machine that hangs."""
    pids = [pid for pid in network.processes() if _is_kubelet_of(pid, node)]
    if len(pids) != 1:
        raise LabError(f"{len(pids)} kubelets of {node} were found")
    os.kill(pids[0], signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pids[0], signal.SIGCONT)


def _is_kubelet_of(pid: int, node: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return False
    return "kubelet" in words[:2] and any(word.endswith(f"={node}") or word == node for word in words)


@contextmanager
def controller_down() -> Iterator[None]:
    """LWS has no pods, so that its webhooks do not answer."""
    before = get("deployment", "lws-controller-manager", "-n", "lws-system")["spec"]["replicas"]
    kubectl("scale", "deployment/lws-controller-manager", "-n", "lws-system", "--replicas=0")
    kubectl("wait", "pods", "-n", "lws-system", "--for=delete", "--all", "--timeout=60s")
    try:
        yield
    finally:
        kubectl("scale", "deployment/lws-controller-manager", "-n", "lws-system", f"--replicas={before}")
        kubectl("rollout", "status", "deployment/lws-controller-manager", "-n", "lws-system", "--timeout=120s")


@contextmanager
def older_definition() -> Iterator[None]:
    """The CRD as before LWS 0.9: its status does not say which generation it is about."""
    crd = "leaderworkersets.leaderworkerset.x-k8s.io"
    path = "/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/observedGeneration"
    value = get("crd", crd)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    kept = value["observedGeneration"]
    kubectl("patch", "crd", crd, "--type=json", "-p", json.dumps([{"op": "remove", "path": path}]))
    try:
        yield
    finally:
        kubectl("patch", "crd", crd, "--type=json", "-p", json.dumps([{"op": "add", "path": path, "value": kept}]))


@contextmanager
def full(claim: str, size: str) -> Iterator[None]:
    """A claim whose file system has so little space: a small tmpfs over its directory on both nodes."""
    volume = get("persistentvolumeclaim", claim, "-n", NAMESPACE)["spec"]["volumeName"]
    place = f"{EXPORT_INSIDE}/{volume}"
    for node in NODES:
        run([*Machine(node).enter(), "mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", place])
    try:
        yield
    finally:
        for node in NODES:
            run([*Machine(node).enter(), "umount", "-l", place])


def claim(name: str, mode: str = "ReadWriteMany", storage_class: str = "lab-shared") -> Json:
    spec: Json = {"accessModes": [mode], "storageClassName": storage_class}
    spec["resources"] = {"requests": {"storage": "1Gi"}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


def quota(**hard: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "prove", "namespace": NAMESPACE},
        "spec": {"hard": {key.replace("_", "."): value for key, value in hard.items()}},
    }


@contextmanager
def objects(*manifests: Json) -> Iterator[None]:
    """Objects that are there meanwhile."""
    apply(*manifests)
    try:
        yield
    finally:
        listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        kubectl("delete", "--ignore-not-found", "--grace-period=1", "-f", "-", stdin=listing)
