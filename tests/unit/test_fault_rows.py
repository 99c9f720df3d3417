"""What the matrix of faults makes of what it saw: pods, requests, bounds, leaks."""

from typing import Any

import pytest

from lab.console import LabError
from lab.engine.faults import by_name
from lab.observe import first_process
from tests.prove.faults import census, pods
from tests.prove.faults.outcome import Outcome, Start, bound, judge
from tests.prove.faults.pods import Sight, sight
from tests.prove.requests import Request, first_answer, first_failure, overlapping

START = Start(ray=6.0, engine=14.0)


def event(kind: str = "MODIFIED", index: str = "0", *, ready: bool = True, leaving: bool = False) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": "nim-0",
        "uid": f"uid-{index}",
        "labels": {"leaderworkerset.sigs.k8s.io/worker-index": index},
    }
    if leaving:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    statuses = [{"containerID": "containerd://abc", "restartCount": 2}]
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {
        "type": kind,
        "object": {"metadata": metadata, "status": {"conditions": conditions, "containerStatuses": statuses}},
    }


def test_a_pod_takes_requests_while_it_is_ready_and_does_not_leave() -> None:
    assert sight(event(), 1.0) == Sight(1.0, "nim-0", "uid-0", True, True, False, "abc", 2)
    assert not sight(event(ready=False), 1.0).in_service
    assert not sight(event(leaving=True), 1.0).in_service
    assert sight(event("DELETED"), 1.0).gone
    assert not sight(event("DELETED"), 1.0).in_service
    assert not sight(event(index="1"), 1.0).leader


def test_a_pod_that_has_no_container_yet_is_seen() -> None:
    fresh = event()
    fresh["object"]["status"] = {}
    assert sight(fresh, 1.0).container == ""


def test_pods_that_are_there_and_those_that_have_gone() -> None:
    seen = [sight(event(index="1"), 1.0), sight(event(), 2.0), sight(event(ready=False), 3.0)]
    assert [one.uid for one in pods.there(seen)] == ["uid-0", "uid-1"]
    assert pods.out_of_service(seen, 0.0) == 3.0
    assert pods.out_of_service(seen, 3.5) is None
    assert pods.all_gone(seen, ["uid-0"]) is None
    seen += [sight(event("DELETED"), 4.0), sight(event("DELETED", index="1"), 5.0)]
    assert pods.there(seen) == []
    assert pods.all_gone(seen, ["uid-0", "uid-1"]) == 5.0


def test_requests_count_from_the_moment_they_are_sent() -> None:
    seen = [Request(1.0, 3.0, None), Request(2.0, 1.0, "refused"), Request(3.5, 0.5, None)]
    assert first_answer(seen, 0.0) == 4.0
    assert first_answer(seen, 3.0) == 4.0
    assert first_answer(seen, 3.6) is None
    assert first_failure(seen, 2.5) == 3.0
    assert first_failure(seen, 3.5) is None
    assert overlapping(seen, 3.2) == [seen[0], seen[2]]


def outcome(**changes: Any) -> Outcome:
    values: dict[str, Any] = {"noticed": 1.0, "serving": 15.0, "requests": [], "made_anew": 0, "restarted": 0}
    return Outcome(**(values | changes))


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("worker rank killed", 1.3 * 14),
        ("worker rank stopped", 1.3 * 14 + 1),
        ("worker raylet killed", 1.3 * 20),
        ("network cut", 1.3 * 20),
        ("worker's first process killed", 1.3 * 20 + 7),
    ],
)
def test_the_bound_is_that_of_what_has_to_start_again(name: str, limit: float) -> None:
    termination = 7.0 if "first process" in name else 0.0
    assert bound(by_name(name), outcome(termination=termination), START) == pytest.approx(limit, abs=0.05)


def test_what_was_measured_is_written_down_with_its_bound() -> None:
    requests = [Request(0.0, 2.0, "reset"), Request(1.0, 3.25, None)]
    assert judge(by_name("worker rank killed"), outcome(requests=requests), START) == {
        "noticed_s": 1.0,
        "serving_again_s": 15.0,
        "requests": 2,
        "failed_requests": 1,
        "longest_request_s": 3.2,
        "pods_made_anew": 0,
        "containers_restarted": 0,
        "bound_s": 18.2,
        "floor": {"ray_s": 6.0, "engine_s": 14.0},
    }


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"noticed": 5.1}, "noticed after 5.1 s, not within 5 s", id="noticed too late"),
        pytest.param({"serving": 18.3}, "serving again after 18.3 s, not within 18.2 s", id="serving again too late"),
        pytest.param(
            {"requests": [Request(0.0, 24.0, None)]},
            "a client waited 24.0 s, longer than 23.2 s",
            id="a client that waited too long",
        ),
        pytest.param({"made_anew": 2}, "2 pods made anew and 0 restarted", id="pods that were made anew"),
        pytest.param({"restarted": 1}, "0 pods made anew and 1 restarted", id="a pod that was restarted"),
    ],
)
def test_a_bound_that_is_not_kept_is_named(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        judge(by_name("worker rank killed"), outcome(**changes), START)


def test_a_process_that_only_stopped_may_be_noticed_one_probe_later() -> None:
    judge(by_name("worker rank stopped"), outcome(noticed=5.9), START)
    with pytest.raises(AssertionError, match=r"noticed after 6\.1 s, not within 6 s"):
        judge(by_name("worker rank stopped"), outcome(noticed=6.1), START)


def test_who_waits_on_a_silent_network_may_wait_until_it_is_back_and_a_dead_pod_is_made_anew() -> None:
    judge(by_name("network cut"), outcome(requests=[Request(0.0, 60.0, None)]), START)
    judge(by_name("leader's first process killed"), outcome(made_anew=2, termination=4.0), START)


def test_the_middle_start_by_hand_counts() -> None:
    assert Start.median([Start(5, 20), Start(9, 13), Start(6, 14)]) == Start(6, 14)


def counted(**changes: Any) -> dict[str, Any]:
    pod = {"processes": 9, "zombies": 0, "ranks": 1, "shared memory files": 4}
    return {"actors": 2, "leader": pod | changes, "worker": pod}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        pytest.param({"processes": 8, "shared memory files": 3}, [], id="fewer processes and files"),
        pytest.param({"processes": 10}, ["leader: 10 processes, before 9"], id="one process more"),
        pytest.param({"ranks": 2}, ["leader: 2 ranks, before 1"], id="one rank more"),
        pytest.param({"ranks": 0}, ["leader: 0 ranks, before 1"], id="no rank"),
        pytest.param({"zombies": 1}, ["leader: 1 zombies, before 0"], id="a zombie"),
        pytest.param(
            {"shared memory files": 5}, ["leader: 5 shared memory files, before 4"], id="a file in shared memory"
        ),
    ],
)
def test_what_was_left_behind_is_found(changes: dict[str, Any], found: list[str]) -> None:
    assert census.leaks(counted(), counted(**changes)) == found


def test_an_actor_too_many_is_found() -> None:
    assert census.leaks(counted(), counted() | {"actors": 3}) == ["3 actors, before 2"]


@pytest.mark.parametrize(
    "container", [pytest.param("", id="no container yet"), pytest.param("f" * 64, id="a container that is not there")]
)
def test_a_container_that_does_not_run_has_no_first_process(container: str) -> None:
    with pytest.raises(LabError, match="does not run"):
        first_process(container)
