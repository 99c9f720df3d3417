"""Defects of a cluster, as data: each is planted for a while, and one check of `nim-stack doctor` finds it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from lab.address import NODES
from lab.deployment import GROUP, NAMESPACE
from lab.observe import kubectl
from nim_stack.base.documents import Json
from tests.prove import provoke


@dataclass(frozen=True)
class Planted:
    """One defect, and the check that finds it."""

    check: str
    planted: Callable[[], AbstractContextManager[None]] = nullcontext
    settings: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def labelled(**labels: str) -> Iterator[None]:
    """Labels of the two nodes."""
    for node, value in zip(NODES, labels.values(), strict=True):
        kubectl("label", "node", node, f"nvidia.com/gpu.product={value}", "--overwrite")
    try:
        yield
    finally:
        kubectl("label", "nodes", *NODES, "nvidia.com/gpu.product-")


@contextmanager
def cordoned() -> Iterator[None]:
    kubectl("cordon", "node-1")
    try:
        yield
    finally:
        kubectl("uncordon", "node-1")


@contextmanager
def enforced(level: str) -> Iterator[None]:
    key = "pod-security.kubernetes.io/enforce"
    kubectl("label", "namespace", NAMESPACE, f"{key}={level}", "--overwrite")
    try:
        yield
    finally:
        kubectl("label", "namespace", NAMESPACE, f"{key}-")


def namespaced(version: str, kind: str, name: str, **more: Any) -> Json:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **more}


def holder() -> Json:
    """A pod that holds all GPUs of a node."""
    container = {"name": "a", "image": "localhost/none", "resources": {"limits": {"nvidia.com/gpu": "8"}}}
    return namespaced("v1", "Pod", "holder", spec={"nodeName": "node-0", "containers": [container]})


def _class(name: str, provisioner: str) -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": provisioner,
    }


def _secret(name: str, **data: str) -> Json:
    return namespaced("v1", "Secret", name, stringData=data)


def objects(*manifests: Json) -> Callable[[], AbstractContextManager[None]]:
    return lambda: provoke.objects(*manifests)


PLANTED: Mapping[str, Planted] = {
    "webhook-down": Planted("lws", provoke.controller_down),
    "lws-too-old": Planted("lws", provoke.older_definition),
    "taint": Planted("gpu-nodes", lambda: provoke.taint("lab/prove")),
    "cordoned": Planted("gpu-nodes", cordoned),
    "too-few-gpus": Planted("gpu-nodes", settings={"gpusPerNode": 16}),
    "two-gpu-types": Planted("gpu-type", lambda: labelled(first="NVIDIA-H100-80GB-HBM3", second="NVIDIA-L40S")),
    "gpus-held": Planted("gpu-free", objects(holder())),
    "no-rdma": Planted("node-resources", settings={"fabric": "rdma-shared"}),
    "class-missing": Planted("storage", settings={"storage": {"storageClass": "no-such-class"}}),
    "class-of-disks": Planted(
        "storage",
        objects(_class("prove-disks", "ebs.csi.aws.com")),
        {"storage": {"storageClass": "prove-disks", "size": "1Gi"}},
    ),
    "claim-missing": Planted("storage", settings={"storage": {"existingClaim": "nowhere"}}),
    "claim-of-one-node": Planted(
        "storage",
        objects(provoke.claim("single", "ReadWriteOnce")),
        {"storage": {"existingClaim": "single"}},
    ),
    "quota": Planted("quota", objects(provoke.quota(pods="1"))),
    "quota-on-a-limit": Planted("quota", objects(provoke.quota(limits_cpu="1000"))),
    "pod-security": Planted(
        "pod-security",
        lambda: enforced("baseline"),
        {"pods": {"volumes": [{"name": "x", "hostPath": {"path": "/tmp"}}]}},
    ),
    "secret-missing": Planted("secrets", settings={"secrets": {"hfTokenSecret": "theirs"}}),
    "key-missing": Planted(
        "secrets", objects(_secret("theirs", OTHER="x")), {"secrets": {"hfTokenSecret": "theirs"}}
    ),
    "scheduler-missing": Planted("scheduler", settings={"pods": {"queue": {"kind": "volcano", "name": "a"}}}),
    "service-of-that-name": Planted(
        "names", objects(namespaced("v1", "Service", GROUP, spec={"ports": [{"port": 80}], "selector": {"a": "b"}}))
    ),
    "secret-of-that-name": Planted("names", objects(_secret(f"{GROUP}-hf-token", HF_TOKEN="x"))),
    "monitoring-missing": Planted("apis", settings={"podMonitor": {}}),
    "priority-class-missing": Planted("apis", settings={"pods": {"priorityClass": "nowhere"}}),
}  # fmt: skip
