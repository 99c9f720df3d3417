"""The request to stop: SIGTERM or SIGINT, seen by every wait of the launcher at once."""

import os
import select
import signal
from types import FrameType


class StopRequest:
    """Set by a signal; everything that waits, waits on it.

    A pipe rather than threading.Event: an event's lock is not reentrant, and a signal may arrive while it is held.
    """

    def __init__(self) -> None:
        """Begin without a request; `install` makes signals set it."""
        self._requested = False
        self._readable, self._writable = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def install(self) -> None:
        """Take SIGTERM and SIGINT; PID 1 ignores both unless it asks for them."""
        signal.signal(signal.SIGTERM, self._handle)
        signal.signal(signal.SIGINT, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.request()

    def request(self) -> None:
        """Ask to stop, from within this process."""
        if not self._requested:
            self._requested = True
            os.write(self._writable, b".")

    def fileno(self) -> int:
        """Give the descriptor that is readable from the request on, for a selector."""
        return self._readable

    @property
    def requested(self) -> bool:
        """Whether this process was asked to stop."""
        return self._requested

    def wait(self, seconds: float) -> bool:
        """Sleep for so long, but not past a request; True when there is one."""
        if not self._requested and seconds > 0:
            select.select([self._readable], [], [], seconds)
        return self._requested
