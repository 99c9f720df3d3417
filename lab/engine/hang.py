"""Makes processes hang as a collective without an answer does: they live, are not stopped by a signal, and do nothing.

`python -m lab.engine.hang PID …` holds every thread of each process as a debugger does, says `held`, and lets go when
its standard input ends. The processes can be killed meanwhile.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
"""ptrace(2)"""


def hold(pid: int) -> int:
    """Hold every thread of a process; how many."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long] * 4
    held = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        if libc.ptrace(PTRACE_SEIZE, int(thread.name), 0, 0) == 0:
            libc.ptrace(PTRACE_INTERRUPT, int(thread.name), 0, 0)
            held += 1
    return held


def main(arguments: Sequence[str] | None = None) -> None:
    """Hold, say so, and wait."""
    pids = [int(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    if not all(hold(pid) for pid in pids):
        sys.exit(f"could not hold all of {pids}: {os.strerror(ctypes.get_errno())}")
    print("held", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
