"""One download at a time into one place: leaders of several groups, or of several deployments, share a claim.

The lock goes with its process, also when that is killed. Where the file system has no locks (some NFS mounts), the
download goes on without and says so.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nim_serve.system.logs import Log

POLL_SECONDS = 0.5
SAY_SECONDS = 10.0
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def download_lock(path: Path, log: Log, poll: float = POLL_SECONDS) -> Iterator[None]:
    """Wait until nobody else holds the lock at `path`, and hold it; `poll` is the seconds between two attempts.

    Raises:
        OSError: the file cannot be made or locked, for another reason than a file system without locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _acquire(descriptor, path, log, poll)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, log: Log, poll: float) -> None:
    started, said = time.monotonic(), float("-inf")
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            now = time.monotonic()
            if now - said >= SAY_SECONDS:
                said = now
                log.info("waiting: another pod downloads the same model", lock=path, waited=f"{now - started:.0f}s")
            time.sleep(poll)
        except OSError as refused:
            if refused.errno not in _NO_LOCKS:
                raise
            log.warning("the cache has no file locks: make sure that only one pod downloads at a time", lock=path)
            return
