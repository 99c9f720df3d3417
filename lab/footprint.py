"""What the first process of each pod of a group costs while nobody asks: memory, and its share of a core."""

import os
import time
from pathlib import Path

from lab.observe import first_process, get
from nim_stack.base.documents import Json

SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")


def footprint(namespace: str, group: str, seconds: float = SECONDS) -> dict[str, Json]:
    """By role, without the processes that it has started: `resident_mb`, and `core_percent` over this long."""
    found = {}
    for item in get("pods", "-n", namespace, "-l", f"leaderworkerset.sigs.k8s.io/name={group}")["items"]:
        leads = item["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/worker-index"] == "0"
        container = item["status"]["containerStatuses"][0]["containerID"].rpartition("//")[2]
        found["leader" if leads else "worker"] = first_process(container)
    before, began = {role: _cpu_seconds(pid) for role, pid in found.items()}, time.monotonic()
    time.sleep(seconds)
    lasted = time.monotonic() - began
    return {
        role: {
            "resident_mb": round(_resident_mb(pid), 1),
            "core_percent": round(100 * (_cpu_seconds(pid) - before[role]) / lasted, 2),
        }
        for role, pid in found.items()
    }


def _cpu_seconds(pid: int) -> float:
    """User and system time of all its threads (proc_pid_stat(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024
