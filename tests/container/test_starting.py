"""Starting a process: at the pod's limit that is a fault which heals, and what was there before is remembered."""

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from nim_serve.contract.serve_config import parse_environment
from nim_serve.decide import events as e
from nim_serve.decide.events import RoleAction, Scope
from nim_serve.pod import leader as leader_module
from nim_serve.pod.health_port import Health
from nim_serve.pod.leader import Leader
from nim_serve.pod.stopping import StopRequest
from nim_serve.system.shared_memory import SharedMemoryCleanup


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.EAGAIN, "Resource temporarily unavailable")


@pytest.fixture
def leader(tmp_path: Path) -> Iterator[Leader]:
    config = parse_environment({"NIM_MODEL_PATH": "hf://a/b"})
    made = Leader(config, 6379, "127.0.0.1", [], Health(str(tmp_path)), StopRequest(), ray=False)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        pytest.param(e.FetchModel(), e.ModelDone, id="the model cannot be fetched"),
        pytest.param(e.StartRay(), e.RayStarted, id="Ray does not start"),
        pytest.param(e.AskMembers(), e.Members, id="Ray's members cannot be asked"),
        pytest.param(e.StartEngine(), e.Broken, id="the engine does not start"),
    ],
)
def test_it_is_the_fault_that_the_decisions_expect(
    action: RoleAction, answer: type, leader: Leader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", refuse)
    leader.perform(action, 0.0)
    (event,) = leader._posted
    assert isinstance(event, answer)
    if isinstance(event, e.Broken):
        assert (event.scope, event.final) == (Scope.ENGINE, False)
        assert "Resource temporarily unavailable" in event.what
    else:
        assert isinstance(event, e.ModelDone | e.RayStarted | e.Members)
        assert event.problem


def test_what_an_engine_without_ray_leaves_in_shared_memory_is_known(
    leader: Leader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it every restart in place of `nim-serve` filled /dev/shm a little more."""
    shared = tmp_path / "shm"
    shared.mkdir()
    (shared / "before").touch()
    monkeypatch.setattr(leader_module, "SharedMemoryCleanup", lambda: SharedMemoryCleanup(shared, active=True))
    monkeypatch.setattr(subprocess, "Popen", refuse)
    leader.perform(e.StartEngine(), 0.0)
    (shared / "psm_engine").touch()
    assert leader._ended(Scope.ENGINE) == [e.Ended(Scope.ENGINE)]
    assert [file.name for file in shared.iterdir()] == ["before"]
