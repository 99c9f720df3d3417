"""Port-forward: a port on this machine that leads to a port of a pod, through the API server.

Each connection is a WebSocket with the subprotocol v4.channel.k8s.io (k8s.io/kubelet v0.35.4, pkg/cri/streaming/
portforward/websocket.go): the first byte of a message is its channel, 0 for data and 1 for errors, and the first
message of each channel is the port in two bytes.
"""

import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from httpx2.websockets import HTTPXWSException, WebSocketSession

from nim_stack.operations.cluster.errors import ClusterError
from nim_stack.operations.cluster.reader import Reader

_PROTOCOL: Final = "v4.channel.k8s.io"
_DATA: Final = 0
_PORT_BYTES: Final = 2
_CHUNK: Final = 32 * 1024
_LOOK_SECONDS: Final = 0.1
"""How often a silent connection is asked whether this side has ended: a WebSocket does not wake for that."""


@dataclass
class Forward:
    """A port-forward while it is open."""

    port: int
    """On 127.0.0.1."""
    troubles: list[ClusterError] = field(default_factory=list)
    """Why connections failed, the first first; what uses the port sees only that a connection ends."""


@contextmanager
def forwarded(reader: Reader, namespace: str, pod: str, port: int) -> Iterator[Forward]:
    """A port on loopback that leads to this port of the pod; every connection to it is one of its own.

    The cluster is asked with the first connection, so that a refusal is in `troubles` and not raised.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Forward(listener.getsockname()[1])
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward"
        open_: set[socket.socket] = set()
        accepting = threading.Thread(target=_accept, args=(listener, open_, reader, path, port, found), daemon=True)
        accepting.start()
        try:
            yield found
        finally:
            for each in (listener, *open_):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(
    listener: socket.socket, open_: set[socket.socket], reader: Reader, path: str, port: int, found: Forward
) -> None:
    served: list[threading.Thread] = []
    with suppress(OSError):  # the listener is closed at the end
        while True:
            here, _ = listener.accept()
            open_.add(here)
            thread = threading.Thread(target=_serve, args=(here, open_, reader, path, port, found), daemon=True)
            thread.start()
            served.append(thread)
    for each in served:
        each.join()


def _serve(
    here: socket.socket, open_: set[socket.socket], reader: Reader, path: str, port: int, found: Forward
) -> None:
    try:
        with here, reader.websocket(path, _PROTOCOL, ports=str(port)) as there:
            ended = threading.Event()
            sending = threading.Thread(target=_send, args=(here, there, ended), daemon=True)
            sending.start()
            try:
                _receive(here, there, ended, found)
            finally:
                with suppress(OSError):
                    here.shutdown(socket.SHUT_RDWR)
                sending.join()
    except ClusterError as trouble:
        found.troubles.append(trouble)
    finally:
        open_.discard(here)


def _send(here: socket.socket, there: WebSocketSession, ended: threading.Event) -> None:
    """What comes from this machine, until it ends."""
    with suppress(OSError, HTTPXWSException):
        while data := here.recv(_CHUNK):
            there.send_bytes(bytes([_DATA]) + data)
    ended.set()


def _receive(here: socket.socket, there: WebSocketSession, ended: threading.Event, found: Forward) -> None:
    """What comes from the pod, until either side ends."""
    begun: set[int] = set()
    with suppress(OSError, HTTPXWSException):
        while not ended.is_set():
            try:
                message = there.receive_bytes(_LOOK_SECONDS)
            except (TimeoutError, queue.Empty):
                continue
            channel, data = message[0], message[1:]
            if channel not in begun:
                begun.add(channel)
                data = data[_PORT_BYTES:]
            if channel == _DATA:
                here.sendall(data)
            elif data:
                text = data.decode(errors="replace").strip()
                found.troubles.append(ClusterError(f"the pod's port cannot be reached: {text[:500]}"))
                return
