"""The all-reduce Job, waited for: it ends in every case, says why, and leaves nothing."""

import json
from typing import Any

import pytest

from nim_stack.base.documents import Json
from nim_stack.manifests.programs.all_reduce import MARK, MIB
from nim_stack.operations.cluster.errors import CannotReadError, ClusterUnreachableError
from tests.unit.all_reduce_api import (
    ASKED,
    JOB,
    LOGS,
    SAID,
    SERVICE,
    Api,
    ended,
    in_the_way,
    pod,
    running,
    unscheduled,
    waiting,
)
from tests.unit.stories import Story
from tests.unit.test_doctor import Cluster


def test_figures_come_and_the_job_goes() -> None:
    api = Api(running(0), running(1), logs=LOGS)
    api.at[5] = lambda: api.pods.__setitem__(slice(None), [ended(0), ended(1)])
    outcome = api.run()
    assert (outcome.obstacle, outcome.reports.timings) == (None, [(256 * MIB, 0.01)])
    assert api.deleted == [JOB]
    assert list(api.made) == [SERVICE], "its owner is the Job, with which the cluster deletes it"
    assert "  all 2 pods run; measured: 256 MiB" in api.told


def test_a_sidecar_that_never_ends_does_not_keep_it() -> None:
    api = Api(ended(0), ended(1), logs=LOGS)
    for each in api.pods:
        each["status"]["containerStatuses"].append({"name": "proxy", "state": {"running": {}}})
    assert api.run().obstacle is None


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
    assert why in in_the_way(outcome).why
    assert in_the_way(outcome).instead
    assert api.now <= within
    assert api.deleted == [JOB]


def test_who_holds_the_gpus_is_named() -> None:
    it = Cluster()
    holder = json.loads(json.dumps(it.objects["load"][0]))
    holder["metadata"] |= {"namespace": "team-b", "name": "training"}
    holder["spec"] = {"nodeName": "node-0", "containers": [{"resources": {"requests": {"nvidia.com/gpu": "8"}}}]}
    it.objects["load"].append(holder)
    outcome = Api(unscheduled(0, NO_GPUS), unscheduled(1, NO_GPUS)).run(it)
    assert "node-0: 8 of 8 GPUs are held by team-b/training" in in_the_way(outcome).why
    assert "Free the GPUs" in in_the_way(outcome).instead


def test_a_deployment_that_holds_its_own_gpus_is_told_when_to_measure() -> None:
    it = Cluster()
    it.objects |= Story().objects
    outcome = Api(unscheduled(0, NO_GPUS), unscheduled(1, NO_GPUS)).run(it, gpusPerNode=8)
    assert "GPUs are held by prove/prove-0" in in_the_way(outcome).why
    assert "measure before `pulumi up`, or while nim.replicas is 0" in in_the_way(outcome).instead


def test_a_cluster_that_scales_up_is_waited_for() -> None:
    event = {
        "metadata": {},
        "reason": "TriggeredScaleUp",
        "involvedObject": {"kind": "Pod", "name": f"{ASKED.name}-0", "uid": f"{ASKED.name}-0"},
    }
    api = Api(unscheduled(0, NO_GPUS), logs=LOGS, events=[event])
    api.at[600] = lambda: api.pods.__setitem__(slice(None), [ended(0), ended(1)])
    assert api.run().obstacle is None
    assert api.now >= 600


def test_a_queue_is_waited_for() -> None:
    api = Api(logs=LOGS)
    api.job = {"spec": {"suspend": True}}
    outcome = api.run(pods={"queue": {"kind": "kueue", "name": "team"}})
    assert in_the_way(outcome).why.endswith("the Job is suspended: the queue team has not admitted it")
    assert api.now >= 1800


def test_a_job_that_somebody_deletes() -> None:
    api = Api(running(0), running(1))
    api.at[3] = lambda: api.made.clear()
    assert in_the_way(api.run()).why == "somebody deleted the Job"
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
    assert short.run().obstacle is None
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
    assert (
        in_the_way(outcome).why
        == 'the API server refuses it: jobs.batch is forbidden: User "u" cannot create resource "jobs"'
    )
    assert in_the_way(outcome).instead == (
        "It takes the rights to create and delete jobs and services there, and to read pods and their logs."
    )
