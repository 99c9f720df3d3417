"""`make up` from another clone after the lab died hard; again with nothing changed; and `make down`."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import cgroups, cluster, health, machine, network
from lab.paths import REPO, STATE

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, lab: None) -> Iterator[Path]:
    """This tree as another clone: what git tracks and what it would, committed."""
    target = tmp_path_factory.mktemp("elsewhere") / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (REPO / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPO / name, target / name)
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "t"]):
        subprocess.run(["git", *words], cwd=target, check=True)
    yield target
    cluster.up()  # for the tests after these


def make(clone: Path, *targets: str) -> str:
    done = subprocess.run(
        ["make", *targets], cwd=clone, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def one_more_success(text: str) -> None:
    """vLLM's own counter went up by the completion; the stack's smoke Job asked before."""
    (found,) = re.findall(r"vllm:request_success_total (\d+) → (\d+)", text)
    assert int(found[1]) == int(found[0]) + 1


def test_make_up_elsewhere_takes_over_a_lab_whose_every_process_was_killed(clone: Path) -> None:
    before = {name: pid for pid, name in machine.running()}
    assert before
    machine.kill([pid for pid, _ in machine.running()])
    machine.kill(network.processes())
    assert not health.is_healthy()
    text = make(clone, "up")
    one_more_success(text)
    assert "completion" in text
    assert "endpoint" in text
    assert "node-0" in text
    assert "node-1" in text
    after = {name: pid for pid, name in machine.running()}
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())


def test_make_up_leaves_the_clone_clean(clone: Path) -> None:
    status = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert status.stdout == ""


def test_second_make_up_changes_nothing_and_asks_again(clone: Path) -> None:
    before = machine.running()
    text = make(clone, "up")
    one_more_success(text)
    assert "unchanged" in text
    assert machine.running() == before


def test_make_down_leaves_nothing_running_or_mounted(clone: Path) -> None:
    make(clone, "down")
    assert machine.running() == []
    assert not network.NETNS_PATH.exists()
    assert cgroups.processes() == []
    assert cgroups.remove(0) == []
    assert str(STATE) not in Path("/proc/mounts").read_text()
    assert not list(STATE.glob("machines/*")) if STATE.exists() else True
