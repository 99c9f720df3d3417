"""What leader and workers say of each other: names, connections, who is missing."""

import errno
import os
import selectors
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

from nim_serve.contract.limits import SILENT_SECONDS
from nim_serve.decide import events as e
from nim_serve.decide.events import Event
from nim_serve.decide.membership import Member
from nim_serve.decide.messages import Order, Report, encode
from nim_serve.heartbeat import Listener, Wire
from nim_serve.system import tcp_connect

from tests.unit.words.stage import BOTH, FIRST, GATHERS, HEAD, JOINED, LOADS, SERVES, Stage
from tests.unit.words.writers import Lines, writes

FOUND: tuple[Event, ...] = (e.Connected("10.0.0.1", "10.0.0.2"), e.Ordered(FIRST), e.ModelDone(), e.RayStarted())


def unconnected(stage: Stage, wrong: OSError) -> str:
    """What is said of a connection to the leader that fails so."""

    def refuse(*_: object, **__: object) -> socket.socket:
        raise wrong

    with stage.patch.context() as patch:
        patch.setattr(socket, "create_connection", refuse)
        made = tcp_connect.connect(HEAD, 6379)
    assert isinstance(made, str)
    return made


def unresolved(stage: Stage) -> str:
    return unconnected(stage, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))


def unreachable(stage: Stage) -> Iterator[str]:
    yield unconnected(stage, TimeoutError())
    for number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        yield unconnected(stage, OSError(number, os.strerror(number)))


def waits(stage: Stage, how: str, seconds: float = 100.0) -> Lines:
    """A worker that cannot reach its leader, and waits."""
    return stage.worker(seconds, e.Unreachable(how), NIM_STACK_JOIN_TIMEOUT_SECONDS="480")


def gives_up(stage: Stage, how: str) -> Lines:
    """The same when its time is over."""
    ends = (e.Unreachable(how), 480.0, e.Tick(), e.Ended(e.Scope.RAY))
    return stage.worker(*ends, NIM_STACK_JOIN_TIMEOUT_SECONDS="480")


@writes("leader-name-wait")
def leader_name_wait(stage: Stage) -> Iterator[Lines]:
    yield waits(stage, unresolved(stage))


@writes("leader-name-deadline")
def leader_name_deadline(stage: Stage) -> Iterator[Lines]:
    yield gives_up(stage, unresolved(stage))


@writes("leader-unreachable-wait")
def leader_unreachable_wait(stage: Stage) -> Iterator[Lines]:
    for how in unreachable(stage):
        yield waits(stage, how)


@writes("leader-unreachable-deadline")
def leader_unreachable_deadline(stage: Stage) -> Iterator[Lines]:
    for how in unreachable(stage):
        yield gives_up(stage, how)


@writes("waits-for-leader")
def leader_not_listening(stage: Stage) -> Iterator[Lines]:
    """A port of this machine that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = tcp_connect.connect("127.0.0.1", port)
    assert isinstance(made, str)
    yield waits(stage, made)


@writes("waits-for-leader")
def leader_busy(stage: Stage) -> Iterator[Lines]:
    order = Order("life.1", 1, note="gets the model")
    yield stage.worker(e.Connected("10.0.0.1", "10.0.0.2"), e.Ordered(order))


def wire_end(stage: Stage, spoil: Callable[[socket.socket, Wire], None]) -> str:
    """Why a connection of the heartbeat has ended."""
    near, far = socket.socketpair(socket.AF_UNIX)
    with stage.patch.context() as patch, near, far:
        patch.setattr(socket.socket, "setsockopt", lambda *_: None)  # TCP's own option on a pair of sockets
        wire = Wire(near, 0.0)
        spoil(far, wire)
    assert wire.closed is not None
    return wire.closed


def silence(stage: Stage) -> str:
    return wire_end(stage, lambda _, wire: wire.beat(b"\n", SILENT_SECONDS))


def ends(stage: Stage) -> Iterator[str]:
    def hang_up(far: socket.socket, wire: Wire) -> None:
        far.close()
        wire.lines(0.0)

    def babble(far: socket.socket, wire: Wire) -> None:
        far.setblocking(False)
        for _ in range(3):
            far.send(b"x" * (40 << 10))
            wire.lines(0.0)

    yield wire_end(stage, hang_up)
    yield wire_end(stage, babble)


@writes("connection-lost")
def silent_worker(stage: Stage) -> Iterator[Lines]:
    """A leader loses a worker that says nothing any more."""
    lost = e.HungUp("1", silence(stage), silent=True)
    yield stage.leader(*SERVES, lost)
    yield stage.leader(*SERVES, lost, e.Ended(e.Scope.RAY), NIM_STACK_HEAL_TRIES="0")


@writes("connection-lost")
def silent_leader(stage: Stage) -> Iterator[Lines]:
    """A worker loses a leader that says nothing, does not answer any more, or to which no way leads."""
    for how in (silence(stage), *list(unreachable(stage))[:2]):
        yield stage.worker(*FOUND, e.Unreachable(how), 3.0, e.Tick())
    lost = (e.Unreachable(silence(stage)), 3.0, e.Tick(), e.Ended(e.Scope.RAY))
    yield stage.worker(*FOUND, *lost, NIM_STACK_HEAL_TRIES="0")


@writes("fault")
def worker_hung_up(stage: Stage) -> Iterator[Lines]:
    for how in ends(stage):
        yield stage.leader(*SERVES, e.HungUp("1", how), 3.0, e.Tick())
    yield stage.leader(*SERVES, e.Heard(replace(JOINED, epoch="")))


@writes("fault")
def leader_hung_up(stage: Stage) -> Iterator[Lines]:
    for how in ends(stage):
        yield stage.worker(*FOUND, e.Unreachable(how), 3.0, e.Tick())


@writes("exit")
def leader_leaves_and_healing_is_off(stage: Stage) -> Iterator[Lines]:
    for order in (replace(FIRST, bye=True), replace(FIRST, epoch="life.2", note="starts Ray")):
        yield stage.worker(*FOUND, e.Ordered(order), e.Ended(e.Scope.RAY), NIM_STACK_HEAL_TRIES="0")


@writes("exit")
def leader_never_spoke(stage: Stage) -> Iterator[Lines]:
    yield stage.worker(480.0, e.Tick(), e.Ended(e.Scope.RAY), NIM_STACK_JOIN_TIMEOUT_SECONDS="480")


@writes(
    "heartbeat-ended",
    text="the leader's heartbeat ended: ",
    unread="The heartbeat may come back at once; the line is read that says that it did not.",
)
def heartbeat_ended(stage: Stage) -> Iterator[Lines]:
    yield stage.worker(*FOUND, e.Unreachable("its process has ended"))


def answered(report: bytes, nodes: int = 2, group: str | None = HEAD, beside: tuple[Report, ...] = ()) -> str:
    """What a leader's listener makes of a worker's line: why it hangs up, as the worker or the leader is told."""
    with selectors.DefaultSelector() as selector:
        listener = Listener(selector, 0, nodes, group)
        clients = []
        for line in (*map(encode, beside), report):
            client = socket.create_connection(("127.0.0.1", listener.port), timeout=5)
            clients.append(client)
            client.sendall(line)
            listener.service(0.0)
            ended = list(listener._wires)[-1]
            for _ in range(200):
                if ended.closed is not None or listener._wires.get(ended):
                    break
                listener.service(0.0)
        for client in clients:
            client.close()
        listener.close()
    assert ended.closed is not None
    return ended.closed


MINE = Report(worker="1", group=HEAD, nodes=2)


@writes("images-differ")
def images_differ(stage: Stage) -> Iterator[Lines]:
    yield waits(stage, answered(encode(replace(MINE, version=2))))


@writes("waits-for-leader")
def refused_worker(stage: Stage) -> Iterator[Lines]:
    yield waits(stage, answered(encode(replace(MINE, group="nim-1.nim.models"))))
    yield waits(stage, answered(encode(replace(MINE, nodes=3))))
    yield waits(stage, answered(encode(replace(MINE, worker="2")), beside=(MINE,)))


@writes("waits-for-leader")
def no_worker(stage: Stage) -> Iterator[Lines]:
    """What is not of the protocol; a worker's end says the same of what a leader sends."""
    for line in (b"GET / HTTP/1.1\r\n\r\n", b"[]\n", b'{"nodes":"2"}\n'):
        yield waits(stage, answered(line))


def missing(stage: Stage, seconds: float = 130.0) -> Lines:
    """A leader whose worker did not come."""
    return stage.leader(*GATHERS[:2], seconds, e.Members(BOTH[:1]))


@writes("group-wait")
def group_wait(stage: Stage) -> Iterator[Lines]:
    yield missing(stage)
    busy = replace(JOINED, epoch="", note="gets the model")
    yield stage.leader(*GATHERS[:2], 130.0, e.Heard(busy), e.Members(BOTH[:1]))
    yield stage.leader(*GATHERS[:2], 130.0, e.Heard(replace(busy, note="")), e.Members(BOTH[:1]))
    many = tuple(Member(f"10.0.0.{number}", 1, 1) for number in range(1, 12))
    large = {"NIM_TENSOR_PARALLEL_SIZE": "12", "NIM_NUM_COMPUTE_NODES": "12"}
    yield stage.leader(*GATHERS[:2], 130.0, e.Members(many), **large)


@writes("group-deadline")
def group_deadline(stage: Stage) -> Iterator[Lines]:
    late = (e.Members(BOTH[:1]), 480.0, e.Tick(), e.Ended(e.Scope.RAY))
    yield stage.leader(*GATHERS[:2], *late, NIM_STACK_JOIN_TIMEOUT_SECONDS="480")


@writes("starts-vllm")
def group_complete(stage: Stage) -> Iterator[Lines]:
    yield stage.leader(*LOADS)
