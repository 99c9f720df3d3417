"""An API server that plays its part for the all-reduce Job: what was made, pods as a test has them, and time."""

import json
from collections.abc import Callable
from typing import Any

from nim_stack.base.documents import Json
from nim_stack.base.problems import Finding
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.manifests.all_reduce_job import AllReduce
from nim_stack.manifests.programs.all_reduce import MARK, MIB
from nim_stack.manifests.references import References
from nim_stack.operations.doctor import all_reduce
from nim_stack.operations.doctor.all_reduce import Outcome
from nim_stack.plan import plan_deployment
from tests.unit.stories import NAMESPACE
from tests.unit.test_doctor import SETTINGS, Cluster

ASKED = AllReduce("prove-all-reduce-a", NAMESPACE, 256 * MIB, 1800)
SAID = "2026-01-31T10:00:0{}Z "
FACTS = {"backend": "nccl", "ranks": 2, "pods": 2, "device": "NVIDIA H100", "torch": "2.9", "nccl": "2.27.5"}
WELL = "\n".join(
    SAID.format(number) + MARK + json.dumps(document)
    for number, document in enumerate(
        (
            FACTS,
            {"bytes": 256 * MIB, "seconds": 0.01},
            {"pod": 0, "ways": {"NET/IB": 2}, "networks": ["IB"], "notes": []},
        )
    )
)


def pod(index: int, state: Json | None = None, phase: str = "Running", **status: Any) -> Json:
    containers = [{"name": "nim", "state": state}] if state else []
    name = f"{ASKED.name}-{index}"
    return {
        "metadata": {"name": name, "uid": name, "labels": {}, "creationTimestamp": "2026-01-31T10:00:00Z"},
        "spec": {"nodeName": f"node-{index}" if state else None, "containers": [{"name": "nim"}]},
        "status": {"phase": phase, "containerStatuses": containers, **status},
    }


def ended(index: int, code: int = 0, at: int = 1) -> Json:
    reason = "Completed" if code == 0 else "Error"
    return pod(index, {"terminated": {"exitCode": code, "reason": reason, "finishedAt": SAID.format(at)}})


def running(index: int) -> Json:
    return pod(index, {"running": {"startedAt": "2026-01-31T10:00:00Z"}})


def waiting(index: int, reason: str, message: str) -> Json:
    return pod(index, {"waiting": {"reason": reason, "message": message}}, "Pending")


def unscheduled(index: int, message: str) -> Json:
    condition = {"type": "PodScheduled", "status": "False", "message": message}
    return pod(index, None, "Pending", conditions=[condition])


class Api:
    """Objects that were made, pods as a row has them, logs; time passes as the command waits."""

    def __init__(self, *pods: Json, logs: dict[str, str] | None = None, events: list[Json] | None = None) -> None:
        self.pods, self.logs, self.events = list(pods), logs or {}, events or []
        self.made: dict[str, Json] = {}
        self.deleted: list[str] = []
        self.now = 0.0
        self.job: Json = {}
        self.told: list[str] = []
        self.at: dict[float, Callable[[], None]] = {}
        """What happens when so much time has passed."""

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for moment in [moment for moment in self.at if moment <= self.now]:
            self.at.pop(moment)()

    def clock(self) -> float:
        return self.now

    def send(self, method: str, path: str, body: Json | None = None) -> Json:
        if method == "POST" and body is not None:
            self.made[f"{path}/{body['metadata']['name']}"] = body | {"metadata": body["metadata"] | {"uid": "u"}}
            return self.made[f"{path}/{body['metadata']['name']}"]
        self.made.pop(path)
        self.deleted.append(path)
        return {}

    def get(self, path: str, **_: str) -> Json | None:
        if path.endswith("/pods"):
            return {"items": self.pods}
        if path.endswith("/events"):
            return {"items": self.events}
        found = self.made.get(path)
        return None if found is None else {**found, **self.job}

    def text(self, path: str, **_: str) -> str:
        return self.logs.get(path.split("/")[-2], "")

    def run(self, it: Cluster | None = None, **settings: Any) -> Outcome:
        preflight = (it or Cluster()).of(plan_deployment(SETTINGS | settings, keys=EVERY_KEY))
        reader: Any = self
        return all_reduce.run(reader, preflight, References(), ASKED, self.told.append, self.clock, self.sleep)


def in_the_way(outcome: Outcome) -> Finding:
    """Why it was not measured."""
    assert outcome.obstacle is not None
    return outcome.obstacle


JOB = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/{ASKED.name}"
SERVICE = f"/api/v1/namespaces/{NAMESPACE}/services/{ASKED.name}"
LOGS = {f"{ASKED.name}-0": WELL}
