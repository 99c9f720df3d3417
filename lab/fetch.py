"""What `lab up` needs beside compiled programs: Debian trees, the engine's packages, the model.

Nearly all of it waits for the network. When programs are to be built too, this runs beside the compiler, and fetches
the sources of the later programs first.
"""

import sys

from lab import rootfs
from lab.console import LabError, say
from lab.engine import model, tree
from lab.toolchain import build


def ensure() -> None:
    """Make what is missing."""
    rootfs.ensure("node")
    rootfs.ensure("image")
    tree.ensure()
    model.ensure()


def main() -> int:
    """Sources first, then the rest; returns the exit code."""
    try:
        build.download()
        ensure()
    except LabError as error:
        say(f"lab: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
