"""The pod's termination message: why this container exits, where `kubectl describe pod` shows it."""

from pathlib import Path

LONGEST = 4096
"""Kubernetes keeps no more."""


def leave_message(path: str, reason: str) -> bool:
    """Write the reason into the file; False where it cannot be written, as outside a pod."""
    try:
        Path(path).write_bytes(reason.encode()[:LONGEST])
    except OSError:
        return False
    return True
