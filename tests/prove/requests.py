"""Completions through the leader Service, from inside the sealed network, and what became of each."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import network
from lab.observe import Leader
from lab.paths import REPO


@dataclass(frozen=True)
class Request:
    """One completion: when it was sent (CLOCK_MONOTONIC), how long its client waited, and what went wrong."""

    at: float
    seconds: float
    error: str | None

    @property
    def ended(self) -> float:
        return self.at + self.seconds


def first_answer(requests: Sequence[Request], since: float) -> float | None:
    """When the first completion that was sent from this moment on was answered."""
    return min((one.ended for one in requests if one.error is None and one.at >= since), default=None)


def first_failure(requests: Sequence[Request], since: float) -> float | None:
    """When a client first learnt, from this moment on, that its request had failed."""
    return min((one.ended for one in requests if one.error is not None and one.ended >= since), default=None)


def overlapping(requests: Sequence[Request], since: float) -> list[Request]:
    """Those whose client waited at some moment from this one on."""
    return [one for one in requests if one.ended >= since]


@dataclass(frozen=True)
class Load:
    """A number of clients, each with one request after the other; seconds between these, and until one is given up."""

    clients: int
    pause: float
    tokens: int
    timeout: float


class Clients:
    """Clients at work."""

    def __init__(self, log: Path, popen: "subprocess.Popen[bytes]") -> None:
        self._popen, self._lines, self._rest = popen, log.open("rb"), b""
        self._ended: list[Request] = []

    def requests(self) -> list[Request]:
        """Those that have ended so far.

        Raises:
            AssertionError: the clients have gone, so that nothing more will be asked, however long one waits.
        """
        assert self._popen.poll() is None, f"the clients have ended with exit code {self._popen.returncode}"
        *whole, self._rest = (self._rest + self._lines.read()).split(b"\n")
        for line in map(json.loads, whole):
            if line["kind"] == "request":
                self._ended.append(Request(line["at"], line["seconds"], line["error"]))
        return list(self._ended)

    def close(self) -> None:
        self._popen.kill()
        self._popen.wait()
        self._lines.close()


@contextmanager
def clients(service: Leader, model: str, load: Load) -> Iterator[Clients]:
    """Clients of a Service, for a while; a new connection for each request, as from many of them."""
    words = [sys.executable, "-m", "lab.engine.load", service.address, "--model", model, "--health", service.address]
    words += ["--workers", str(load.clients), "--pause", str(load.pause)]
    words += ["--tokens", str(load.tokens), "--timeout", str(load.timeout)]
    with tempfile.TemporaryDirectory(prefix="nim-prove-") as scratch:
        log = Path(scratch) / "requests.jsonl"
        with log.open("wb") as sink:
            enter = ["setpriv", "--pdeathsig", "KILL", *network.enter()]
            popen = subprocess.Popen([*enter, *words], cwd=REPO, stdin=subprocess.DEVNULL, stdout=sink)
        running = Clients(log, popen)
        try:
            yield running
        finally:
            running.close()
