"""Two pods without a cluster: namespaces for network, processes and mounts, joined by one cable and sealed.

What a kubelet gives a container, by hand: an own address on eth0, own process ids, an own /tmp and /dev/shm, the
image's root file system read-only below. No uplink: nothing started here can reach beyond the other pod.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.console import LabError
from lab.shell import run

MOUNTS = r"""
set -e
root="$1"; scratch="$2"; mnt="$2/root"; shift 2
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$mnt"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$scratch/upper,workdir=$scratch/work" "$mnt"
mount -t proc proc "$mnt/proc"
mount --rbind /dev "$mnt/dev"
mount --rbind /sys "$mnt/sys"
mount -t tmpfs tmpfs "$mnt/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$mnt/tmp"
while [ "$1" != -- ]; do
  mkdir -p "$mnt${1##*:}"
  mount --bind "${1%%:*}" "$mnt${1##*:}"
  if [ "$2" = ro ]; then mount -o remount,bind,ro "$mnt${1##*:}"; fi
  shift 2
done
shift
exec chroot "$mnt" "$@"
"""
"""Runs in fresh mount and process namespaces, so every mount goes with the last process."""


@dataclass(frozen=True)
class Mount:
    """A host directory at a path of the sandbox."""

    source: Path
    target: str
    writable: bool = False


@dataclass
class Process:
    """A sandbox that runs: its first process is PID 1 in there, as in a container."""

    popen: "subprocess.Popen[bytes]"
    log: Path
    started: float = field(default_factory=time.monotonic)

    def init_pid(self) -> int:
        """The host's number of the sandbox's PID 1."""
        children = Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children").read_text().split()
        if not children:
            raise LabError(f"the sandbox is not running; see {self.log}")
        return int(children[0])

    def terminate(self) -> None:
        """SIGTERM to PID 1, as a kubelet sends it."""
        os.kill(self.init_pid(), signal.SIGTERM)

    def kill(self) -> None:
        """End the whole sandbox at once: when PID 1 dies the kernel kills the rest."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()

    def wait(self, seconds: float) -> int:
        """The exit code of PID 1, which must come within the time."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise LabError(f"still running after {seconds:.0f} s:\n{self.output()[-3000:]}") from None

    def wait_for(self, text: str, seconds: float) -> None:
        """Until the log has the text."""
        deadline = time.monotonic() + seconds
        while text not in self.output():
            if self.popen.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"{text!r} did not come:\n{self.output()[-3000:]}")
            time.sleep(0.1)

    def output(self) -> str:
        """What was written so far."""
        return self.log.read_text(errors="replace")


@dataclass(frozen=True)
class Sandbox:
    """One would-be pod: a network namespace with an address."""

    namespace: str
    address: str
    directory: Path

    def command(self, args: Sequence[str]) -> list[str]:
        """The same command line, run in this network namespace; it does not outlive the thread that starts it."""
        return ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--net=/run/netns/{self.namespace}", *args]

    def start(
        self,
        args: Sequence[str],
        *,
        root: Path,
        environment: Mapping[str, str],
        mounts: Sequence[Mount] = (),
        name: str,
    ) -> Process:
        """Start a container-like process tree."""
        mountpoint = self.directory / f"{name}.root"
        mountpoint.mkdir(parents=True, exist_ok=True)
        bound = [word for m in mounts for word in (f"{m.source}:{m.target}", "rw" if m.writable else "ro")]
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--propagation=private"]
        words = [*unshare, "sh", "-c", MOUNTS, "sandbox", str(root), str(mountpoint), *bound, "--", *args]
        log = self.directory / f"{name}.log"
        with log.open("wb") as sink:
            popen = subprocess.Popen(
                self.command(words), env=dict(environment), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
            )
        return Process(popen, log)


def _forget_dead(prefix: str) -> None:
    """Namespaces of a process that was killed before it could remove them."""
    for path in Path("/run/netns").glob(f"{prefix}-*"):
        owner = path.name.removeprefix(f"{prefix}-").split("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            _forget([path.name])


def _forget(names: Sequence[str]) -> None:
    for name in names:
        if Path(f"/run/netns/{name}").exists():
            run(["ip", "netns", "delete", name], check=False)


@contextmanager
def two_pods(prefix: str = "nimfloor") -> Iterator[tuple[Sandbox, Sandbox]]:
    """Two network namespaces with one cable between them, removed at the end whatever happens."""
    _forget_dead(prefix)
    tag = f"{prefix}-{os.getpid()}"
    names = [f"{tag}-a", f"{tag}-b"]
    with tempfile.TemporaryDirectory(prefix=f"{prefix}-") as scratch:
        try:
            for name in names:
                run(["ip", "netns", "add", name])
            run(["ip", "link", "add", "eth0", "netns", names[0], "type", "veth", "peer", "eth0", "netns", names[1]])
            pods = []
            for name, address in zip(names, ("10.254.0.1", "10.254.0.2"), strict=True):
                run(["ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0"])
                run(["ip", "-n", name, "link", "set", "lo", "up"])
                run(["ip", "-n", name, "link", "set", "eth0", "up"])
                directory = Path(scratch) / name
                directory.mkdir()
                pods.append(Sandbox(name, address, directory))
            yield pods[0], pods[1]
        finally:
            _forget(names)
