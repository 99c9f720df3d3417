"""The level of a pod: one violation of each control, and what settings do to the level of the stack's own."""

import copy
from typing import Any

import pytest

from nim_stack.manifests.pod_security import least, pod_security_level
from nim_stack.manifests.pods import security_level
from nim_stack.plan import plan_deployment, summary
from tests.examples import NAMES, Example
from tests.unit.conftest import TINY

RESTRICTED: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "initContainers": [
        {"name": "first", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    ],
    "containers": [
        {"name": "main", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    ],
    "volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "persistentVolumeClaim": {"claimName": "c"}}],
}

BASELINE: dict[str, dict[str, Any]] = {
    "volume types": {"volumes": [{"name": "n", "nfs": {"server": "s", "path": "/"}}]},
    "privilege escalation": {"container": {"allowPrivilegeEscalation": None}},
    "running as non-root": {"pod": {"runAsNonRoot": None}},
    "non-root user of the pod": {"pod": {"runAsUser": 0}},
    "non-root user of a container": {"container": {"runAsUser": 0}},
    "non-root overruled by a container": {"container": {"runAsNonRoot": False}},
    "seccomp": {"pod": {"seccompProfile": None}},
    "dropped capabilities": {"container": {"capabilities": {"drop": ["NET_RAW"]}}},
    "added capabilities": {"container": {"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}}},
}
PRIVILEGED: dict[str, dict[str, Any]] = {
    "host network": {"hostNetwork": True},
    "host processes": {"hostPID": True},
    "host IPC": {"hostIPC": True},
    "privileged": {"container": {"privileged": True}},
    "capabilities": {"container": {"capabilities": {"drop": ["ALL"], "add": ["IPC_LOCK"]}}},
    "host path": {"volumes": [{"name": "h", "hostPath": {"path": "/"}}]},
    "host port": {"ports": [{"containerPort": 1, "hostPort": 1}]},
    "host of a probe": {"readinessProbe": {"httpGet": {"port": 1, "host": "169.254.169.254"}}},
    "host of a hook": {"lifecycle": {"preStop": {"httpGet": {"port": 1, "host": "a"}}}},
    "AppArmor": {"container": {"appArmorProfile": {"type": "Unconfined"}}},
    "SELinux type": {"pod": {"seLinuxOptions": {"type": "spc_t"}}},
    "SELinux role": {"pod": {"seLinuxOptions": {"role": "r"}}},
    "proc mount": {"container": {"procMount": "Unmasked"}},
    "unconfined seccomp": {"container": {"seccompProfile": {"type": "Unconfined"}}},
    "sysctls": {"pod": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
    "Windows host process": {"pod": {"windowsOptions": {"hostProcess": True}}},
}


def violating(change: dict[str, Any], which: str) -> dict[str, Any]:
    """The restricted pod with one change, to the pod or to its container in one of the lists."""
    pod = copy.deepcopy(RESTRICTED)
    container = pod[which][0]
    for place, value in change.items():
        if place in ("pod", "container"):
            context = (pod if place == "pod" else container)["securityContext"]
            context.update(value)
            for name in [name for name, found in value.items() if found is None]:
                del context[name]
        elif place in ("ports", "readinessProbe", "lifecycle"):
            container[place] = value
        else:
            pod[place] = value
    return pod


@pytest.mark.parametrize("which", ["containers", "initContainers"])
@pytest.mark.parametrize("control", BASELINE)
def test_controls_of_restricted(control: str, which: str) -> None:
    assert pod_security_level(violating(BASELINE[control], which)) == "baseline"


@pytest.mark.parametrize("which", ["containers", "initContainers"])
@pytest.mark.parametrize("control", PRIVILEGED)
def test_controls_of_baseline(control: str, which: str) -> None:
    assert pod_security_level(violating(PRIVILEGED[control], which)) == "privileged"


def test_what_restricted_allows() -> None:
    allowed = {"container": {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}, "runAsUser": 5}}
    assert pod_security_level(RESTRICTED) == "restricted"
    assert pod_security_level(violating(allowed, "containers")) == "restricted"
    everything = violating({"pod": {"sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "1"}]}}, "containers")
    assert pod_security_level(everything) == "restricted"


def test_an_annotation_can_unconfine_as_well() -> None:
    key = "container.apparmor.security.beta.kubernetes.io/main"
    assert pod_security_level(RESTRICTED, {key: "unconfined"}) == "privileged"
    assert pod_security_level(RESTRICTED, {key: "localhost/mine"}) == "restricted"


def test_a_namespace_has_the_level_of_its_loosest_pod() -> None:
    assert least(["restricted", "baseline"]) == "baseline"
    assert least(["privileged", "restricted", "baseline"]) == "privileged"


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        pytest.param({}, "restricted", id="nothing said"),
        pytest.param({"podSecurity": {"assignedByCluster": True}}, "restricted", id="users that the cluster assigns"),
        pytest.param({"healing": {"waitForLeader": True}}, "restricted", id="an init container that waits"),
        pytest.param(
            {"fabric": "tcp", "pods": {"sidecars": [{"name": "a", "image": "b"}]}}, "restricted", id="TCP and a sidecar"
        ),
        pytest.param(
            {"pods": {"initContainers": [{"name": "a", "image": "b", "restartPolicy": "Always"}]}},
            "restricted",
            id="an init container that stays",
        ),
        pytest.param({"fabric": "rdma-shared"}, "privileged", id="RDMA"),
        pytest.param({"pods": {"hostNetwork": True}}, "privileged", id="the network of the node"),
        pytest.param(
            {"pods": {"containerSecurityContext": {"allowPrivilegeEscalation": True}}},
            "baseline",
            id="privilege escalation",
        ),
        pytest.param(
            {"pods": {"worker": {"volumes": [{"name": "n", "nfs": {"server": "s", "path": "/"}}]}}},
            "baseline",
            id="NFS in one role",
        ),
        pytest.param(
            {"pods": {"leader": {"patch": {"spec": {"hostPID": True}}}}},
            "privileged",
            id="processes of the node in one role",
        ),
    ],
)
def test_the_level_of_a_stack(settings: dict[str, Any], level: str) -> None:
    plan = plan_deployment(TINY | settings)
    assert security_level(plan) == level
    assert summary(plan)["podSecurity"] == level


def test_examples_whose_fabric_has_rdma_are_privileged_and_all_others_restricted() -> None:
    """RDMA pins memory, for which pods need IPC_LOCK (docs.nvidia.com, Network Operator).

    No other example asks for more than `restricted` has.
    """
    levels = {name: security_level(Example(name).plan) for name in NAMES}
    with_rdma = {"405b-tp16-pp1", "download-job", "efa", "gke-rdma", "production", "rdma-shared", "rdma-sriov"}
    assert {name for name, level in levels.items() if level == "privileged"} == with_rdma
    assert {level for name, level in levels.items() if name not in with_rdma} == {"restricted"}
