"""What cannot be started, at the pod's limit of processes, is a fault that heals rather than a traceback."""

import errno
import subprocess
from collections.abc import Iterator

import pytest
from nim_serve import events as e
from nim_serve.contract import parse_environment
from nim_serve.events import Action, Scope
from nim_serve.health_port import Health
from nim_serve.leader import Leader
from nim_serve.stopping import StopRequest


@pytest.fixture
def leader(tmp_path: object) -> Iterator[Leader]:
    config = parse_environment({"NIM_MODEL_PATH": "hf://a/b"})
    made = Leader(config, 6379, "127.0.0.1", [], Health(str(tmp_path)), StopRequest(), ray=False)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        (e.FetchModel(), e.ModelDone),
        (e.StartRay(), e.RayStarted),
        (e.AskMembers(), e.Members),
        (e.StartEngine(), e.Broken),
    ],
)
def test_it_is_the_fault_that_the_decisions_expect(
    action: Action, answer: type, leader: Leader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", full)
    leader.perform(action, 0.0)
    (event,) = leader._posted
    assert isinstance(event, answer)
    if isinstance(event, e.Broken):
        assert (event.scope, event.final) == (Scope.ENGINE, False)
        assert "Resource temporarily unavailable" in event.what
    else:
        assert isinstance(event, e.ModelDone | e.RayStarted | e.Members)
        assert event.problem
