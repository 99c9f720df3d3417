"""nim_serve heals a group of real Ray and vLLM in two pods made by hand: a short selection of the faults."""

import time
from collections.abc import Iterator

import pytest

from lab.engine import group
from lab.engine.faults import FAULTS, by_name
from lab.engine.group import Group
from lab.engine.healing import SETTINGS, observed, suffer

JOIN_SECONDS = 90.0
SLOWER = 5.0
"""How much longer than the start of the same group serving again may take here, on a machine that does other things as
well. The bound itself is that of the matrix (`make prove MATRIX=faults`)."""

LATE_SECONDS = 10.0
DRAIN_SECONDS = 60.0


def test_the_faults_have_names_of_their_own_and_a_bound() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert fault.notice > 0
        assert (fault.lasts > 0) == (fault.means in ("freeze", "cut"))


def test_a_worker_that_comes_late_joins() -> None:
    with group.start(2, 1, SETTINGS, with_worker=False) as running:
        running.leader.wait_for("1 of 1 workers did not come yet", JOIN_SECONDS)
        time.sleep(LATE_SECONDS)
        running.worker = running.begin("worker", "worker")
        running.wait_until_ready()
        assert running.complete()
        assert "fault: " not in running.leader.output()


def test_asked_to_stop_under_load_no_request_is_lost() -> None:
    with group.start(2, 1, SETTINGS) as running:
        assert running.worker is not None
        running.wait_until_ready()
        with observed(running, 3, follow=True) as observer:
            while len(observer.lines("request")) < 12:
                time.sleep(0.1)
            running.worker.terminate()
            running.leader.terminate()
            assert running.leader.wait(DRAIN_SECONDS) == 0
            assert running.worker.wait(DRAIN_SECONDS) == 0
            requests, ready = observer.lines("request"), observer.lines("ready")
        assert not ready[-1]["ready"]
        assert any(line["at"] + line["seconds"] > ready[-1]["at"] for line in requests), "some were in flight"
        assert [line for line in requests if line["error"]] == []


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Group, float]]:
    """A group that serves, and the seconds it took to start."""
    with group.start(2, 1, SETTINGS) as running:
        yield running, running.wait_until_ready()


@pytest.mark.parametrize("name", ["worker rank killed", "worker raylet killed"])
def test_a_fault_under_load_is_noticed_and_healed_in_place(started: tuple[Group, float], name: str) -> None:
    running, start = started
    fault = by_name(name)
    before = [process.init_pid() for process in running.processes()]
    row = suffer(running, fault, load=True)
    assert row.noticed <= SLOWER * fault.notice
    assert row.serving - row.noticed <= SLOWER * start
    assert row.failed > 0, "requests in flight get an error"
    assert row.longest_request <= SLOWER * (fault.notice + start)
    assert [process.init_pid() for process in running.processes()] == before, "no pod was restarted"
