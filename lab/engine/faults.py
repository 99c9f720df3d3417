"""The faults that a group must heal, as data, and one function that brings one about.

A pod is known by its first process as this machine numbers it, so the same list serves the pods made by hand and those
of the cluster, whose containers run on this kernel too.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.console import LabError
from lab.paths import REPO
from lab.shell import run

Role = Literal["leader", "worker"]
Means = Literal["kill", "stop", "hang", "freeze", "cut"]
Restarts = Literal["engine", "group", "pod"]

NOTICE_SECONDS = 5.0
SILENCE_NOTICE_SECONDS = 30.0
"""A frozen pod and a cut network show as silence, and only a wait tells silence from a busy moment."""


STALL_SECONDS = 15
STALL_NOTICE_SECONDS = STALL_SECONDS + 10.0
"""With NIM_STACK_STALL_SECONDS as here; a look at the metrics every five seconds comes on top."""


@dataclass(frozen=True)
class Fault:
    """One fault: what is done to which process of which pod, and what has to start again after it."""

    name: str
    role: Role
    means: Means
    process: str = ""
    """A part of the command line; without one, the pod's first process."""

    restarts: Restarts = "group"
    lasts: float = 0.0
    """Seconds after which a freeze or a cut is undone."""

    notice: float = NOTICE_SECONDS
    load_only: bool = False
    """Whether it shows only while requests run."""


RANK, CORE, SERVER = "ray::RayWorkerProc", "VLLM::EngineCore", "vllm.entrypoints.cli.main"
RAYLET, GCS = "raylet/raylet ", "gcs/gcs_server "
LASTS_SECONDS = 45.0

FAULTS: tuple[Fault, ...] = (
    Fault("leader rank killed", "leader", "kill", RANK, "engine"),
    Fault("worker rank killed", "worker", "kill", RANK, "engine"),
    Fault("engine core killed", "leader", "kill", CORE, "engine"),
    Fault("API server killed", "leader", "kill", SERVER, "engine"),
    Fault("leader rank stopped", "leader", "stop", RANK, "engine"),
    Fault("worker rank stopped", "worker", "stop", RANK, "engine"),
    Fault("engine core stopped", "leader", "stop", CORE, "engine"),
    Fault("worker rank hangs", "worker", "hang", RANK, "engine", notice=STALL_NOTICE_SECONDS, load_only=True),
    Fault("leader raylet killed", "leader", "kill", RAYLET),
    Fault("worker raylet killed", "worker", "kill", RAYLET),
    Fault("GCS killed", "leader", "kill", GCS),
    Fault("GCS stopped", "leader", "stop", GCS),
    Fault("worker pod frozen", "worker", "freeze", lasts=LASTS_SECONDS, notice=SILENCE_NOTICE_SECONDS),
    Fault("leader pod frozen", "leader", "freeze", lasts=LASTS_SECONDS, notice=SILENCE_NOTICE_SECONDS),
    Fault("network cut", "worker", "cut", lasts=LASTS_SECONDS, notice=SILENCE_NOTICE_SECONDS),
    Fault("worker's first process killed", "worker", "kill", restarts="pod"),
    Fault("leader's first process killed", "leader", "kill", restarts="pod"),
)


def by_name(name: str) -> Fault:
    """The fault of that name."""
    found = next((fault for fault in FAULTS if fault.name == name), None)
    if found is None:
        raise LabError(f"no fault {name!r}: use one of {', '.join(fault.name for fault in FAULTS)}")
    return found


def processes(init: int) -> dict[int, str]:
    """Every process that shares the pod's process namespace, with its command line."""
    namespace = (Path("/proc") / str(init) / "ns" / "pid").readlink()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if (entry / "ns" / "pid").readlink() == namespace:
                    words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(entry.name)] = words.decode(errors="replace")
    return found


def _network(init: int, *words: str) -> None:
    run(["nsenter", f"--net=/proc/{init}/ns/net", "tc", "qdisc", *words])


def inject(fault: Fault, inits: Mapping[Role, int]) -> Callable[[], None]:
    """Bring it about; what undoes it (nothing is to be undone for a killed or a stopped process).

    Raises:
        LabError: the pod has no such process.
    """
    init = inits[fault.role]
    if fault.means == "cut":
        # The pod keeps its address and routes, and hears the others; nothing that it sends arrives.
        _network(init, "replace", "dev", "eth0", "root", "blackhole")
        return lambda: _network(init, "delete", "dev", "eth0", "root")
    there = processes(init)
    if fault.means == "freeze":
        # The first process first, so that it sees none of the others stopped.
        for pid in sorted(there, key=lambda pid: pid != init):
            _signal(pid, signal.SIGSTOP)
        return lambda: _thaw(init)
    hit = [pid for pid, words in there.items() if fault.process in words and (fault.process or pid == init)]
    if not hit:
        raise LabError(f"{fault.name}: the pod runs no process {fault.process!r}")
    if fault.means == "hang":
        return _hang(hit)
    for pid in hit:
        _signal(pid, signal.SIGKILL if fault.means == "kill" else signal.SIGSTOP)
    return lambda: None


def _hang(pids: list[int]) -> Callable[[], None]:
    words = [sys.executable, "-m", "lab.engine.hang", *map(str, pids)]
    holder = subprocess.Popen(words, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin is not None  # both pipes were asked for
    assert holder.stdout is not None
    if holder.stdout.readline() != b"held\n":
        raise LabError(f"could not hold the processes {pids}")

    def undo() -> None:
        holder.communicate()

    return undo


def _thaw(init: int) -> None:
    for pid in processes(init):
        _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
