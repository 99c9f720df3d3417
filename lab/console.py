"""Progress for people: one line a step, with its seconds; and errors that say what to do."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class LabError(Exception):
    """Something the user can act on; shown without a traceback, exit code 1."""


def say(text: str) -> None:
    """Print one line for the user, at once."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step that may take long and say how long it took; a failure is named and re-raised."""
    started = time.monotonic()
    say(f"  · {title} …")
    try:
        yield
    except BaseException:
        say(f"  ✗ {title} ({time.monotonic() - started:.1f} s)")
        raise
    say(f"  ✓ {title} ({time.monotonic() - started:.1f} s)")
