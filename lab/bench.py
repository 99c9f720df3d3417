"""`lab bench`: how long everything takes, as JSON, beside the floor of the same engine started by hand.

The floor and `up` take turns, so that both see the same machine. Both serve from the same engine tree, the same model
and a warm page cache, with the same engine flags. All figures are seconds of the wall clock.
"""

import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from lab import cluster
from lab.console import LabError, say, step
from lab.engine import floor
from lab.footprint import footprint
from lab.observe import Leader, get, kubectl
from lab.paths import REPO
from lab.stacks import Stack
from nim_stack.base.documents import Json
from nim_stack.deployment.keys import Keys
from nim_stack.plan import plan_deployment

NAMESPACE = "bench"
PROMPT = "The quick brown fox"


def bench(runs: int) -> Json:
    """Start a new lab, then time each phase; the lab is left as `lab up` leaves it."""
    cluster.down()
    started = time.monotonic()
    cluster.up()
    lab_start = _since(started)
    operator = Stack(
        "bench-lws", REPO / "Pulumi.dev.yaml", {"replicas": 0, "namespace": "bench-lws", "name": "lws-only"}
    )
    operator.configure()
    served = Stack("bench", REPO / "Pulumi.dev.yaml", {"namespace": NAMESPACE, "lws": "existing", "maxModelLen": 256})
    served.configure()
    with step("LWS install"):
        started = time.monotonic()
        operator.pulumi("up", "--yes", "--skip-preview")
        install = _since(started)
    started = time.monotonic()
    operator.pulumi("preview", "--expect-no-changes")
    installed_preview = _since(started)
    started = time.monotonic()
    served.pulumi("preview")
    preview = _since(started)
    floors, ups, idle = [], [], {}
    for number in range(1, runs + 1):
        with step(f"run {number} of {runs}: floor"):
            floors.append({key: value for key, value in floor.bare(2, 1).items() if key != "text"})
        with step(f"run {number} of {runs}: up"):
            ups.append(_up(served))
            if number == runs:
                idle = footprint(NAMESPACE, "nim")
            served.pulumi("destroy", "--yes", "--skip-preview")
    operator.pulumi("destroy", "--yes", "--skip-preview")
    floor_summary, up_summary = _summary(floors), _summary(ups)
    return {
        "commit": subprocess.run(["git", "rev-parse", "HEAD"], cwd=REPO, capture_output=True, text=True).stdout.strip(),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "split": "tensor parallel 2, pipeline parallel 1, two pods, CPU stand-in",
        "runs": runs,
        "plan": _planning(),
        "lab_start": lab_start,
        "lws_install": install,
        "preview": preview,
        "preview_of_the_installing_stack": installed_preview,
        "floor": floor_summary,
        "up_to_first_completion": up_summary,
        "supervisor_while_nobody_asks": idle,
        "ratio_of_medians": round(up_summary["total"]["median"] / floor_summary["total"]["median"], 2),
    }


def _planning() -> Json:
    """Seconds of one plan in a process that has planned before, and of the command as a whole process."""
    raw = {"model": "deepseek-r1", "nodes": 2, "gpu": "h200", "storage": {"storageClass": "s"}}
    plans, commands = [], []
    for _ in range(50):
        started = time.perf_counter()
        plan_deployment(raw, keys=Keys(ngc=True))
        plans.append(time.perf_counter() - started)
    for _ in range(7):
        started = time.perf_counter()
        words = [
            sys.executable,
            "-m",
            "nim_stack.cli",
            "plan",
            "--model",
            "deepseek-r1",
            "--gpu",
            "h200",
            "--nodes",
            "2",
        ]
        subprocess.run(words, cwd=REPO, capture_output=True, check=True)
        commands.append(time.perf_counter() - started)
    return {
        "plan_deployment": {"median": round(statistics.median(plans), 5), "max": round(max(plans), 5)},
        "nim-stack plan": {"median": round(statistics.median(commands), 3), "max": round(max(commands), 3)},
    }


def _up(stack: Stack) -> Json:
    """One `up` with LWS already there, to the first completion."""
    wall, started = time.time(), time.monotonic()
    stack.pulumi("up", "--yes", "--skip-preview")
    available = _since(started)
    asked = time.monotonic()
    leader = Leader.of(stack.outputs()["endpoint"])
    leader.chat(PROMPT)
    completion, total = _since(asked), _since(started)
    phases = _launcher_phases(kubectl("logs", "-n", NAMESPACE, "nim-0"))
    container = get("pod", "nim-0", "-n", NAMESPACE)["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
    before = time.mktime(time.strptime(container, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - wall
    return {
        # The API server gives whole seconds.
        "until_the_leader_container_runs": round(max(0.0, before), 1),
        **phases,
        "until_up_returned": round(available - max(0.0, before) - sum(phases.values()), 1),
        "up": available,
        "first_completion": completion,
        "total": total,
    }


def _launcher_phases(log: str) -> dict[str, float]:
    """The launcher's own seconds for model, Ray, join and engine, from its line `serving`."""
    line = next((line for line in log.splitlines() if "leader: serving" in line), None)
    if line is None:
        raise LabError("the leader's log has no line `serving`")
    return {name: float(value) for name, value in re.findall(r"(\w+)_s=([0-9.]+)", line)}


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)


def _summary(rows: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {
        key: {"median": round(statistics.median(row[key] for row in rows), 2), "max": max(row[key] for row in rows)}
        for key in rows[0]
    }


def main(runs: int) -> None:
    """Measure `runs` times, and print the medians and maxima as JSON."""
    result = bench(runs)
    print(json.dumps(result, indent=2))
    say(f"  up → first completion is {result['ratio_of_medians']} × the floor")
