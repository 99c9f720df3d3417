"""The leader's wait until every node and every GPU of the group has joined Ray."""

import selectors
import subprocess
import sys

from nim_serve.contract import ServeConfig
from nim_serve.logs import Log
from nim_serve.membership import Member, complete, decode, describe
from nim_serve.outcome import GroupFailedError, StoppedError
from nim_serve.stopping import StopRequest
from nim_serve.waiting import Patience

POLL_SECONDS = 0.1


class Reporter:
    """The process that asks Ray, and its latest answer."""

    def __init__(self, address: str, nodes: int, gpus: int) -> None:
        command = [sys.executable, "-m", "nim_serve.membership", address, str(nodes), str(gpus)]
        self._popen = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0, start_new_session=True)
        self._selector = selectors.DefaultSelector()
        assert self._popen.stdout is not None  # PIPE was asked for
        self._selector.register(self._popen.stdout, selectors.EVENT_READ)
        self.members: list[Member] = []

    def update(self) -> int | None:
        """Take in what it has said; its exit code when it has ended."""
        code = self._popen.poll()  # first, so that its last words are still read
        while self._selector.select(0):
            line = self._popen.stdout.readline() if self._popen.stdout else b""
            if not line:
                break
            self.members = decode(line.decode())
        return code

    def close(self) -> None:
        """End it."""
        self._popen.kill()
        self._popen.wait()
        self._selector.close()
        if self._popen.stdout:
            self._popen.stdout.close()


def gather(config: ServeConfig, own_ip: str, port: int, log: Log, stop: StopRequest) -> list[Member]:
    """Wait for the group; its members.

    Raises:
        GroupFailedError: not complete before the deadline; the message lists who came and what is missing.
        StoppedError: SIGTERM.
    """
    nodes, gpus = config.nodes, config.world_size
    patience = Patience(log, config.join_timeout)
    reporter = Reporter(f"{own_ip}:{port}", nodes, gpus)
    try:
        while True:
            code = reporter.update()
            members = reporter.members
            if complete(members, nodes, gpus):
                log.info(f"the group is complete: {describe(members, nodes, gpus)}", seconds=round(patience.waited, 1))
                return members
            if code is not None:
                raise GroupFailedError(f"the Ray head stopped answering while the group gathered (exit code {code})")
            if patience.over:
                raise GroupFailedError(
                    f"the group was not complete within {config.join_timeout} s: {describe(members, nodes, gpus)}"
                )
            if members:
                patience.because(f"for the group: {describe(members, nodes, gpus)}")
            if stop.wait(POLL_SECONDS):
                raise StoppedError
    finally:
        reporter.close()
