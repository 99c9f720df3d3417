"""Quotas: what every container must set, what a LimitRange sets for it, and how objects are counted."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from nim_stack.base.documents import Json
from nim_stack.operations.doctor.charged import Defaults, of_pod
from tests.unit.stories import NAME, Story
from tests.unit.test_doctor import Cluster, found

WAITING = {"healing": {"waitForLeader": True}}


def quota(it: Cluster, hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> Cluster:
    it.objects["quotas"] = [
        {"metadata": {"name": "team"}, "spec": {"hard": hard, **spec}, "status": {"hard": hard, "used": used or {}}}
    ]
    return it


def limit_range(it: Cluster, **limits: dict[str, str]) -> Cluster:
    it.objects["limits"] = [{"metadata": {"name": "given"}, "spec": {"limits": [{"type": "Container", **limits}]}}]
    return it


@pytest.mark.parametrize(
    ("resource", "way"),
    [
        ("limits.cpu", "nim.pods.patch"),
        ("limits.memory", "nim.resources.memory"),
        ("requests.cpu", "nim.resources.cpu"),
        ("cpu", "nim.resources.cpu"),
        ("requests.memory", "nim.resources.memory"),
        ("memory", "nim.resources.memory"),
    ],
)
def test_what_a_quota_wants_set_and_the_pods_do_not(resource: str, way: str) -> None:
    """Kubernetes answers `failed quota: must specify limits.cpu for: nim`, however much room there is."""
    report = quota(Cluster(), {resource: "1P"}).examined()
    (finding,) = report.findings["quota"]
    assert found(report) == [("quota", "problem")]
    assert finding.why == (
        f"quota team wants each container to set what these do not: {resource} (nim). Kubernetes refuses their pods"
    )
    assert finding.instead == (
        f"Set it ({way}), have a LimitRange of the namespace give a default that suits the model, or use a quota "
        "without it."
    )


@pytest.mark.parametrize("resource", ["requests.ephemeral-storage", "limits.ephemeral-storage", "requests.storage"])
def test_of_anything_else_a_pod_may_be_silent(resource: str) -> None:
    assert found(quota(Cluster(), {resource: "1P"}).examined()) == []


def test_settings_set_it() -> None:
    hard = {"requests.cpu": "1P", "requests.memory": "1P", "limits.memory": "1P"}
    report = quota(Cluster(), hard).examined(resources={"cpu": "1", "memory": "32Gi"})
    assert [finding.severity for finding in report.findings["quota"]] == ["ok"]
    patch = {"spec": {"containers": [{"name": "nim", "resources": {"limits": {"cpu": "4"}}}]}}
    assert found(quota(Cluster(), {"limits.cpu": "1P"}).examined(pods={"patch": patch})) == []


def test_init_containers_and_jobs_must_set_it_too() -> None:
    it = quota(Cluster(), {"limits.memory": "1P"})
    (finding,) = it.examined(resources={"memory": "32Gi"}, **WAITING).findings["quota"]
    assert "limits.memory (wait-for-leader)" in finding.why
    assert "nim.pods.worker.patch" in finding.instead
    (finding,) = it.examined(resources={"memory": "32Gi"}, download={"job": True}).findings["quota"]
    assert "limits.memory (download)" in finding.why
    assert "nim." not in finding.instead, "no setting reaches the Job"


@pytest.mark.parametrize(
    ("resource", "limits", "level"),
    [
        pytest.param("limits.cpu", {"default": {"cpu": "8"}}, "ok", id="a default limit for a limit"),
        pytest.param("limits.cpu", {"defaultRequest": {"cpu": "8"}}, "error", id="a default request for a limit"),
        pytest.param("requests.cpu", {"defaultRequest": {"cpu": "8"}}, "ok", id="a default request for a request"),
        pytest.param("cpu", {"defaultRequest": {"cpu": "8"}}, "ok", id="a default request for the short name"),
        pytest.param("requests.cpu", {"default": {"memory": "8Gi"}}, "error", id="a default limit of something else"),
    ],
)
def test_a_limit_range_sets_it(resource: str, limits: dict[str, dict[str, str]], level: str) -> None:
    report = limit_range(quota(Cluster(), {resource: "1P"}), **limits).examined()
    assert [finding.severity for finding in report.findings["quota"]] == [level]


def test_what_a_limit_range_gives_is_counted() -> None:
    """2 pods with 8 processors each, by default."""
    it = limit_range(Cluster(), default={"cpu": "8"}, defaultRequest={"cpu": "8"})
    assert found(quota(it, {"limits.cpu": "16"}).examined()) == []
    (finding,) = quota(it, {"limits.cpu": "15"}).examined().findings["quota"]
    assert "limits.cpu 15, 0 used, 16 needed" in finding.why


def test_limit_ranges_that_could_not_be_read_leave_it_unknown() -> None:
    it = quota(Cluster(), {"limits.cpu": "1P"}).unreadable("limits")
    assert found(it.examined()) == [("quota", "unknown")]


def test_a_quota_with_scopes_is_left_out() -> None:
    assert found(quota(Cluster(), {"limits.cpu": "1", "pods": "0"}, scopes=["BestEffort"]).examined()) == []


@pytest.mark.parametrize(
    ("resource", "enough"),
    [
        ("pods", 2),
        ("count/pods", 2),
        ("services", 2),
        ("count/services", 2),
        ("count/persistentvolumeclaims", 1),
        ("count/secrets", 3),
        ("count/jobs.batch", 1),
        ("count/leaderworkersets.leaderworkerset.x-k8s.io", 1),
        ("count/horizontalpodautoscalers.autoscaling", 0),
    ],
)
def test_objects_are_counted(resource: str, enough: int) -> None:
    assert found(quota(Cluster(), {resource: str(enough)}).examined()) == []
    if enough:
        report = quota(Cluster(), {resource: str(enough)}, {resource: "1"}).examined()
        assert found(report) == [("quota", "problem")]


@pytest.mark.parametrize("resource", ["pods", "services", "count/services", "requests.nvidia.com/gpu", "secrets"])
def test_what_is_there_already_is_not_counted_twice(resource: str) -> None:
    """A full quota, all of it this deployment's."""
    it = Cluster()
    for what in ("deployment", "pods", "services", "claims", "load"):
        it.objects[what] = Story().objects[what]
    own = {"app.kubernetes.io/part-of": "nim-stack", "app.kubernetes.io/instance": NAME}
    made = [f"{NAME}-{end}" for end in ("ngc-api", "ngc-pull", "hf-token")]
    it.objects["secrets"] = [{"metadata": {"name": name, "labels": own}, "keys": []} for name in made]
    pods = it.objects["pods"]
    gpus = int(of_pod(pods[0]["spec"])["requests.nvidia.com/gpu"])
    full = {"requests.nvidia.com/gpu": gpus * len(pods), "secrets": 3}.get(resource, 2)
    used = {resource: str(full)}
    assert [each.severity for each in quota(it, used, used).examined(gpusPerNode=gpus).findings["quota"]] == ["ok"]


def _container(cpu: str, **more: Any) -> Json:
    return {"name": "a", "resources": {"limits": {"cpu": cpu}}, **more}


@pytest.mark.parametrize(
    ("init", "cpu"),
    [
        pytest.param([], 3, id="no init container"),
        pytest.param([_container("2")], 3, id="a small init container"),
        pytest.param([_container("8")], 8, id="an init container larger than all containers"),
        pytest.param(
            [_container("2", restartPolicy="Always"), _container("8")],
            10,
            id="a sidecar that runs beside a large init container",
        ),
        pytest.param([_container("2", restartPolicy="Always")], 5, id="a sidecar alone"),
    ],
)
def test_containers_add_up_and_init_containers_do_not(init: Sequence[Json], cpu: int) -> None:
    charged = of_pod({"containers": [_container("1"), _container("2")], "initContainers": list(init)})
    assert {charged[name] for name in ("limits.cpu", "requests.cpu", "cpu")} == {Decimal(cpu)}


def test_a_limit_that_is_said_is_the_request_before_any_default() -> None:
    item = {"spec": {"limits": [{"type": "Container", "default": {"cpu": "9"}, "defaultRequest": {"cpu": "9"}}]}}
    charged = of_pod({"containers": [_container("1")]}, Defaults.of([item]))
    assert {charged[name] for name in ("limits.cpu", "requests.cpu")} == {Decimal(1)}
    of_pods = {"spec": {"limits": [{"type": "Pod", "max": {"cpu": "9"}, "default": {"cpu": "9"}}]}}
    assert "cpu" not in of_pod({"containers": [{"name": "a"}]}, Defaults.of([of_pods]))


METRIC = {"type": "Pods", "pods": {"metric": {"name": "a"}, "target": {"type": "AverageValue", "averageValue": "4"}}}
SCALED = {"nodes": 2, "gpusPerNode": 8, "autoscaling": {"minReplicas": 3, "maxReplicas": 6, "metrics": [METRIC]}}
"""Settings with which a start makes 3 groups of 2 pods, and an autoscaler may make 6."""


def test_an_autoscaler_starts_with_its_least_groups_and_not_with_one() -> None:
    story = quota(Cluster(), {"requests.nvidia.com/gpu": "16"})
    story.server = "v1.30.0"
    report = story.examined(**SCALED)
    assert [(f.severity, f.why) for f in report.findings["quota"]] == [
        ("error", "quota team: requests.nvidia.com/gpu 16, 0 used, 48 needed")
    ]
    assert report.findings["gpu-free"][0].why == "3 groups are wanted, 1 fit into what is free now (nothing is held)"
    (version,) = report.findings["kubernetes"]
    assert (version.severity, version.instead) == ("warning", "Have 6 GPU nodes, or Kubernetes 1.31.")


def test_a_quota_that_only_the_most_groups_exceed_is_a_warning() -> None:
    report = quota(Cluster(), {"requests.nvidia.com/gpu": "64"}).examined(**SCALED)
    assert [(f.severity, f.why, f.instead) for f in report.findings["quota"]] == [
        (
            "warning",
            "quota team: requests.nvidia.com/gpu 64, 0 used, 96 needed when the autoscaler makes the most groups",
            "Raise the quota, or lower nim.autoscaling.maxReplicas.",
        )
    ]
