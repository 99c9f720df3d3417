"""Faults against nim_serve in two pods made by hand: what was noticed when, and when the group served again.

`python -m lab.engine.healing [--fault NAME …] [--load] [--tensor 2 --pipeline 1]` prints one JSON line for each fault.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lab.console import LabError
from lab.engine import group
from lab.engine.faults import FAULTS, STALL_SECONDS, Fault, Role, by_name, inject
from lab.engine.group import MODEL_ID, SERVER_PORT, Group
from lab.paths import REPO

HEALTH_PORT = 8001
WINDOW_SECONDS = 5
SETTINGS: Mapping[str, str] = {
    "NIM_HEALTH_PORT": str(HEALTH_PORT),
    # One fault follows the other here; each is to be the first of its row.
    "NIM_STACK_HEAL_WINDOW_SECONDS": str(WINDOW_SECONDS),
    "NIM_STACK_STALL_SECONDS": str(STALL_SECONDS),
}
SETTLE_SECONDS = WINDOW_SECONDS + 2.0
LIMIT_SECONDS = 240.0
RESTART_SECONDS = 1.0
"""After which the driver starts an ended pod's first process again, as a kubelet does."""


@dataclass(frozen=True)
class Row:
    """What one fault led to; seconds from the fault, or from its end where it lasts."""

    fault: str
    load: bool
    noticed: float
    serving: float
    longest_request: float
    failed: int
    requests: int


class Observer:
    """The load in the leader's network, and what it has printed."""

    def __init__(self, running: Group, workers: int, *, follow: bool = False) -> None:
        self._log = running.leader_pod.directory / f"load-{time.monotonic_ns()}.jsonl"
        at = running.leader_pod.address
        words = [sys.executable, "-m", "lab.engine.load", f"http://{at}:{SERVER_PORT}", "--model", MODEL_ID]
        words += ["--health", f"http://{at}:{HEALTH_PORT}", "--workers", str(workers)]
        # Long requests without a pause, so that some are in flight at any moment.
        words += ["--follow", "--tokens", "200", "--pause", "0"] if follow else []
        with self._log.open("wb") as sink:
            self._popen = subprocess.Popen(running.leader_pod.command(words), cwd=REPO, stdout=sink)

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """What was seen so far."""
        whole = self._log.read_text().rpartition("\n")[0].splitlines()
        return [line for line in map(json.loads, whole) if line["kind"] == kind]

    def ready(self, value: bool, since: float) -> float | None:
        """When readiness last became this, after a moment."""
        found = [line["at"] for line in self.lines("ready") if line["ready"] is value and line["at"] >= since]
        return found[0] if found else None

    def close(self) -> None:
        self._popen.kill()
        self._popen.wait()


@contextmanager
def observed(running: Group, workers: int, *, follow: bool = False) -> Iterator[Observer]:
    """Load and a look at health, for a while."""
    observer = Observer(running, workers, follow=follow)
    try:
        yield observer
    finally:
        observer.close()


def _wait(running: Group, observer: Observer, value: bool, since: float, *, restart: Role | None) -> float:
    deadline = time.monotonic() + LIMIT_SECONDS
    while (at := observer.ready(value, since)) is None:
        if restart is not None and running.process(restart).popen.poll() is not None:
            time.sleep(RESTART_SECONDS)
            running.restart(restart)
        for process in running.processes():
            if process.popen.poll() is not None and restart is None:
                raise LabError(f"a pod ended with {process.popen.returncode}:\n{process.output()[-3000:]}")
        if time.monotonic() > deadline:
            raise LabError(f"not {'serving' if value else 'noticed'} within {LIMIT_SECONDS:.0f} s")
        time.sleep(0.1)
    return at


def suffer(running: Group, fault: Fault, *, load: bool) -> Row:
    """Bring one fault about in a group that serves, and follow it until the group serves again."""
    with observed(running, 2 if load else 0) as observer:
        _wait(running, observer, True, 0.0, restart=None)
        time.sleep(SETTLE_SECONDS)
        began = time.monotonic()
        undo = inject(fault, {"leader": running.leader.init_pid(), "worker": running.process("worker").init_pid()})
        restart = fault.role if fault.restarts == "pod" else None
        if fault.lasts:
            time.sleep(fault.lasts)
            undo()
        over = time.monotonic() if fault.lasts else began
        noticed = _wait(running, observer, False, began, restart=restart)
        serving = _wait(running, observer, True, max(noticed, over), restart=restart)
        if not fault.lasts:
            undo()
        if running.complete() == "":
            raise LabError("the group says that it is ready, and answers nothing")
        time.sleep(1.0)
        requests = [line for line in observer.lines("request") if line["at"] + line["seconds"] >= began]
        return Row(
            fault.name,
            load,
            round(noticed - began, 1),
            round(serving - over, 1),
            max((line["seconds"] for line in requests), default=0.0),
            sum(line["error"] is not None for line in requests),
            len(requests),
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """One group, one fault after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fault", action="append", choices=[fault.name for fault in FAULTS], help="default: all")
    parser.add_argument("--load", action="store_true", help="with requests in flight")
    parser.add_argument("--tensor", type=int, default=2)
    parser.add_argument("--pipeline", type=int, default=1)
    parser.add_argument("--log", type=Path, help="directory that receives the logs of both pods at the end")
    given = parser.parse_args(arguments)
    with group.start(given.tensor, given.pipeline, SETTINGS) as running:
        print(json.dumps({"start": round(running.wait_until_ready(), 1)}), flush=True)
        try:
            for name in given.fault or [fault.name for fault in FAULTS if given.load or not fault.load_only]:
                print(json.dumps(asdict(suffer(running, by_name(name), load=given.load))), flush=True)
        finally:
            if given.log is not None:
                given.log.mkdir(parents=True, exist_ok=True)
                for path in running.logs():
                    (given.log / path.name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    main()
