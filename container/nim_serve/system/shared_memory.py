"""What killed processes leave behind: files in shared memory, and Ray's session directory.

A file counts as theirs when it was not there before they started. Only the first process of a container looks: there,
/dev/shm and /tmp belong to this pod.
"""

import os
import shutil
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")


def ray_directory() -> Path:
    """Give the directory in which Ray keeps its sockets and logs."""
    return Path(os.environ.get("RAY_TMPDIR", "/tmp")) / "ray"


class SharedMemoryCleanup:
    """Remembers which files were there, and removes those that have come since."""

    def __init__(self, directory: Path = SHARED_MEMORY, *, active: bool | None = None) -> None:
        """Look at the directory; `active` is whether anything may be removed (None: in process 1 only)."""
        self._directory = directory
        self._active = os.getpid() == 1 if active is None else active
        self._before = self._names()

    def _names(self) -> set[str]:
        try:
            return {entry.name for entry in self._directory.iterdir()}
        except OSError:
            return set()

    def remove(self) -> list[str]:
        """Remove the files that are new, and give the names of those that could be removed."""
        removed = []
        for name in sorted(self._names() - self._before) if self._active else ():
            try:
                (self._directory / name).unlink()
                removed.append(name)
            except OSError:
                continue  # a directory, or another user's
        return removed


def remove_ray_session(directory: Path | None = None, *, active: bool | None = None) -> None:
    """Remove the sockets and files of a Ray that is gone; a new one makes its own.

    `active` is whether anything may be removed (None: in process 1 only).
    """
    if os.getpid() == 1 if active is None else active:
        shutil.rmtree(directory or ray_directory(), ignore_errors=True)
