"""Port-forward: a port on this machine that leads to a port of a pod, through the API server.

Each connection is a WebSocket with the subprotocol v4.channel.k8s.io (k8s.io/kubelet v0.35.4, pkg/cri/streaming/
portforward/websocket.go): the first byte of a message is its channel, 0 for data and 1 for errors, and the first
message of each channel is the port in two bytes.
"""

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping

from nim_stack.operations.cluster.errors import ClusterError
from nim_stack.operations.cluster.reader import Reader

_PROTOCOL: Final = "v4.channel.k8s.io"
_DATA: Final = 0
_PORT_BYTES: Final = 2
_CHUNK: Final = 32 * 1024


@dataclass
class Forward:
    """A port-forward while it is open."""

    port: int
    """The port on 127.0.0.1 that leads to the pod's port."""
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
        with here, reader.upgraded(path, _PROTOCOL, ports=str(port)) as (there, first):
            _relay(here, there, first)
    except ClusterError as trouble:
        found.troubles.append(trouble)
    except OSError:
        return  # either side ended without a word
    finally:
        open_.discard(here)


def _relay(here: socket.socket, there: socket.socket, first: bytes) -> None:
    """Both ways until one side ends. One thread does it, since OpenSSL takes no two of them for one connection.

    Raises:
        ClusterError: the kubelet does not reach the port.
    """
    frames = Connection(ConnectionType.CLIENT)
    begun: set[int] = set()
    message = b""
    came = first
    while came:
        frames.receive_data(came)
        for event in frames.events():
            if isinstance(event, Ping):
                there.sendall(frames.send(event.response()))
            elif isinstance(event, CloseConnection):
                return
            elif isinstance(event, BytesMessage):
                message += event.data
                if event.message_finished:
                    _take(here, message, begun)
                    message = b""
        came = b""
        while not came:
            buffered = isinstance(there, ssl.SSLSocket) and there.pending()
            ready = [there] if buffered else select.select([here, there], [], [])[0]
            if here in ready:
                data = here.recv(_CHUNK)
                if not data:
                    there.sendall(frames.send(CloseConnection(code=1000)))
                    return
                there.sendall(frames.send(BytesMessage(bytes([_DATA]) + data)))
            if there in ready:
                came = there.recv(_CHUNK)
                break


def _take(here: socket.socket, message: bytes, begun: set[int]) -> None:
    channel, data = message[0], message[1:]
    if channel not in begun:
        begun.add(channel)
        data = data[_PORT_BYTES:]
    if channel == _DATA:
        here.sendall(data)
    elif data:
        raise ClusterError(f"the pod's port cannot be reached: {data.decode(errors='replace').strip()[:500]}")
