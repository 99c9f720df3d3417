"""Rows of the matrix `failures`, as data: what breaks, and what must be named."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from lab.deployment import GROUP, NAMESPACE, apply, until
from lab.observe import get, kubectl
from nim_stack.base.documents import Json
from tests.prove import provoke


@dataclass(frozen=True)
class Provoked:
    """One failure: what breaks it, the settings it is deployed with, and what must be named."""

    expected: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    broken: Callable[[], AbstractContextManager[None]] = nullcontext
    """Broken before the deployment, and mended after it."""
    later: Callable[[], AbstractContextManager[None]] | None = None
    """Broken when the model serves."""
    beside: frozenset[str] = frozenset()
    """Other failures that are true as well, or were on the way to it."""
    within: float = 120
    watch: float = 0
    secrets: Mapping[str, str] = field(default_factory=dict)
    fails: bool = False
    """Whether `up` itself is refused."""


def _existing(name: str) -> Json:
    return {"storage": {"storageClass": None, "size": None, "existingClaim": name}}


def _full() -> AbstractContextManager[None]:
    apply(provoke.claim("small"))
    until("bound", lambda: get("pvc", "small", "-n", NAMESPACE)["spec"].get("volumeName"), 30)
    return provoke.full("small", "600k")


_SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": GROUP, "namespace": NAMESPACE},
    "spec": {"ports": [{"port": 8000}], "selector": {"app": "somebody-elses"}},
}
_LATER = frozenset({"crash-loop"})
_DNS = "ip daddr 10.244.0.1 meta l4proto { tcp, udp } th dport 53"

PROVOKED: Mapping[str, Provoked] = {
    "token-refused": Provoked("hub-refuses-token", secrets={"nim-stack:hfToken": "hf_wrong"}, beside=_LATER),
    "missing-claim": Provoked("claim-missing", _existing("nowhere")),
    "claim-of-one-pod": Provoked(
        "claim-for-one-node",
        _existing("single"),
        lambda: provoke.objects(provoke.claim("single", "ReadWriteOncePod")),
    ),
    "full-disk": Provoked("disk-full", _existing("small"), _full, beside=_LATER),
    "missing-class": Provoked("class-missing", {"storage": {"storageClass": "no-such-class"}}),
    "taint": Provoked("taint", broken=lambda: provoke.taint("lab/prove")),
    "too-few-gpus": Provoked("too-few-gpus", {"gpusPerNode": 16, "tensorParallel": 32}),
    "selector": Provoked("selector", {"nodeSelector": {"no/such": "node"}}),
    "quota": Provoked("quota", broken=lambda: provoke.objects(provoke.quota(pods="1"))),
    "pod-security": Provoked(
        "pod-security",
        {"pods": {"volumes": [{"name": "x", "hostPath": {"path": "/tmp"}}]}},
        lambda: _labelled("pod-security.kubernetes.io/enforce", "baseline"),
    ),
    "bad-image": Provoked(
        "image-missing", {"image": "localhost/nim-lab/no-such-image:1", "imagePullPolicy": "Never"}
    ),
    "registry-unreachable": Provoked("registry-unreachable", {"image": "localhost/nim-lab/no-such-image:1"}),
    "missing-key": Provoked("secret-missing", {"secrets": {"hfTokenSecret": "theirs"}}),
    "ray-port-blocked": Provoked(
        "leader-unreachable", broken=lambda: provoke.cut("bridge", "forward", "tcp dport 6379"), within=150
    ),
    "pods-cut-off": Provoked(
        "connection-lost",
        later=lambda: provoke.cut("bridge", "forward", "ip saddr 10.244.0.0/16 ip daddr 10.244.0.0/16"),
        beside=_LATER | {"leader-unreachable"},
        watch=4,
        within=150,
    ),
    "dns-cut": Provoked("leader-name-unresolved", broken=lambda: provoke.cut("inet", "input", _DNS), within=180),
    "service-of-that-name": Provoked("service-shadows-leader", broken=lambda: provoke.objects(_SERVICE)),
    "webhook-down": Provoked(
        "webhook-down", broken=provoke.controller_down, fails=True, beside=frozenset({"not-deployed"})
    ),
    "lws-too-old": Provoked("lws-too-old", broken=provoke.older_definition),
    "shared-memory-too-small": Provoked(
        "shared-memory-too-small", {"resources": {"shm": "16Mi"}}, beside=_LATER, within=180
    ),
    "wrong-interface": Provoked(
        "wrong-interface", {"env": [{"name": "GLOO_SOCKET_IFNAME", "value": "eth7"}]}, beside=_LATER, within=180
    ),
    "invalid-argument": Provoked("invalid-environment", {"passthroughArgs": ["--no-such-option"]}, beside=_LATER),
    "out-of-memory": Provoked(
        "out-of-memory",
        {"resources": {"shm": "256Mi", "memory": "500Mi"}},
        beside=_LATER | {"engine-failed"},  # the kernel ends a child first
        within=180,
    ),
    "frozen-node": Provoked("node-not-ready", later=lambda: provoke.frozen("node-1"), within=150),
}  # fmt: skip


def _labelled(key: str, value: str) -> AbstractContextManager[None]:
    kubectl("label", "namespace", NAMESPACE, f"{key}={value}", "--overwrite")
    return nullcontext()
