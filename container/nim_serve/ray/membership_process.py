"""The process that asks Ray who is there, and what it said last."""

import selectors
import subprocess
import sys

from nim_serve.decide.events import Members
from nim_serve.ray.membership import decode


class MembershipProcess:
    """Runs until the group is complete, until Ray stops answering, or until it is closed."""

    def __init__(self, address: str, nodes: int, gpus: int) -> None:
        """Start it; `address` is that of the Ray head, and `nodes` and `gpus` are what makes the group complete.

        Raises:
            OSError: the process cannot be started.
        """
        command = [sys.executable, "-m", "nim_serve.ray.membership", address, str(nodes), str(gpus)]
        self._popen = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0, start_new_session=True)
        self._selector = selectors.DefaultSelector()
        assert self._popen.stdout is not None  # PIPE was asked for
        self._selector.register(self._popen.stdout, selectors.EVENT_READ)
        self._over = False
        self.pid = self._popen.pid

    def news(self) -> Members | None:
        """Give what it has said since the last time, and once that it has failed; None when there is no news."""
        if self._over:
            return None
        code = self._popen.poll()  # first, so that its last words are still read
        found = None
        while self._selector.select(0):
            line = self._popen.stdout.readline() if self._popen.stdout else b""
            if not line:
                break
            found = Members(tuple(decode(line.decode())))
        self._over = code is not None
        return Members(problem=f"the Ray head stopped answering (exit code {code})") if code else found

    def close(self) -> None:
        """Kill it, and collect its exit code."""
        self._popen.kill()
        self._popen.wait()
        self._selector.close()
        if self._popen.stdout:
            self._popen.stdout.close()
