"""Waits name what they wait for, and connections that do not come say why."""

import socket
from collections.abc import Iterator

import pytest
from nim_serve.decide.membership import Member, complete, describe
from nim_serve.decide.messages import Report
from nim_serve.decide.worker_registry import WorkerRegistry
from nim_serve.ray.membership import decode, encode, living
from nim_serve.system.abbreviation import abbreviated
from nim_serve.system.logs import Log, configure
from nim_serve.system.tcp_connect import Connection, accepts_connections, connect
from nim_serve.system.wait_log import MOST_A_SECOND, WaitLog


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_reason_is_repeated_only_after_a_while(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", jsonl=False)
    clock = Clock()
    waiting = WaitLog(Log("worker"), now=clock, repeat=10)
    for second in (0, 1, 9, 10, 11):
        clock.now = 100.0 + second
        waiting.because("for the leader", waited=second, left=60 - second)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("waiting: for the leader waited=10s left=50s")


def test_a_new_reason_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", jsonl=False)
    waiting = WaitLog(Log("worker"), now=Clock())
    waiting.because("for a name", waited=0)
    waiting.because("for a port", waited=0)
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_reason_that_changes_all_the_time_does_not_fill_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", jsonl=False)
    clock = Clock()
    waiting = WaitLog(Log("leader"), now=clock)
    for number in range(40):
        clock.now = 100.0 + number / 20
        waiting.because(f"for the group: {number}", waited=0)
    assert len(capsys.readouterr().err.splitlines()) == 2 * MOST_A_SECOND
    clock.now += 1
    waiting.because("for the group: the last one", waited=0)
    assert "the last one" in capsys.readouterr().err, "late, but not lost"


def test_many_are_named_in_part() -> None:
    assert abbreviated(["a", "b"]) == "a, b"
    assert abbreviated(map(str, range(10)), "; ") == "0; 1; 2; 3; 4; 5; 6; 7; and 2 more"


def test_an_open_port_is_reached_and_both_ends_are_known(listener: socket.socket) -> None:
    made = connect("127.0.0.1", listener.getsockname()[1])
    assert isinstance(made, Connection)
    assert (made.peer, made.own) == ("127.0.0.1", "127.0.0.1")
    made.socket.close()
    assert accepts_connections("127.0.0.1", listener.getsockname()[1])


def test_a_closed_port_has_a_reason() -> None:
    port = free_port()
    assert "refused" in str(connect("127.0.0.1", port))
    assert not accepts_connections("127.0.0.1", port)


def test_a_name_that_does_not_exist_yet_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)
    assert connect("leader.svc", 6379) == "the name leader.svc does not resolve yet"


ONE = Member("10.0.0.1", 5000, 8)
TWO = Member("10.0.0.2", 5001, 8)


def test_members_survive_the_pipe() -> None:
    assert decode(encode([ONE, TWO])) == [ONE, TWO]


def test_a_group_needs_all_nodes_and_all_gpus() -> None:
    assert complete([ONE, TWO], nodes=2, gpus=16)
    assert not complete([ONE], nodes=2, gpus=8), "a node is missing"
    assert not complete([ONE, Member("10.0.0.2", 5001, 4)], nodes=2, gpus=16), "GPUs are missing"
    assert not complete([ONE, Member("10.0.0.1", 5002, 8)], nodes=2, gpus=16), "one address is one node"


def test_what_is_missing_is_said() -> None:
    assert describe([ONE], 2, 16) == "joined: 10.0.0.1 (8 GPUs); missing: 1 of 2 nodes, 8 of 16 GPUs"
    assert describe([], 2, 16) == "joined: nobody; missing: 2 of 2 nodes, 16 of 16 GPUs"


def test_a_large_group_has_a_short_line() -> None:
    members = [Member(f"10.0.0.{number}", 5000, 8) for number in range(63)]
    said = describe(members, 64, 512)
    assert said.endswith("10.0.0.7 (8 GPUs), and 55 more; missing: 1 of 64 nodes, 8 of 512 GPUs")
    registry = WorkerRegistry(63)
    for number in range(62):
        registry.heard(Report(str(number), address=f"10.0.0.{number}", note="gets the model"))
    said = registry.describe("x.1", 1)
    assert said.startswith("worker 0 (10.0.0.0) gets the model; worker 1")
    assert said.endswith("; and 54 more; 1 of 63 workers did not come yet")


def test_dead_nodes_do_not_count() -> None:
    class Record:
        def __init__(self, state: int, address: str) -> None:
            self.state, self.node_manager_address, self.node_manager_port = state, address, 5000
            self.resources_total = {"GPU": 8.0, "CPU": 1.0}

    nodes = {1: Record(0, "10.0.0.1"), 2: Record(1, "10.0.0.2")}
    assert living(nodes) == [Member("10.0.0.1", 5000, 8)]
