"""What a container of the lab's image finds: its root file system, the engine tree, the launcher, the environment."""

from collections.abc import Mapping
from pathlib import Path

from lab import rootfs
from lab.engine import settings, tree
from lab.engine.sandbox import Mount, Process, Sandbox
from lab.paths import REPO

PYTHON = "/usr/bin/python3"
LAUNCHER = "/opt/nim-serve"
SITE = "/usr/local/lib/python3.11/dist-packages"
CACHE_INSIDE = "/opt/nim/.cache"


def environment(own_ip: str, extra: Mapping[str, str]) -> dict[str, str]:
    """The image's environment and what the pod spec adds."""
    return {
        **settings.ENVIRONMENT,
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/tmp",
        "PYTHONPATH": LAUNCHER,
        "PYTHONUNBUFFERED": "1",
        "VLLM_HOST_IP": own_ip,
        **extra,
    }


def start(pod: Sandbox, name: str, args: list[str], *, scratch: Path, cache: Path, extra: Mapping[str, str]) -> Process:
    """Start one container by hand; `cache` is the volume that both pods share."""
    site = scratch / "site"
    site.mkdir(exist_ok=True)
    (site / "engine.pth").write_text(settings.SITE_FILE)
    mounts = [
        Mount(tree.ensure(), settings.MOUNT),
        Mount(REPO / "container", LAUNCHER),
        Mount(site, SITE),
        Mount(cache, CACHE_INSIDE, writable=True),
    ]
    root = rootfs.ensure("image")
    return pod.start(args, root=root, environment=environment(pod.address, extra), mounts=mounts, name=name)
