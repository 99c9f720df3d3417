"""The matrix `defects`: what is wrong with a cluster is planted in a real one, and `nim-stack doctor` finds it.

Nothing is deployed. Each row plants one defect, examines the cluster for a stack, and expects its check to say so and
no other; the first row expects nothing on a good cluster.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from lab.address import NODES
from lab.inside import inside
from lab.observe import kubectl
from lab.paths import STATE
from lab.pki import kubeconfig
from lab.prove import measuring, provoke
from lab.prove.deployment import GROUP, NAMESPACE, Json, install_lws, remove_lws
from lab.prove.matrix import Matrix
from nim_stack.deployment.keys import Keys
from nim_stack.operations.doctor.check import Preflight
from nim_stack.operations.doctor.examine import Report, examine, read
from nim_stack.operations.observing.reader import connect
from nim_stack.plan import DeploymentPlan, plan_deployment
from nim_stack.settings import Cluster

SETTINGS: Json = {
    "name": GROUP,
    "namespace": NAMESPACE,
    "createNamespace": False,
    "model": "hf://lab/tiny-llama",
    "nodes": 2,
    "gpusPerNode": 1,
    "image": "localhost/nim-lab/open-nim:cpu-stand-in",
    "storage": {"storageClass": "lab-shared", "size": "1Gi"},
}
_EXPECTED = frozenset({("storage", "warning"), ("gpu-type", "warning")})
"""Of the lab: a provisioner that nobody knows, and nodes without a label of the GPU type."""
_READER = "prove-reader"


@dataclass(frozen=True)
class _Examine:
    plan: DeploymentPlan
    kubeconfig: str

    def __call__(self) -> Report:
        reader = connect(Cluster(kubeconfig=self.kubeconfig))
        return examine(Preflight(self.plan, read(reader, self.plan)))


def examined(settings: Mapping[str, Any], config: str | None = None) -> set[tuple[str, str]]:
    """Checks that found something, with how bad it is; what this lab always has is left out."""
    plan = plan_deployment({**SETTINGS, **settings}, keys=Keys(hub=True))
    report: Report = inside(_Examine(plan, config or str(kubeconfig())))
    found = {(row["check"], row["level"]) for row in report.document if row["level"] != "ok"}
    return found - _EXPECTED


@dataclass(frozen=True)
class Planted:
    """One defect, and the check that finds it."""

    check: str
    planted: Callable[[], AbstractContextManager[None]] = nullcontext
    settings: Mapping[str, Any] = field(default_factory=dict)


def _row(it: Planted) -> Callable[[], Json]:
    def prove() -> Json:
        with it.planted():
            found = examined(it.settings)
        assert found == {(it.check, "problem")}, sorted(found)
        return {"found": it.check}

    return prove


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


def _object(version: str, kind: str, name: str, **more: Any) -> Json:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **more}


def _holder() -> Json:
    """A pod that holds all GPUs of a node."""
    container = {"name": "a", "image": "localhost/none", "resources": {"limits": {"nvidia.com/gpu": "8"}}}
    return _object("v1", "Pod", "holder", spec={"nodeName": "node-0", "containers": [container]})


def _class(name: str, provisioner: str) -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": provisioner,
    }


def _secret(name: str, **data: str) -> Json:
    return _object("v1", "Secret", name, stringData=data)


def objects(*manifests: Json) -> Callable[[], AbstractContextManager[None]]:
    return lambda: provoke.objects(*manifests)


PLANTED: Mapping[str, Planted] = {
    "webhook-down": Planted("lws", provoke.controller_down),
    "lws-too-old": Planted("lws", provoke.older_definition),
    "taint": Planted("gpu-nodes", lambda: provoke.taint("lab/prove")),
    "cordoned": Planted("gpu-nodes", cordoned),
    "too-few-gpus": Planted("gpu-nodes", settings={"gpusPerNode": 16}),
    "two-gpu-types": Planted("gpu-type", lambda: labelled(first="NVIDIA-H100-80GB-HBM3", second="NVIDIA-L40S")),
    "gpus-held": Planted("gpu-free", objects(_holder())),
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
        "names", objects(_object("v1", "Service", GROUP, spec={"ports": [{"port": 80}], "selector": {"a": "b"}}))
    ),
    "secret-of-that-name": Planted("names", objects(_secret(f"{GROUP}-hf-token", HF_TOKEN="x"))),
    "monitoring-missing": Planted("apis", settings={"podMonitor": {}}),
    "priority-class-missing": Planted("apis", settings={"pods": {"priorityClass": "nowhere"}}),
}  # fmt: skip


def good() -> Json:
    """Nothing is found on a good cluster."""
    found = examined({})
    assert not found, sorted(found)
    return {"found": []}


def read_only() -> Json:
    """With rights to read alone it examines everything, and says that `up` would be refused."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": _READER}}
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}]
    subject = {"kind": "ServiceAccount", "name": _READER, "namespace": NAMESPACE}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": _READER},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _READER},
        "subjects": [subject],
    }
    with provoke.objects({**role, "rules": rules}, _object("v1", "ServiceAccount", _READER), binding):
        token = kubectl("create", "token", _READER, "-n", NAMESPACE).strip()
        document = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
        document["users"] = [{"name": user["name"], "user": {"token": token}} for user in document["users"]]
        file = STATE / "prove-reader.kubeconfig"
        file.write_text(json.dumps(document))
        try:
            found = examined({}, str(file))
        finally:
            file.unlink()
    assert found == {("access", "problem")}, sorted(found)
    return {"found": ["access"]}


def _prepare() -> None:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    install_lws()
    kubectl("create", "namespace", NAMESPACE)


def _finish() -> None:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    remove_lws()


MATRIX = Matrix(
    "defects",
    "defects planted in a cluster, and what doctor found",
    {
        "good": good,
        "read-only": read_only,
        **{name: _row(it) for name, it in PLANTED.items()},
        "all-reduce": lambda: measuring.measured(SETTINGS),
        "all-reduce-gpus-taken": lambda: measuring.gpus_taken(SETTINGS, _holder()),
        "all-reduce-cut-off": lambda: measuring.cut_off(SETTINGS),
        "all-reduce-broken-off": lambda: measuring.broken_off(SETTINGS, _holder()),
    },
    _prepare,
    _finish,
)
