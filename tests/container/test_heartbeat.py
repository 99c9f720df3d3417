"""The heartbeat over real sockets on the loopback, with a clock that moves when it is told to."""

import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from nim_serve import heartbeat
from nim_serve.contract.limits import BEAT_SECONDS, SILENT_SECONDS
from nim_serve.decide.events import Connected, Event, Heard, HungUp, Ordered, Unreachable
from nim_serve.decide.messages import Order, Report, encode
from nim_serve.heartbeat import Caller, Listener, Wire

GROUP = "leader.ns"
Kind = TypeVar("Kind", bound=Event)


class Pair:
    """A leader's end, any number of workers' ends, and one clock."""

    def __init__(self, nodes: int = 2) -> None:
        self.now = 0.0
        self.selector = selectors.DefaultSelector()
        self.leader = Listener(self.selector, 0, nodes, GROUP)
        self.workers: list[Caller] = []
        self.woken = threading.Event()

    def call(self, **report: object) -> Caller:
        caller = Caller(self.selector, "127.0.0.1", self.leader.port, self.woken.set)
        own: dict[str, object] = {"worker": "1", "group": GROUP, "nodes": 2, **report}
        caller.tell(Report(**own), self.now)  # type: ignore[arg-type]
        self.workers.append(caller)
        return caller

    def turn(self) -> list[Event]:
        """One turn of every loop; the sockets decide when something comes."""
        self.selector.select(0.05)
        found = self.leader.service(self.now)
        for worker in self.workers:
            found += worker.service(self.now)
        return found

    def until(self, kind: type[Kind], wanted: Callable[[Kind], bool] | None = None) -> Kind:
        for _ in range(200):
            for event in self.turn():
                if isinstance(event, kind) and (wanted is None or wanted(event)):
                    return event
        raise AssertionError(f"no {kind.__name__} came")

    def close(self) -> None:
        self.leader.close()
        for worker in self.workers:
            worker.close()
        self.selector.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


def test_both_sides_hear_each_other_and_every_change_at_once(pair: Pair) -> None:
    pair.leader.tell(Order("x.1", note="gets the model"), pair.now)
    worker = pair.call()
    assert pair.until(Connected) == Connected("127.0.0.1", "127.0.0.1")
    assert pair.until(Ordered).order.note == "gets the model"
    pair.leader.tell(Order("x.1", note="serves"), pair.now)
    assert pair.until(Ordered).order.note == "serves"
    worker.tell(Report("1", GROUP, 2, epoch="x.1"), pair.now)
    assert pair.until(Heard, lambda heard: heard.report.epoch == "x.1").report.worker == "1"


def test_state_is_said_again_with_every_beat(pair: Pair) -> None:
    pair.call()
    pair.until(Heard)
    pair.now += BEAT_SECONDS
    assert pair.until(Heard).report.worker == "1"
    pair.now += BEAT_SECONDS
    pair.until(Ordered)


def test_a_process_that_dies_is_noticed_without_any_wait(pair: Pair) -> None:
    worker = pair.call()
    pair.until(Heard)
    pair.workers.remove(worker)
    worker.close()
    assert pair.until(HungUp) == HungUp("1", "its process has ended")


def test_silence_is_noticed_by_both_sides(pair: Pair) -> None:
    pair.call()
    pair.until(Heard)
    frozen, pair.workers = pair.workers, []
    pair.now += SILENT_SECONDS
    silent = pair.until(HungUp)
    assert (silent.worker, silent.silent) == ("1", True)
    pair.workers = frozen  # thawed: its clock has jumped, and the leader has hung up
    pair.until(Unreachable)


def test_a_worker_without_a_leader_calls_again_and_again(pair: Pair) -> None:
    port = pair.leader.port
    pair.leader.close()
    caller = pair.call()
    with socket.create_server(("127.0.0.1", 0)) as later:
        del later
    for _ in range(100):
        pair.woken.wait(0.1)
        if found := caller.service(pair.now):
            break
    assert found == [Unreachable(f"127.0.0.1:{port}: Connection refused")]
    pair.leader = Listener(pair.selector, port, 2, GROUP)
    pair.until(Heard)


def test_the_same_worker_on_a_new_connection_replaces_the_old_one_in_silence(pair: Pair) -> None:
    pair.call()
    pair.until(Heard)
    first, pair.workers = pair.workers[0], []
    pair.call(epoch="x.1")
    assert pair.until(Heard).report.epoch == "x.1"
    assert not [event for _ in range(3) for event in pair.turn() if isinstance(event, HungUp)]
    first.close()


def test_a_stranger_is_turned_away_with_a_reason(pair: Pair) -> None:
    pair.call(group="other.ns")
    gone = pair.until(Unreachable)
    assert "its DNS answer is out of date" in gone.how


def test_a_full_group_takes_no_further_worker(pair: Pair) -> None:
    pair.call()
    pair.until(Heard)
    pair.call(worker="2")
    assert pair.until(Unreachable).how == "the group has its 1 workers"


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="HTTP"),
        pytest.param(b"x" * 70_000, id="a line without an end"),
        pytest.param(encode(Order("x"))[:-3] + b"\n", id="an order that is cut"),
    ],
)
def test_noise_is_hung_up_on_and_disturbs_nobody(pair: Pair, noise: bytes) -> None:
    pair.call()
    pair.until(Heard)
    with socket.create_connection(("127.0.0.1", pair.leader.port)) as client:
        client.sendall(noise)
        client.setblocking(False)
        for _ in range(100):
            assert not [event for event in pair.turn() if isinstance(event, HungUp)]
            try:
                if client.recv(10) == b"":
                    break
            except BlockingIOError:
                continue
            except ConnectionResetError:
                break
        else:
            raise AssertionError("still connected")


def test_a_peer_that_reads_nothing_gets_the_newest_state_when_it_does(pair: Pair) -> None:
    with socket.create_connection(("127.0.0.1", pair.leader.port)) as client:
        client.sendall(encode(Report("1", GROUP, 2)))
        pair.until(Heard)
        for number in range(5000):
            pair.leader.tell(Order("x.1", number, note="n" * 1000), pair.now)
        client.settimeout(2)
        received = b""
        while b'"engine":4999' not in received:
            received = received[-2000:] + client.recv(1 << 20)
            pair.turn()


def test_a_beat_of_one_of_many_workers_costs_one_read_and_no_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 63 workers a look at each of them for every beat was 6 % of a core."""
    group = Pair(nodes=9)
    clients = [socket.create_connection(("127.0.0.1", group.leader.port)) for _ in range(8)]
    for number, client in enumerate(clients):
        client.sendall(encode(Report(str(number), GROUP, 9)))
        group.until(Heard)
    reads: list[Wire] = []
    read = Wire.lines

    def counted(wire: Wire, now: float) -> list[bytes]:
        reads.append(wire)
        return read(wire, now)

    monkeypatch.setattr(Wire, "lines", counted)
    monkeypatch.setattr(heartbeat, "encode", None)
    group.now += BEAT_SECONDS
    clients[3].sendall(encode(Report("3", GROUP, 9)))
    assert group.until(Heard).report.worker == "3"
    assert len(reads) == 1
    for client in clients:
        client.close()
    group.close()


def test_an_older_connection_that_says_its_name_late_takes_the_place_of_the_newer_one(pair: Pair) -> None:
    """Both are read in one turn: the first hangs up on the second, which is still to be read."""
    with (
        socket.create_connection(("127.0.0.1", pair.leader.port)) as older,
        socket.create_connection(("127.0.0.1", pair.leader.port)) as newer,
    ):
        pair.turn()
        newer.sendall(encode(Report("1", GROUP, 2)))
        pair.until(Heard)
        older.sendall(encode(Report("1", GROUP, 2, note="older")))
        assert pair.until(Heard).report.note == "older"
