"""The heartbeat between supervisors: one TCP connection a worker, lines both ways, silence noticed by both ends."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable

from nim_serve.contract.limits import BEAT_SECONDS, SILENT_SECONDS
from nim_serve.decide.events import Connected, Event, Heard, HungUp, Ordered, Unreachable
from nim_serve.decide.messages import LONGEST_LINE, MessageError, Order, Report, decode, encode, refusal
from nim_serve.system.tcp_connect import Connection, connect

RETRY_SECONDS = 0.3

BACKLOG = 1024
"""While the leader is frozen its kernel accepts, and every worker calls again after each silence; the kernel takes no
more than its own somaxconn."""


class Wire:
    """One connection that never blocks. What could not be sent yet is replaced by newer state, not queued behind it."""

    def __init__(self, connection: socket.socket, now: float) -> None:
        """Take over a connection; `now` is in seconds of the monotonic clock, as everywhere in this module."""
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.closed: str | None = None
        self.silent = False
        self._heard_at, self._said_at = now, float("-inf")
        self._incoming, self._leaving, self._next = b"", b"", b""

    def say(self, line: bytes, now: float) -> None:
        """Send a line now, or as soon as the other end takes it."""
        self._said_at, self._next = now, line
        self._flush()

    def _flush(self) -> None:
        if not self._leaving:
            self._leaving, self._next = self._next, b""
        try:
            while self._leaving and self.closed is None:
                self._leaving = self._leaving[self.socket.send(self._leaving) :]
                if not self._leaving:
                    self._leaving, self._next = self._next, b""
        except BlockingIOError:
            pass
        except OSError as error:
            self.closed = error.strerror or str(error)

    def lines(self, now: float) -> list[bytes]:
        """Give the whole lines that have come, and notice the end of the other side."""
        try:
            while self.closed is None:
                data = self.socket.recv(LONGEST_LINE)
                if not data:
                    self.closed = "its process has ended"
                self._incoming += data
                self._heard_at = now
                if len(self._incoming) > LONGEST_LINE and b"\n" not in self._incoming:
                    self.closed = "it does not speak this protocol"
        except BlockingIOError:
            pass
        except OSError as error:
            self.closed = error.strerror or str(error)
        *whole, self._incoming = self._incoming.split(b"\n")
        return whole

    def beat(self, line: bytes, now: float) -> None:
        """Send the line again when it is time, and notice the silence of the other side once its lines are read."""
        if self.closed is None and now - self._heard_at >= SILENT_SECONDS:
            self.closed, self.silent = f"silent for {now - self._heard_at:.0f} s", True
        elif now - self._said_at >= BEAT_SECONDS:
            self.say(line, now)
        elif self._leaving:
            self._flush()

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()


class Listener:
    """The leader's end: it takes as many connections as come, and each is a worker's once that has reported.

    A beat of one worker must not cost a look at all of them: their sockets are in a selector of its own, which is ready
    when one of them is.
    """

    def __init__(self, selector: selectors.BaseSelector, port: int, nodes: int, group: str | None) -> None:
        """Listen at once; `nodes` is the size of the group, `group` the leader's own name, or None if not known.

        Raises:
            OSError: the port is taken.
        """
        self._selector, self._nodes, self._group = selector, nodes, group
        self._socket = socket.create_server(("", port), backlog=BACKLOG)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._wires: dict[Wire, str | None] = {}
        self._line = encode(Order())
        self._own = selectors.DefaultSelector()
        self._own.register(self._socket, selectors.EVENT_READ)
        selector.register(self._own, selectors.EVENT_READ)

    def tell(self, order: Order, now: float) -> None:
        """Send an order to every worker now, and with every beat from now on."""
        self._line = encode(order)
        for wire, worker in self._wires.items():
            if worker is not None:
                wire.say(self._line, now)

    def service(self, now: float) -> list[Event]:
        """Take in what has come, send again what is due, and give the events that follow."""
        found: list[Event] = []
        for key, _ in self._own.select(0):
            if key.data is None:
                self._accept(now)
            elif key.data in self._wires:  # or else it was an older one of a worker just heard on another
                found += self._hear(key.data, now)
        for wire, worker in list(self._wires.items()):
            wire.beat(self._line if worker is not None else b"", now)
            if wire.closed is not None:
                self._drop(wire)
                if worker is not None and worker not in self._wires.values():
                    found.append(HungUp(worker, wire.closed, wire.silent))
        return found

    def _accept(self, now: float) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._socket.accept()
                wire = Wire(connection, now)
                self._wires[wire] = None
                self._own.register(connection, selectors.EVENT_READ, wire)

    def _hear(self, wire: Wire, now: float) -> list[Event]:
        """Take in the last line only, since each says everything."""
        lines = wire.lines(now)
        if not lines:
            return []
        try:
            report = decode(Report, lines[-1])
        except MessageError as wrong:
            wire.closed = str(wrong)
            return []
        problem = refusal(report, self._nodes, self._group) or self._full(report)
        if problem:
            wire.say(encode(Order(refusal=problem)), now)
            wire.closed = problem
            return []
        for other in [known for known, name in self._wires.items() if name == report.worker and known is not wire]:
            self._drop(other)
        if self._wires[wire] is None:
            wire.say(self._line, now)
        self._wires[wire] = report.worker
        return [Heard(report)]

    def _full(self, report: Report) -> str:
        others = {name for name in self._wires.values() if name not in (None, report.worker)}
        return "" if len(others) < self._nodes - 1 else f"the group has its {self._nodes - 1} workers"

    def _drop(self, wire: Wire) -> None:
        self._own.unregister(wire.socket)
        wire.close()
        del self._wires[wire]

    def close(self) -> None:
        """Close every connection, and listen no more."""
        for wire in list(self._wires):
            self._drop(wire)
        self._selector.unregister(self._own)
        self._own.close()
        self._socket.close()


class Caller:
    """A worker's end: it resolves and connects again and again, in a thread of its own because names may take long."""

    def __init__(self, selector: selectors.BaseSelector, host: str, port: int, wake: Callable[[], None]) -> None:
        """Begin to connect to the leader; the thread calls `wake` when it has news."""
        self._selector, self._host, self._port, self._wake = selector, host, port, wake
        self._wire: Wire | None = None
        self._report = Report()
        self._found: list[Connection | str] = []
        self._wanted = threading.Event()
        self._wanted.set()
        self._pause = threading.Event()
        threading.Thread(target=self._call, daemon=True, name="heartbeat").start()

    def _call(self) -> None:
        while not self._pause.wait(RETRY_SECONDS):
            if not self._wanted.is_set():
                self._wanted.wait()
                continue
            made = connect(self._host, self._port)
            if not isinstance(made, str):
                self._wanted.clear()
            self._found.append(made)
            self._wake()

    def tell(self, report: Report, now: float) -> None:
        """Send a report now, and with every beat from now on."""
        self._report = report
        if self._wire is not None:
            self._wire.say(encode(report), now)

    def service(self, now: float) -> list[Event]:
        """Take in what has come, send again what is due, and give the events that follow."""
        found: list[Event] = []
        while self._found:
            made = self._found.pop(0)
            if isinstance(made, str):
                found.append(Unreachable(made))
            else:
                self._wire = Wire(made.socket, now)
                self._selector.register(made.socket, selectors.EVENT_READ)
                found.append(Connected(made.peer, made.own))
        if self._wire is not None:
            found += self._hear(self._wire, now)
        return found

    def _hear(self, wire: Wire, now: float) -> list[Event]:
        found: list[Event] = []
        for line in wire.lines(now)[-1:]:
            try:
                order = decode(Order, line)
            except MessageError as wrong:
                wire.closed = str(wrong)
                break
            if order.refusal:
                wire.closed = order.refusal
            else:
                found.append(Ordered(order))
        if wire.closed is None:
            wire.beat(encode(self._report), now)
        if wire.closed is not None:
            self._selector.unregister(wire.socket)
            wire.close()
            self._wire = None
            self._wanted.set()
            found.append(Unreachable(wire.closed))
        return found

    def close(self) -> None:
        """Close the connection, and connect no more."""
        self._pause.set()
        self._wanted.set()
        if self._wire is not None:
            self._selector.unregister(self._wire.socket)
            self._wire.close()
            self._wire = None
