"""What the lab promises about its nodes: separate disks, one shared export, no way out."""

import fcntl
import json
import subprocess
import time
from pathlib import Path

import pytest

from lab import network, offered, storage
from lab.address import NODES
from lab.machine import Machine
from lab.observe import get, kubectl
from lab.paths import REPO, STATE

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("lab")]

LAB = REPO / "lab" / "lab"


def pod(name: str, node: str, claim: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "nodeName": node,
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "shell",
                    "image": offered.OPEN_NIM_REF,
                    "command": ["sleep", "600"],
                    "volumeMounts": [{"name": "own", "mountPath": "/own"}, {"name": "shared", "mountPath": "/shared"}],
                }
            ],
            "volumes": [
                {"name": "own", "hostPath": {"path": "/weights-of-a-test", "type": "DirectoryOrCreate"}},
                {"name": "shared", "persistentVolumeClaim": {"claimName": claim}},
            ],
        },
    }


@pytest.fixture(scope="module")
def shells() -> object:
    """A pod on each node, both with the same hostPath and the same claim."""
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "shared"},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": storage.CLASS,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    kubectl("create", "namespace", "disks")
    for document in (claim, *(pod(f"on-{node}", node, "shared") for node in NODES)):
        subprocess.run(
            [LAB, "kubectl", "apply", "-n", "disks", "-f", "-"], input=json.dumps(document), text=True, check=True
        )
    kubectl("wait", "-n", "disks", "--for=condition=Ready", "pod", "--all", "--timeout=90s")
    yield [f"on-{node}" for node in NODES]
    kubectl("delete", "namespace", "disks")


def shell(pod_name: str, script: str) -> str:
    return kubectl("exec", "-n", "disks", pod_name, "--", "sh", "-c", script)


def test_file_on_a_hostpath_of_one_node_is_absent_on_the_other_and_on_the_host(shells: list[str]) -> None:
    first, second = shells
    shell(first, "echo here > /own/file")
    assert shell(first, "cat /own/file") == "here\n"
    assert shell(second, "ls /own") == ""
    assert not Path("/weights-of-a-test").exists()


def test_file_on_a_shared_claim_of_one_node_is_there_on_the_other(shells: list[str]) -> None:
    first, second = shells
    shell(first, "echo there > /shared/file")
    assert shell(second, "cat /shared/file") == "there\n"


def test_pods_find_services_by_name_on_both_nodes(shells: list[str]) -> None:
    for name in shells:
        assert shell(name, "getent hosts kubernetes.default").split()[0] == "10.96.0.1"


def test_released_volume_is_removed_with_its_directory() -> None:
    kubectl("create", "namespace", "gone")
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}}
    spec = {"accessModes": ["ReadWriteMany"], "storageClassName": storage.CLASS}
    body = json.dumps({**claim, "spec": {**spec, "resources": {"requests": {"storage": "1Gi"}}}})
    subprocess.run([LAB, "kubectl", "apply", "-n", "gone", "-f", "-"], input=body, text=True, check=True)
    kubectl("wait", "-n", "gone", "--for=jsonpath={.status.phase}=Bound", "pvc/c", "--timeout=20s")
    volume = get("pvc", "c", "-n", "gone")["spec"]["volumeName"]
    directory = STATE / "export" / volume
    assert directory.is_dir()
    kubectl("delete", "namespace", "gone")
    deadline = time.monotonic() + 20
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not directory.exists()
    assert volume not in kubectl("get", "pv", "-o", "name")


def test_network_has_no_uplink() -> None:
    routes = subprocess.run([*network.enter(), "ip", "route"], capture_output=True, text=True, check=True).stdout
    assert "default" not in routes
    links = subprocess.run([*network.enter(), "ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    assert {line.split(":")[1].strip().split("@")[0][:4] for line in links.splitlines()} <= {"lo", "niml", "veth"}


def test_each_node_advertises_eight_stand_in_gpus() -> None:
    for node in NODES:
        assert get("node", node)["status"]["allocatable"]["nvidia.com/gpu"] == "8"


def test_up_when_it_is_up_changes_nothing() -> None:
    before = {node: Machine(node).pid() for node in NODES}
    subprocess.run([LAB, "up"], check=True, capture_output=True)
    assert {node: Machine(node).pid() for node in NODES} == before


def test_a_second_command_is_told_who_changes_the_lab() -> None:
    with (STATE.parent / f".{STATE.name}.lock").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = subprocess.run([LAB, "up"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "another command" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_is_a_table_and_json() -> None:
    table = subprocess.run([LAB, "status"], capture_output=True, text=True, check=True).stdout
    assert "API server" in table
    answer = json.loads(subprocess.run([LAB, "status", "--json"], capture_output=True, text=True, check=True).stdout)
    assert set(answer["components"].values()) == {"ok"}
    assert set(answer["machines"]) == {"control", *NODES}


def test_unknown_log_is_refused_with_the_names_that_exist() -> None:
    done = subprocess.run([LAB, "logs", "nothing"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "kube-apiserver" in done.stderr
