"""Who holds a stack. A lock of an engine that was killed stays until `pulumi cancel`."""

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nim_stack.base.documents import Json


@dataclass(frozen=True)
class Lock:
    """The lock that one run of Pulumi has on a stack."""

    holder: str
    """The run that holds the stack, in words: user, host and process where the lock says them."""
    running: bool = False
    """Whether it is known to run, on this machine."""


def of_files(backend: Path, project: str, stack: str, host: str | None = None) -> list[Lock]:
    """Locks in a backend of files: .pulumi/locks/organization/<project>/<stack>/<id>.json."""
    found = sorted((backend / ".pulumi" / "locks").rglob("*.json"))
    names = stack.split("/")
    here = [path for path in found if path.parent.name == names[-1] and path.parent.parent.name in (project, "locks")]
    return [_lock(path, host or socket.gethostname()) for path in here]


def of_service(stacks: Sequence[Json], stack: str) -> list[Lock]:
    """Of `pulumi stack ls --json`, where the service says whether an update is in progress."""
    name = stack.rpartition("/")[2]
    busy = [found for found in stacks if found["name"].rpartition("/")[2] == name and found.get("updateInProgress")]
    return [Lock("the service says that an update is in progress") for _ in busy]


def _lock(path: Path, host: str) -> Lock:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        pid, where = int(content["pid"]), content["hostname"]
        holder = f"{content['username']}@{where} (pid {pid}) since {content['timestamp']}"
    except (OSError, ValueError, KeyError, TypeError):
        return Lock(f"the lock file {path}, which cannot be read")
    if where != host:
        return Lock(holder)
    running = _runs(pid)
    return Lock(f"{holder}; that process {'is running' if running else 'is not on this machine any more'}", running)


def _runs(pid: int) -> bool:
    try:
        return "pulumi" in Path(f"/proc/{pid}/comm").read_text()  # the number may be another program's by now
    except OSError:
        if Path("/proc/self").exists():
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
