"""What runs and lies in the pods of a group: processes, shared memory, and the actors that Ray knows."""

from collections.abc import Mapping
from pathlib import Path

from lab.engine.faults import CORE, GCS, RANK, RAYLET, SERVER, Role, processes
from lab.observe import kubectl
from nim_stack.base.documents import Json

KINDS = {"ranks": RANK, "engine cores": CORE, "API servers": SERVER, "raylets": RAYLET, "GCS": GCS}
_ACTORS = """
import os
from ray._private.internal_api import get_state_from_address
state = get_state_from_address(os.environ["VLLM_HOST_IP"] + ":6379")
print("alive", sum(actor["State"] == "ALIVE" for actor in state.actor_table(None).values()))
"""


def count(first: Mapping[Role, int], namespace: str, leader: str) -> Json:
    """Of each pod, and of Ray as a whole."""
    said = kubectl("exec", "-n", namespace, leader, "--", "python3", "-c", _ACTORS)
    alive = next(line for line in said.splitlines() if line.startswith("alive "))
    return {"actors": int(alive.split()[1]), **{role: _pod(init) for role, init in first.items()}}


def _pod(init: int) -> Json:
    there = processes(init)
    files = [path for path in Path(f"/proc/{init}/root/dev/shm").rglob("*") if path.is_file()]
    return {
        "processes": len(there),
        "zombies": sum(_state(pid) == "Z" for pid in there),
        **{kind: sum(words in line for line in there.values()) for kind, words in KINDS.items()},
        "shared memory files": len(files),
        "shared memory MiB": sum(path.stat().st_size for path in files) >> 20,
        "Ray sessions": len(list(Path(f"/proc/{init}/root/tmp/ray").glob("session_2*"))),
    }


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:  # it has ended meanwhile
        return ""


def leaks(before: Json, after: Json) -> list[str]:
    """What is there now and was not; empty when nothing was left behind."""
    found = [f"{after['actors']} actors, before {before['actors']}"] if after["actors"] != before["actors"] else []
    for role in ("leader", "worker"):
        old, new = before[role], after[role]
        for kind, number in new.items():
            if number > old[kind] or (kind in KINDS and number < old[kind]):
                found.append(f"{role}: {number} {kind}, before {old[kind]}")
    return found
