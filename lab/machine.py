"""A machine of the lab: its own mounts, processes and host name on the shared kernel, in the sealed network.

Its root is an overlay on the cached Debian tree, so that a file written on one machine (to a hostPath, say) is
absent on the others and on the host. Its first process is an init that reaps; when it dies the kernel ends every
process of the machine and drops its mounts, which makes stopping complete even after a crash.
"""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab import network, rootfs
from lab.console import LabError
from lab.paths import LOGS, STATE

MARK = "nim-lab-machine"
"""Stands in the command line of a machine's first process, by which a later run finds it again."""

_BOOT = """
set -eu
mark=$1 name=$2 base=$3 lower=$4; shift 4
root=$base/root
mkdir -p $base/upper $base/work $root
mount -t overlay nim-lab -o lowerdir=$lower,upperdir=$base/upper,workdir=$base/work $root
mount -t proc proc $root/proc
mount --rbind /sys $root/sys
mount --rbind /dev $root/dev
mount -t tmpfs -o mode=755 tmpfs $root/run
while [ $# -gt 0 ]; do
  mkdir -p "$1" "$root$2"; mount --bind "$1" "$root$2"; shift 2
done
mkdir -p $root/.host; cd $root; pivot_root . .host
umount -l /.host; rmdir /.host
mount --make-rshared /
hostname $name
# bash reaps every child, also those it did not start.
exec /bin/bash -c 'trap exit TERM; echo up > /run/up; while :; do sleep 3600 & wait $!; done' "$mark" "$name" "$base"
"""


@dataclass(frozen=True)
class Machine:
    """One machine; `binds` are (host path, path inside) pairs."""

    name: str
    binds: tuple[tuple[Path, str], ...] = field(default=())

    @property
    def base(self) -> Path:
        return STATE / "machines" / self.name

    def start(self) -> None:
        """Boot it and wait until its init runs."""
        words = [word for source, target in self.binds for word in (str(source), target)]
        self.base.mkdir(parents=True, exist_ok=True)
        log = LOGS / f"machine-{self.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            subprocess.Popen(
                ["unshare", "--mount", "--pid", "--uts", "--fork", "--propagation", "private"]
                + ["/bin/sh", "-c", _BOOT, "boot", MARK, self.name, str(self.base), str(rootfs.ensure("node")), *words],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            pid = self.pid()
            if pid and Path(f"/proc/{pid}/root/run/up").exists():
                return
            time.sleep(0.02)
        raise LabError(f"machine {self.name} did not start: see {log}\n{log.read_text()[-1500:]}")

    def pid(self) -> int | None:
        """The host's process id of the machine's init, or None when it is not running."""
        return next((pid for pid, name in running() if name == self.name), None)

    def enter(self) -> list[str]:
        """The words that start a program on this machine.

        Raises:
            LabError: the machine is not running.
        """
        pid = self.pid()
        if pid is None:
            raise LabError(f"machine {self.name} is not running: start the lab with `lab up`")
        return ["nsenter", f"--target={pid}", "--mount", "--pid", "--uts", f"--net={network.NETNS_PATH}", "--"]

    def daemon(self, name: str, args: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        """Start a long-running program on the machine; its output goes to the lab's log of that name."""
        words = " ".join(shlex.quote(str(word)) for word in args)
        with (LOGS / f"{name}.log").open("ab") as sink:
            subprocess.Popen(
                [*self.enter(), "/bin/sh", "-c", f"exec {words}"],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **(env or {})},
                start_new_session=True,
            )


def running() -> list[tuple[int, str]]:
    """(process id, machine name) of every machine's init that runs on this host, from whichever clone."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:  # ended meanwhile
            continue
        if len(words) > 5 and words[0] == b"/bin/bash" and words[3] == MARK.encode():
            found.append((int(entry.name), words[4].decode()))
    return found


def kill(pids: Sequence[int], seconds: float = 10.0) -> None:
    """End processes by id at once and wait until they are gone."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(_alive(pid) for pid in pids):
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
