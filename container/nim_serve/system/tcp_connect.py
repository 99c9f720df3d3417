"""One TCP connection to a name that may not exist yet, may move, and may answer late."""

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Connection:
    """A connection and the addresses of both its ends."""

    socket: socket.socket
    peer: str
    own: str


def connect(host: str, port: int, timeout: float = 2.0) -> Connection | str:
    """Resolve the name afresh and connect: the connection, or the reason why there is none.

    A leader's name outlives its address, so no answer of the DNS is kept.
    """
    try:
        made = socket.create_connection((host, port), timeout=timeout)
        return Connection(made, str(made.getpeername()[0]), str(made.getsockname()[0]))
    except socket.gaierror:
        return f"the name {host} does not resolve yet"
    except TimeoutError:
        return f"{host}:{port} does not answer within {timeout:g} s"
    except OSError as error:
        return f"{host}:{port}: {error.strerror or error}"


def accepts_connections(host: str, port: int) -> bool:
    """Say whether something accepts a connection there."""
    made = connect(host, port)
    if isinstance(made, str):
        return False
    made.socket.close()
    return True
