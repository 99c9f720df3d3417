"""Before a pod of a group exits for good, its log can be read; and SIGTERM is never waited for."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nim_serve.pod.exit_delay import EXIT_DELAY_SECONDS, delay_exit
from nim_serve.pod.health_port import Health
from nim_serve.pod.stopping import StopRequest
from nim_serve.system.logs import Log, configure

CONTAINER = Path(__file__).resolve().parents[2] / "container"


class Clock(StopRequest):
    """Waits move its time, and it is asked to stop when that has come."""

    def __init__(self, stop_at: float = float("inf")) -> None:
        super().__init__()
        self.now, self.stop_at = 100.0, stop_at

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.now >= self.stop_at


def test_it_holds_for_a_while_says_so_once_and_its_health_is_not_late(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("INFO", jsonl=False)
    clock, health = Clock(), Health(str(tmp_path))
    delay_exit(Log("leader"), clock, health, now=lambda: clock.now)
    assert clock.now == 100 + EXIT_DELAY_SECONDS
    assert clock.now - health.turned_at <= 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "so that its log can be read" in line


def test_a_request_to_stop_ends_it() -> None:
    clock = Clock(stop_at=103.0)
    delay_exit(Log("leader"), clock, now=lambda: clock.now)
    assert clock.now == 103


def test_whoever_was_asked_to_stop_does_not_hold() -> None:
    clock = Clock()
    clock.request()
    delay_exit(Log("leader"), clock, now=lambda: clock.now)
    assert clock.now == 100


@pytest.mark.parametrize(
    ("environment", "code"),
    [({"NIM_SERVER_PORT": "x"}, 2), ({"NIM_MODEL_PATH": "/nowhere", "NIM_NUM_COMPUTE_NODES": "1"}, 1)],
    ids=["bad environment", "no model"],
)
def test_a_pod_of_a_group_holds_and_sigterm_ends_that_at_once(
    environment: dict[str, str], code: int, tmp_path: Path
) -> None:
    message = tmp_path / "message"
    environment |= {"PATH": os.environ["PATH"], "PYTHONPATH": str(CONTAINER), "NIM_STACK_TERMINATION_LOG": str(message)}
    command = [sys.executable, "-m", "nim_serve", "nim-serve-ray", "--head", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as leader:
        assert leader.stderr is not None
        assert any("waits before it exits" in line for line in leader.stderr)
        assert message.read_text()
        leader.send_signal(signal.SIGTERM)
        assert leader.wait(10) == code
