"""Programs with a Kubernetes provider or a kubeconfig of their own, with the real engine.

KUBECONFIG names a server on the loopback that counts who connects: nothing of `pulumi` may.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import network, pki
from lab.deployment import until
from lab.observe import Leader, get, kubectl
from lab.paths import REPO
from lab.stacks import Stack
from tests.cluster import evidence

pytestmark = pytest.mark.cluster

_COUNTER = """
import pathlib, socket, sys
server = socket.create_server(("127.0.0.1", 0))
pathlib.Path(sys.argv[1]).write_text(str(server.getsockname()[1]))
while True:
    connection, _ = server.accept()
    connection.close()
    with open(sys.argv[2], "a") as seen:
        seen.write("connected\\n")
"""
_CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5).close()"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SPACE = "owned"
OWN: dict[str, Any] = {"namespace": SPACE, "name": SPACE, "storage": {"retain": False}}


@dataclass(frozen=True)
class Ambient:
    """The cluster that KUBECONFIG names, which is none."""

    kubeconfig: Path
    port: int
    seen: Path

    @property
    def connections(self) -> int:
        return len(self.seen.read_text().splitlines())


@pytest.fixture(scope="module")
def ambient(tmp_path_factory: pytest.TempPathFactory, lab: None) -> Iterator[Ambient]:
    folder = tmp_path_factory.mktemp("ambient")
    port, seen = folder / "port", folder / "seen"
    seen.touch()
    counter = subprocess.Popen([*network.enter(), sys.executable, "-c", _COUNTER, str(port), str(seen)])
    try:
        until("the counter listens", lambda: port.exists() and bool(port.read_text()), 10)
        kubeconfig = folder / "kubeconfig"
        document = {
            "clusters": [{"name": "other", "cluster": {"server": f"https://127.0.0.1:{port.read_text()}"}}],
            "contexts": [{"name": "other", "context": {"cluster": "other"}}],
            "current-context": "other",
        }
        kubeconfig.write_text(json.dumps(document))
        yield Ambient(kubeconfig, int(port.read_text()), seen)
    finally:
        counter.kill()
        counter.wait()


def stack_of(name: str, way: str, ambient: Ambient, **more: str) -> Stack:
    """The program of this folder, which uses the lab's kubeconfig in this way."""
    variables = {"KUBECONFIG": str(ambient.kubeconfig), "LAB_KUBECONFIG": str(pki.kubeconfig()), "LAB_WAY": way, **more}
    return Stack(name, REPO / "Pulumi.dev.yaml", OWN, Path(__file__).parent / "own_provider", variables)


@pytest.fixture
def owned(undeployed: Stack, ambient: Ambient) -> Iterator[list[Stack]]:
    """Stacks that a test appends are destroyed after it."""
    stacks: list[Stack] = []
    yield stacks
    for stack in stacks:
        stack.pulumi("destroy", "--yes", "--skip-preview", check=False)
    kubectl("delete", "namespace", SPACE, "--ignore-not-found")


def test_nothing_asks_the_cluster_of_the_environment(owned: list[Stack], ambient: Ambient) -> None:
    stack = stack_of("own-provider", "provider", ambient)
    owned.append(stack)
    stack.configure()
    stack.pulumi("preview")
    stack.pulumi("up", "--yes", "--skip-preview")
    assert Leader.of(stack.outputs()["endpoint"]).chat("The quick brown fox").strip()
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert ambient.connections == 0
    assert SPACE not in [item["metadata"]["name"] for item in get("namespaces")["items"]]


def test_the_page_of_a_failed_up_is_of_the_cluster_of_the_program(owned: list[Stack], ambient: Ambient) -> None:
    stack = stack_of("own-page", "provider", ambient, LAB_IMPATIENT="45s")
    owned.append(stack)
    stack.configure({"nodeSelector": {"no-such": "node"}})
    text = evidence.fails(stack, "up", "--yes", "--skip-preview")
    assert f"{SPACE}/{SPACE}" in text
    assert "no diagnosis" not in text
    assert ambient.connections == 0


def test_a_kubeconfig_that_up_makes_is_unknown_in_the_first_preview_which_shows_everything(
    owned: list[Stack], ambient: Ambient
) -> None:
    stack = stack_of("made-kubeconfig", "output", ambient)
    owned.append(stack)
    stack.configure()
    steps = evidence.preview(stack)
    objects = [step["newState"] for step in steps if step["newState"]["type"].startswith("kubernetes:")]
    (group,) = [item for item in objects if item["type"].endswith(":LeaderWorkerSet")]
    assert group["inputs"]["metadata"]["namespace"] == SPACE
    assert group["inputs"]["spec"]["leaderWorkerTemplate"]["size"] == 2
    assert UNKNOWN not in json.dumps([item["inputs"] for item in objects])
    assert "The cluster was not asked in this preview" in stack.attempt("preview")[1]
    stack.pulumi("up", "--yes", "--skip-preview")
    assert Leader.of(stack.outputs()["endpoint"]).chat("The quick brown fox").strip()
    code, text = stack.attempt("preview", "--expect-no-changes")
    assert code == 0, text
    assert "The cluster was not asked in this preview" not in text
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert ambient.connections == 0


def test_the_counter_counts(ambient: Ambient) -> None:
    """Otherwise none of the above proves a thing."""
    before = ambient.connections
    subprocess.run([*network.enter(), sys.executable, "-c", _CONNECT, str(ambient.port)], check=True)
    until("the connection is counted", lambda: ambient.connections == before + 1, 10)
