"""The nodes' control groups: below one folder of each hierarchy, made before the kubelets start, removed at the end.

Both versions are handled; version 2 (one unified hierarchy) is written after the kernel's documentation and was
not run, because no such machine was at hand.
"""

import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
NAME = "nim-lab"


def is_v2() -> bool:
    """Whether the unified hierarchy is mounted at the root."""
    return (ROOT / "cgroup.controllers").exists()


def _hierarchies() -> list[Path]:
    if is_v2():
        return [ROOT]
    return [path for path in ROOT.iterdir() if path.is_dir() and not path.is_symlink() and path.name != "unified"]


def path(node: str) -> str:
    """The kubelet's cgroupRoot for a node."""
    return f"/{NAME}/{node}"


def make(node: str) -> None:
    """Make a node's groups as the kubelet wants them: the cpuset filled (v1) or controllers handed down (v2)."""
    for hierarchy in _hierarchies():
        parent = hierarchy
        for part in (NAME, node):
            group = parent / part
            if is_v2():
                wanted = " ".join(f"+{name}" for name in (parent / "cgroup.controllers").read_text().split())
                (parent / "cgroup.subtree_control").write_text(wanted)
            group.mkdir(exist_ok=True)
            for name in ("cpuset.cpus", "cpuset.mems"):
                if not is_v2() and (group / name).exists() and not (group / name).read_text().strip():
                    (group / name).write_text((parent / name).read_text())
            parent = group
        if is_v2():
            names = (parent / "cgroup.controllers").read_text().split()
            (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in names))


def processes() -> list[int]:
    """Every process in the nodes' groups: pods that outlived their kubelet."""
    found: set[int] = set()
    for hierarchy in _hierarchies():
        for file in (hierarchy / NAME).rglob("cgroup.procs"):
            try:
                found.update(int(word) for word in file.read_text().split())
            except OSError:  # removed meanwhile
                continue
    return sorted(found)


def remove(seconds: float = 5.0) -> list[Path]:
    """Remove all groups, deepest first; a group empties some time after its last process was killed.

    Returns:
        the groups that are still there after this many seconds.
    """
    deadline = time.monotonic() + seconds
    while True:
        left = [group for hierarchy in _hierarchies() for group in _groups(hierarchy / NAME) if not _removed(group)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def _groups(base: Path) -> list[Path]:
    if not base.exists():
        return []
    return [*sorted((p for p in base.rglob("*") if p.is_dir()), key=lambda p: -len(p.parts)), base]


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
