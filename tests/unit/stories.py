"""Snapshots for tests: recorded ones, and a recorded healthy group in which one thing is made different."""

import copy
import json
from pathlib import Path
from typing import Any, Self

from nim_stack.base.documents import Json
from nim_stack.operations.diagnosis.verdict import Diagnosis, diagnose
from nim_stack.operations.observing.snapshot import Log, Part, Snapshot, load

RECORDED = Path(__file__).parent / "snapshots"
NAMESPACE = NAME = "prove"
LEADER, WORKER = "prove-0", "prove-0-1"


def recorded(name: str) -> Snapshot:
    """What `make prove` saw."""
    return load(RECORDED / f"{name}.json")


class Story:
    """The recorded healthy group; without a change it serves."""

    def __init__(self) -> None:
        base = recorded("healthy-serving")
        self.taken = base.taken
        self.groups: list[str] = list(base.groups)
        self.server = base.server
        self.objects: dict[Part, list[Json]] = {
            what: [copy.deepcopy(item) for item in found] for what, found in base.objects.items()
        }
        self.objects["events"] = []
        self.logs: list[Log] = []
        self.notes: list[str] = []

    def pod(self, name: str) -> Json:
        return next(pod for pod in self.objects["pods"] if pod["metadata"]["name"] == name)

    @property
    def group(self) -> Json:
        return self.objects["deployment"][0]

    def ago(self, seconds: float) -> str:
        """A time before the snapshot."""
        from datetime import datetime, timedelta

        now = datetime.fromisoformat(self.taken.replace("Z", "+00:00"))
        return (now - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def starting(self, seconds: float = 30) -> Self:
        """Both pods run for so long, and nothing serves yet."""
        for condition in self.group["status"]["conditions"]:
            condition["status"] = "True" if condition["type"] == "Progressing" else "False"
            condition["lastTransitionTime"] = self.ago(seconds)
        self.group["metadata"]["creationTimestamp"] = self.ago(seconds)
        for pod in self.objects["pods"]:
            pod["metadata"]["creationTimestamp"] = self.ago(seconds)
            pod["status"]["startTime"] = self.ago(seconds)
            for condition in pod["status"]["conditions"]:
                if condition["type"] in ("Ready", "ContainersReady"):
                    condition["status"] = "False"
            for status in pod["status"]["containerStatuses"]:
                status["state"] = {"running": {"startedAt": self.ago(seconds)}}
                status["ready"] = status["started"] = False
        return self

    def log(self, pod: str, *lines: str, ago: float = 1, previous: bool = False, gone: bool = False) -> Self:
        role = "leader" if pod == LEADER else "worker"
        self.logs.append(Log(pod, role, "nim", previous, tuple((self.ago(ago), line) for line in lines), gone))
        return self

    def waiting(self, pod: str, reason: str, message: str = "", **more: Any) -> Self:
        """The pod's container waits, as the kubelet says."""
        (status,) = self.pod(pod)["status"]["containerStatuses"]
        status |= {"state": {"waiting": {"reason": reason, "message": message}}, **more}
        self.pod(pod)["status"]["phase"] = "Pending"
        return self

    def ended(self, pod: str, code: int, reason: str = "Error", message: str = "", restarts: int = 1) -> Self:
        """The pod's container ended and was started again."""
        (status,) = self.pod(pod)["status"]["containerStatuses"]
        ended = {"exitCode": code, "reason": reason, "message": message}
        ended |= {"startedAt": self.ago(60), "finishedAt": self.ago(20)}
        status |= {"lastState": {"terminated": ended}, "restartCount": restarts}
        return self

    def unscheduled(self, *pods: str, message: str = "0/2 nodes are available: 2 Insufficient x.") -> Self:
        for name in pods or (LEADER, WORKER):
            pod = self.pod(name)
            pod["spec"].pop("nodeName", None)
            condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
            pod["status"] = {"phase": "Pending", "conditions": [condition]}
        return self

    def event(self, reason: str, message: str, kind: str, name: str, ago: float = 5, count: int = 1) -> Self:
        pods = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in self.objects["pods"]}
        about = {"kind": kind, "name": name} | ({"uid": pods[name]} if name in pods else {})
        self.objects["events"].append(
            {
                "metadata": {"name": f"{name}.{len(self.objects['events'])}", "creationTimestamp": self.ago(ago)},
                "reason": reason,
                "message": message,
                "count": count,
                "lastTimestamp": self.ago(ago),
                "involvedObject": about,
            }
        )
        return self

    def without_pods(self) -> Self:
        self.objects["pods"] = []
        return self

    def unreadable(self, *parts: Part) -> Self:
        for part in parts:
            del self.objects[part]
            self.notes.append(f"{part}: forbidden")
        return self

    def copy(self) -> Self:
        return copy.deepcopy(self)

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(
            taken=self.taken,
            namespace=NAMESPACE,
            name=NAME,
            server=self.server,
            groups=tuple(self.groups),
            objects={what: tuple(found) for what, found in self.objects.items()},
            logs=tuple(self.logs),
            notes=tuple(self.notes),
        )

    def diagnosed(self) -> Diagnosis:
        return diagnose(self.snapshot)


def codes(found: Diagnosis) -> list[str]:
    return [problem.rule.code for problem in found.failures]


def dumped(snapshot: Snapshot) -> str:
    return json.dumps([snapshot.objects, [log.lines for log in snapshot.logs]], default=list)
