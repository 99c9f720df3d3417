"""What the machine must have, checked before anything starts; every missing thing is named at once, with the remedy."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from lab.console import LabError, step
from lab.paths import CACHE, LOGS, STATE
from lab.shell import run
from lab.toolchain import build

DISK_COLD_GB = 25
"""Free space for a first run: programs, trees, packages and their build caches (dropped again)."""

DISK_WARM_GB = 4
"""Free space for another run: overlay, image layers and etcd of one cluster."""

MEMORY_GB = 14
"""One group of two ranks at 4 GiB, or two of them, and 3 GiB for the cluster itself."""

HOST_PROGRAMS = {
    "curl": "curl",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "sysctl": "procps",
}
"""Program → Debian package; what is missing is installed."""


def check() -> None:
    """Raise one LabError that lists everything that is missing."""
    problems = [*_kernel(), *_go(), *_space()]
    if problems:
        raise LabError("this machine cannot run the lab:\n" + "\n".join(f"  - {problem}" for problem in problems))


def install_host_programs() -> None:
    """Install the few Debian packages that the host itself needs."""
    missing = sorted({package for program, package in HOST_PROGRAMS.items() if not shutil.which(program)})
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise LabError(f"{', '.join(missing)} missing, and there is no apt-get: install them with your package manager")
    with step(f"installing {', '.join(missing)}"):
        environment, log = {"DEBIAN_FRONTEND": "noninteractive"}, LOGS / "apt.log"
        run(["apt-get", "update", "-q"], log=log, env=environment, check=False)
        run(
            ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing],
            log=LOGS / "apt.log",
            env=environment,
        )


def _kernel() -> list[str]:
    problems = []
    if platform.system() != "Linux":
        return [f"the lab needs Linux, this is {platform.system()}: use a Linux machine or virtual machine"]
    if platform.machine() != "x86_64":
        problems.append(f"the lab's images are built for x86_64, this is {platform.machine()}")
    if os.geteuid() != 0:
        problems.append("not root: run it with sudo (namespaces, mounts and control groups need root)")
    if "overlay" not in Path("/proc/filesystems").read_text():
        problems.append("the kernel has no overlay file system: `modprobe overlay`")
    return problems


def _go() -> list[str]:
    try:
        text = subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        if all(module.path.exists() for module in build.ALL):
            return []
        return ["go is not on PATH: install Go 1.26 or newer"]
    found = re.search(r"go(\d+)\.(\d+)", text)
    if found and (int(found[1]), int(found[2])) < (1, 26):
        return [f"Go {found[0][2:]} is too old: install Go 1.26 or newer"]
    return []


def _space() -> list[str]:
    problems = []
    warm = all(module.path.exists() for module in build.ALL)
    needed = DISK_WARM_GB if warm else DISK_COLD_GB
    for path in {_existing(CACHE), _existing(STATE)}:
        free = shutil.disk_usage(path).free / 1e9
        if free < needed:
            problems.append(
                f"{free:.1f} GB free on the disk of {path}, {needed} GB needed: free some, or set NIM_LAB_CACHE and "
                "NIM_LAB_STATE to directories on a larger disk"
            )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if memory < MEMORY_GB:
        problems.append(f"{memory:.1f} GB of memory, {MEMORY_GB} GB needed: use a larger machine")
    return problems


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
