"""GPU budget: what is counted, what a rollout and an autoscaler add, and what cannot be counted."""

from typing import Any

import pytest
from nim_policy.budget import gpu_budget

from tests.unit.policy.seen import group, of, open_texts, seen, texts, unknown

ONE_GPU = {"containers": [{"name": "x", "image": "x:1", "resources": {"limits": {"nvidia.com/gpu": 1}}}]}


def total(*manifests: dict[str, Any], **config: Any) -> int:
    """GPUs that are counted, as the refusal says."""
    verdict = gpu_budget([seen(manifest) for manifest in manifests], {"stack": 0, **config})
    assert open_texts(verdict) == []
    said = [text for text in texts(verdict) if text.startswith("The stack")]
    return int(said[0].split()[5]) if said else 0


def scaler(most: int, target: str = "nim", kind: str = "LeaderWorkerSet") -> dict[str, Any]:
    reference = {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": kind, "name": target}
    spec = {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": most}
    return of("HorizontalPodAutoscaler", "autoscaling/v2", spec)


def keda(**spec: Any) -> dict[str, Any]:
    return of(
        "ScaledObject", "keda.sh/v1alpha1", {"scaleTargetRef": {"kind": "LeaderWorkerSet", "name": "nim"}, **spec}
    )


def test_without_a_budget_nothing_is_judged() -> None:
    verdict = gpu_budget([unknown(seen(group()), "spec")], {"includeSurge": True})
    assert (texts(verdict), open_texts(verdict)) == ([], [])


def test_groups_times_pods_times_gpus() -> None:
    assert total(group()) == 2 * 4 * 8


def test_a_group_without_a_size_has_one_pod() -> None:
    manifest = group()
    del manifest["spec"]["leaderWorkerTemplate"]["size"]
    assert total(manifest) == 2 * 8


def test_leaders_have_their_own_number() -> None:
    manifest = group()
    leader = {"spec": {"containers": [{"name": "router", "image": "x:1"}]}}
    manifest["spec"]["leaderWorkerTemplate"]["leaderTemplate"] = leader
    assert total(manifest) == 2 * 3 * 8


@pytest.mark.parametrize(
    ("pod", "each"),
    [
        ({"initContainers": [{"resources": {"limits": {"nvidia.com/gpu": 2}}}]}, 8),
        ({"initContainers": [{"resources": {"limits": {"nvidia.com/gpu": 9}}}]}, 9),
        ({"initContainers": [{"restartPolicy": "Always", "resources": {"limits": {"nvidia.com/gpu": 2}}}]}, 10),
    ],
    ids=["one that ends before", "a larger one that ends before", "one that stays"],
)
def test_containers_that_start_first(pod: dict[str, Any], each: int) -> None:
    assert total(group(pod=pod)) == 2 * 4 * each


def test_other_extended_resources_can_be_gpus() -> None:
    container = {"resources": {"limits": {"nvidia.com/mig-1g.10gb": "3"}}}
    assert total(group(container=container)) == 0
    assert total(group(container=container), gpuResources=["nvidia.com/mig-*"]) == 2 * 4 * 3


@pytest.mark.parametrize(
    ("scalers", "groups"),
    [
        ([scaler(5)], 5),
        ([scaler(5), scaler(3)], 5),
        ([scaler(5, target="other")], 2),
        ([scaler(5, kind="Deployment")], 2),
        ([keda(maxReplicaCount=7)], 7),
        ([keda()], 100),
    ],
    ids=["HPA", "two", "of another set", "of another kind", "KEDA", "KEDA without a maximum"],
)
def test_an_autoscaler_decides_the_most_groups(scalers: list[dict[str, Any]], groups: int) -> None:
    assert total(group(), *scalers) == groups * 32


def test_an_autoscaler_of_another_namespace_is_none_of_this_one() -> None:
    other = scaler(5)
    other["metadata"]["namespace"] = "elsewhere"
    assert total(group(), other) == 64


@pytest.mark.parametrize(("surge", "added"), [(None, 0), (1, 1), ("50%", 1), ("51%", 2)])
def test_a_rollout_adds_groups_where_that_is_asked_for(surge: int | str | None, added: int) -> None:
    rollout = {} if surge is None else {"rollingUpdateConfiguration": {"maxSurge": surge}}
    manifest = group(spec={"rolloutStrategy": {"type": "RollingUpdate", **rollout}})
    assert total(manifest) == 64
    assert total(manifest, includeSurge=True) == 64 + added * 32


@pytest.mark.parametrize(
    ("manifest", "gpus"),
    [
        (of("Job", "batch/v1", {"parallelism": 3, "template": {"spec": ONE_GPU}}), 3),
        (of("Job", "batch/v1", {"template": {"spec": ONE_GPU}}), 1),
        (of("StatefulSet", "apps/v1", {"replicas": 4, "template": {"spec": ONE_GPU}}), 4),
        (of("Deployment", "apps/v1", {"replicas": 4, "template": {"spec": ONE_GPU}}), 4),
        (of("Pod", "v1", ONE_GPU), 1),
        (of("ConfigMap", "v1", {}), 0),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else str(value),
)
def test_other_pods_have_gpus_too(manifest: dict[str, Any], gpus: int) -> None:
    assert total(manifest) == gpus


def test_a_deployment_surges_by_a_quarter_without_saying_so() -> None:
    deployment = of("Deployment", "apps/v1", {"replicas": 5, "template": {"spec": ONE_GPU}})
    assert total(deployment, includeSurge=True) == 7
    deployment["spec"]["strategy"] = {"type": "Recreate"}
    assert total(deployment, includeSurge=True) == 5


def test_each_namespace_has_its_budget() -> None:
    other = group("two")
    other["metadata"]["namespace"] = "more"
    objects = [seen(group("one")), seen(other)]
    assert texts(gpu_budget(objects, {"stack": 128, "namespace": 64})) == []
    (said,) = texts(gpu_budget(objects, {"namespace": 64, "namespaces": {"more": 63}}))
    assert said == (
        "The namespace more can ask for 64 GPUs, and its budget is 63: LeaderWorkerSet two has up to 2 groups of 32. "
        "Use fewer groups or smaller groups, or have the budget raised."
    )


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (("spec",), "spec is not known before the update"),
        (("spec", "replicas"), "spec.replicas is not known before the update"),
        (("spec", "leaderWorkerTemplate", "size"), "spec.leaderWorkerTemplate.size is not known before the update"),
        (("metadata", "namespace"), "metadata.namespace is not known before the update"),
    ],
    ids=["the whole spec", "the number of groups", "the size of a group", "the namespace"],
)
def test_what_is_not_known_is_not_counted_and_said(path: tuple[str, ...], why: str) -> None:
    verdict = gpu_budget([unknown(seen(group()), *path), seen(group("other"))], {"stack": 63})
    assert open_texts(verdict) == [f"The GPUs of LeaderWorkerSet nim are not counted: {why}."]
    assert "can ask for 64 GPUs" in texts(verdict)[0]


def test_an_autoscaler_of_a_set_that_is_not_known_leaves_the_count_open() -> None:
    hidden = unknown(seen(scaler(5)), "spec", "scaleTargetRef", "name")
    assert len(open_texts(gpu_budget([seen(group()), hidden], {"stack": 64}))) == 1


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (group(container={"resources": {}}, pod={"resourceClaims": [{"name": "gpu"}]}), "dynamic resource allocation"),
        (group(container={"resources": {"limits": {"nvidia.com/gpu": "1k"}}}), "no plain number"),
        (of("DaemonSet", "apps/v1", {"template": {"spec": ONE_GPU}}), "as the cluster has nodes"),
        (of("CronJob", "batch/v1", {"jobTemplate": {"spec": {"template": {"spec": ONE_GPU}}}}), "may overlap"),
        (of("Release", "helm.sh/v3", {}), "does not show its objects"),
    ],
    ids=["DRA", "a quantity", "DaemonSet", "CronJob", "Helm release"],
)
def test_what_cannot_be_counted_is_said(manifest: dict[str, Any], why: str) -> None:
    (said,) = open_texts(gpu_budget([seen(manifest)], {"stack": 1000}))
    assert why in said
