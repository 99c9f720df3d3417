"""The all-reduce Job against an API server that plays its part: it ends in every case, says why, and leaves nothing."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack.cli import clusters
from nim_stack.cli.main import main
from nim_stack.doctor import all_reduce, examine
from nim_stack.doctor.all_reduce import Outcome
from nim_stack.manifests.all_reduce_job import AllReduce
from nim_stack.manifests.all_reduce_program import MARK, MIB
from nim_stack.manifests.references import References
from nim_stack.observing.errors import CannotReadError, ClusterUnreachableError
from nim_stack.plan import plan_deployment
from tests.unit.stories import NAMESPACE, Json
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
        examined = (it or Cluster()).of(plan_deployment(SETTINGS | settings, has_ngc_key=True, has_hf_token=True))
        reader: Any = self
        return all_reduce.run(reader, examined, References(), ASKED, self.told.append, self.clock, self.sleep)


JOB = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/{ASKED.name}"
SERVICE = f"/api/v1/namespaces/{NAMESPACE}/services/{ASKED.name}"
LOGS = {f"{ASKED.name}-0": WELL}


def test_figures_come_and_the_job_goes() -> None:
    api = Api(running(0), running(1), logs=LOGS)
    api.at[5] = lambda: api.pods.__setitem__(slice(None), [ended(0), ended(1)])
    outcome = api.run()
    assert (outcome.why, outcome.said.timings) == ("", [(256 * MIB, 0.01)])
    assert api.deleted == [JOB]
    assert list(api.made) == [SERVICE], "its owner is the Job, with which the cluster deletes it"
    assert "  all 2 pods run; measured: 256 MiB" in api.told


def test_a_sidecar_that_never_ends_does_not_keep_it() -> None:
    api = Api(ended(0), ended(1), logs=LOGS)
    for each in api.pods:
        each["status"]["containerStatuses"].append({"name": "proxy", "state": {"running": {}}})
    assert api.run().why == ""


FORBIDDEN = "pods is forbidden: exceeded quota: prove, requested: pods=1, used: pods=1, limited: pods=1"
FAILED_CREATE = {
    "metadata": {},
    "reason": "FailedCreate",
    "message": f"Error creating: {FORBIDDEN}",
    "involvedObject": {"kind": "Job", "name": ASKED.name},
}
MOUNT = {
    "metadata": {},
    "reason": "FailedMount",
    "message": "MountVolume.SetUp failed for volume gib",
    "involvedObject": {"kind": "Pod", "name": f"{ASKED.name}-1", "uid": f"{ASKED.name}-1"},
}
FAILURE = SAID.format(1) + MARK + json.dumps({"failed": "rank 1: DistBackendError: NCCL error"}) + "\n"
WAITING = SAID.format(1) + MARK + json.dumps({"waiting": "for pod 0, x:6379: unknown"})
LATER = SAID.format(5) + MARK + json.dumps({"failed": "rank 0: Connection closed by peer"}) + "\n"
SEEN = SAID.format(6) + MARK + json.dumps({"pod": 1, "ways": {}, "networks": [], "notes": ["no socket interface"]})
NO_GPUS = "0/2 nodes are available: 2 Insufficient nvidia.com/gpu."

STUCK: list[tuple[str, Api, str, float]] = [
    ("quota", Api(events=[FAILED_CREATE]), FORBIDDEN, 20),
    ("no GPUs", Api(unscheduled(0, NO_GPUS), unscheduled(1, NO_GPUS)), NO_GPUS, 70),
    ("no scheduler", Api(pod(0, None, "Pending")), "no scheduler has said anything of prove-all-reduce-a-0", 70),
    ("pull", Api(running(0), waiting(1, "ErrImagePull", "401 Unauthorized")), "on node-1: ErrImagePull: 401", 70),
    ("mount", Api(running(0), waiting(1, "ContainerCreating", ""), events=[MOUNT]), "MountVolume.SetUp failed", 130),
    (
        "names",
        Api(running(0), running(1), logs={f"{ASKED.name}-1": WAITING}),
        "the pods run and do not meet: they wait for pod 0, x:6379: unknown",
        130,
    ),
    (
        "crash",
        Api(ended(0, 1, at=6), ended(1, 1), logs={f"{ASKED.name}-0": LATER, f"{ASKED.name}-1": FAILURE + SEEN}),
        "prove-all-reduce-a-1 ended with Error (1): rank 1: DistBackendError: NCCL error (NCCL: no socket interface)",
        1,
    ),
    (
        "no python3",
        Api(ended(0, 127), running(1), logs={f"{ASKED.name}-0": SAID.format(1) + "python3: not found"}),
        "ended with Error (127): python3: not found",
        1,
    ),
    ("slow", Api(running(0), waiting(1, "ContainerCreating", "")), "not within 30 minutes: 1 of 2 pods run", 1801),
    ("silent", Api(ended(0), ended(1)), "the pods ended without a figure", 1),
]


@pytest.mark.parametrize(("api", "why", "within"), [row[1:] for row in STUCK], ids=[row[0] for row in STUCK])
def test_what_keeps_the_pods_from_measuring_is_named_in_time(api: Api, why: str, within: float) -> None:
    outcome = api.run()
    assert why in outcome.why
    assert outcome.do
    assert api.now <= within
    assert api.deleted == [JOB]


def test_who_holds_the_gpus_is_named() -> None:
    it = Cluster()
    holder = json.loads(json.dumps(it.objects["load"][0]))
    holder["metadata"] |= {"namespace": "team-b", "name": "training"}
    holder["spec"] = {"nodeName": "node-0", "containers": [{"resources": {"requests": {"nvidia.com/gpu": "8"}}}]}
    it.objects["load"].append(holder)
    outcome = Api(unscheduled(0, NO_GPUS), unscheduled(1, NO_GPUS)).run(it)
    assert "node-0: 8 of 8 GPUs are held by team-b/training" in outcome.why
    assert "Free the GPUs" in outcome.do


def test_a_cluster_that_scales_up_is_waited_for() -> None:
    event = {
        "metadata": {},
        "reason": "TriggeredScaleUp",
        "involvedObject": {"kind": "Pod", "name": f"{ASKED.name}-0", "uid": f"{ASKED.name}-0"},
    }
    api = Api(unscheduled(0, NO_GPUS), logs=LOGS, events=[event])
    api.at[600] = lambda: api.pods.__setitem__(slice(None), [ended(0), ended(1)])
    assert api.run().why == ""
    assert api.now >= 600


def test_a_queue_is_waited_for() -> None:
    api = Api(logs=LOGS)
    api.job = {"spec": {"suspend": True}}
    outcome = api.run(pods={"queue": {"kind": "kueue", "name": "team"}})
    assert outcome.why.endswith("the Job is suspended: the queue team has not admitted it")
    assert api.now >= 1800


def test_a_job_that_somebody_deletes() -> None:
    api = Api(running(0), running(1))
    api.at[3] = lambda: api.made.clear()
    assert api.run().why == "somebody deleted the Job"
    assert api.deleted == []


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, ClusterUnreachableError])
def test_the_job_goes_when_the_command_is_broken_off(trouble: type[BaseException]) -> None:
    api = Api(running(0), running(1))

    def broken() -> None:
        raise trouble("x")

    api.at[3] = broken
    with pytest.raises(trouble):
        api.run()
    assert api.deleted == [JOB]


def test_a_short_silence_of_the_api_server_is_borne_and_a_long_one_is_not() -> None:
    class Silent(Api):
        quiet = 0.0

        def get(self, path: str, **_: str) -> Json | None:
            if 3 <= self.now < 3 + self.quiet:
                raise ClusterUnreachableError("https://cluster cannot be reached")
            return super().get(path, **_)

    short = Silent(ended(0), running(1), logs=LOGS)
    short.quiet = 30
    short.at[40] = lambda: short.pods.__setitem__(1, ended(1))
    assert short.run().why == ""
    long = Silent(running(0), running(1))
    long.quiet = 1e9
    with pytest.raises(ClusterUnreachableError):
        long.run()
    assert long.now < 70
    assert f"kubectl -n prove delete job {ASKED.name}" in long.told[-1]


def test_rights_that_are_missing_are_named() -> None:
    class Refusing(Api):
        def send(self, *_: Any) -> Json:
            raise CannotReadError('jobs.batch is forbidden: User "u" cannot create resource "jobs"')

    outcome = Refusing().run()
    assert outcome.why.startswith("the API server refuses it: jobs.batch is forbidden")
    assert "create and delete jobs" in outcome.do


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command on the good cluster, with an API server that plays."""

    def run(api: Api, *options: str, **settings: Any) -> int:
        stack = {"config": {"nim-stack:nim": SETTINGS | settings, "nim-stack:hfToken": {"secure": "x"}}}
        (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump(stack))
        monkeypatch.setattr(clusters.Target, "reader", lambda _: api)
        plan = plan_deployment(SETTINGS | settings, has_hf_token=True)
        monkeypatch.setattr(examine, "read", lambda *_, **__: Cluster().of(plan).snapshot)
        monkeypatch.setattr("secrets.token_hex", lambda _: "a")
        return main(["doctor", "-s", "prod", "-C", str(tmp_path), *options])

    return run


def test_the_command_shows_figures_and_findings(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert doctor(Api(ended(0), ended(1), logs=LOGS), "--all-reduce") == 0
    said = capsys.readouterr()
    assert "256 MiB  10.000 ms" in said.out
    assert "26.8 GB/s (256 MiB, 2 ranks on 2 nodes)" in said.out
    assert (
        "Creating Job prove/prove-all-reduce-a and a headless Service of that name: 2 pods with 1 GPUs each" in said.err
    )
    assert signal.getsignal(signal.SIGTERM) is before


def test_programs_get_the_figures_beside_the_findings(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(Api(ended(0), ended(1), logs=LOGS), "--all-reduce", "--json", fabric="tcp") == 0
    found = [entry for entry in json.loads(capsys.readouterr().out) if entry["check"] == "all-reduce"]
    assert [entry["level"] for entry in found] == ["ok", "ok"]
    assert found[-1]["measured"]["sizes"][0]["busBandwidth"] == 26.844


def test_what_could_not_be_measured_is_a_problem(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(Api(ended(0, 1), ended(1)), "--all-reduce") == 1
    assert "not measured: prove-all-reduce-a-0 ended with Error (1)" in capsys.readouterr().out


def test_without_the_option_nothing_is_made(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    api = Api()
    assert doctor(api) == 0
    assert (api.made, api.deleted) == ({}, [])
    assert doctor(api, "--size", "1Gi", "--minutes", "5") == 2
    assert "--size, --minutes: only with --all-reduce." in capsys.readouterr().err


def test_one_node_has_no_network_to_measure(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    api = Api()
    doctor(api, "--all-reduce", nodes=1)
    assert "there is no network between nodes to measure" in capsys.readouterr().out
    assert api.made == {}


@pytest.mark.parametrize("size", ["1Ki", "16Gi", "x", "0Mi"])
def test_sizes_that_cannot_be_are_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["doctor", "-s", "prod", "--all-reduce", "--size", size])
    assert "use a size from 1Mi to 8Gi" in capsys.readouterr().err
