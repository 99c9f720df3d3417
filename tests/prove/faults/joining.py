"""Rows on joining: a pod that comes two minutes late, and names that nobody resolves for one."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.address import NODES
from lab.console import LabError
from lab.deployment import GROUP, NAMESPACE, PROMPT, Deployment, until
from lab.engine.faults import Role
from lab.observe import Leader, get, kubectl
from nim_stack.base.documents import Json
from tests.prove.faults.stage import SETTINGS, Stage

LATE_SECONDS = 120.0
NO_NAMES_SECONDS = 60.0
PLACED_SECONDS = 60.0
JOIN_SECONDS = 120.0
PODS: dict[Role, str] = {"leader": f"{GROUP}-0", "worker": f"{GROUP}-0-1"}
_LABEL = "nim-lab/late"


def late(who: Role, stage: Stage) -> Json:
    """The pod of one role finds a node only two minutes after the other has started."""
    stage.clear()
    other = PODS["leader" if who == "worker" else "worker"]
    with Deployment(**SETTINGS, wait=False, pods={who: {"nodeSelector": {_LABEL: "here"}}}) as it:
        it.up()
        until(f"{other} runs", lambda: _running(other), PLACED_SECONDS)
        until(f"{PODS[who]} is there", lambda: PODS[who] in it.identities(), PLACED_SECONDS)
        first = it.identities()
        time.sleep(LATE_SECONDS)
        assert not _running(PODS[who]), f"{PODS[who]} has found a node before its time"
        try:
            kubectl("label", "node", *NODES, f"{_LABEL}=here")
            joined = _serves_after(it)
        finally:
            kubectl("label", "node", *NODES, f"{_LABEL}-")
        return _same_group(it, first) | {"late_s": LATE_SECONDS, "serving_again_s": joined}


def without_names(stage: Stage) -> Json:
    """The name server does not answer, from before the pods are there until a minute after both have started."""
    stage.clear()
    with Deployment(**SETTINGS, wait=False) as it:
        with _names_missing():
            it.up()
            until("both pods run", lambda: all(map(_running, PODS.values())), PLACED_SECONDS)
            first = it.identities()
            time.sleep(NO_NAMES_SECONDS)
            log = kubectl("logs", "-n", NAMESPACE, PODS["worker"])
            assert "for the leader" in log, f"the worker does not say what it waits for:\n{log[-1500:]}"
            assert "worker: joined" not in log, "the worker has joined without names"
        joined = _serves_after(it)
        return _same_group(it, first) | {"names_missing_s": NO_NAMES_SECONDS, "serving_again_s": joined}


def _serves_after(it: Deployment) -> float:
    """Seconds from now until a completion."""
    since = time.monotonic()
    service = Leader.of(it.stack.outputs()["endpoint"])
    until("the group serves", lambda: service.chat(PROMPT, tokens=1), JOIN_SECONDS, 0.2)
    return round(time.monotonic() - since, 1)


def _running(pod: str) -> bool:
    statuses = get("pod", pod, "-n", NAMESPACE)["status"].get("containerStatuses", ())
    return any("running" in one["state"] for one in statuses)


def _same_group(it: Deployment, first: dict[str, str]) -> Json:
    """The pods are those of the beginning, and none was restarted."""
    found = get("pods", "-n", NAMESPACE)["items"]
    restarts = sum(one["restartCount"] for pod in found for one in pod["status"]["containerStatuses"])
    anew = len(set(it.identities().values()) - set(first.values()))
    assert (anew, restarts) == (0, 0), f"{anew} pods made anew, {restarts} restarts"
    return {"pods_made_anew": anew, "containers_restarted": restarts}


@contextmanager
def _names_missing() -> Iterator[None]:
    """The lab's name server is stopped, so that every question waits for its time-out."""
    server = _name_server()
    os.kill(server, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server, signal.SIGCONT)


def _name_server() -> int:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:  # it has ended meanwhile
                continue
            if words[0] == b"/opt/lab/coredns/coredns":
                return int(entry.name)
    raise LabError("the lab's name server does not run")
