"""Whether something listens: one TCP connection, opened and closed."""

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Attempt:
    """What came of a connection: the addresses of both ends, or the reason why not."""

    peer: str | None
    own: str | None
    problem: str | None

    @property
    def reached(self) -> bool:
        """Whether it was accepted."""
        return self.problem is None


def attempt(host: str, port: int, timeout: float = 2.0) -> Attempt:
    """Resolve afresh and connect; a leader's name outlives its address, so no answer is kept."""
    try:
        with socket.create_connection((host, port), timeout=timeout) as connection:
            return Attempt(str(connection.getpeername()[0]), str(connection.getsockname()[0]), None)
    except socket.gaierror:
        return Attempt(None, None, f"the name {host} does not resolve yet")
    except TimeoutError:
        return Attempt(None, None, f"{host}:{port} does not answer within {timeout:g} s")
    except OSError as error:
        return Attempt(None, None, f"{host}:{port}: {error.strerror or error}")


class Lost:
    """Tells a peer that is gone from one that missed a beat: no connection for a while, without a break."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self.host, self.port, self.seconds = host, port, seconds
        self._since: float | None = None

    def check(self, now: float) -> str | None:
        """The reason when the peer counts as gone, else None."""
        result = attempt(self.host, self.port)
        if result.reached:
            self._since = None
            return None
        self._since = now if self._since is None else self._since
        if now - self._since >= self.seconds:
            return f"{result.problem} (for {now - self._since:.0f} s)"
        return None
