"""The life of one stack against the real cluster, step by step; each test goes on where the one before ended."""

import json
from typing import Any

import pytest

from lab import downloads
from lab.deployment import until
from lab.observe import Leader, get, kubectl, pods
from lab.stacks import Stack
from tests.cluster import evidence

pytestmark = pytest.mark.cluster

PROMPT = "The quick brown fox"
NAMESPACE, GROUP = "nim", "nim"
texts: dict[str, str] = {}


def leader(stack: Stack) -> Leader:
    return Leader.of(stack.outputs()["endpoint"])


def test_preview_on_an_empty_cluster_shows_everything_and_creates_nothing(stack: Stack) -> None:
    steps = evidence.preview(stack)
    assert {step["op"] for step in steps} == {"create"}
    types = [step["newState"]["type"] for step in steps]
    assert "kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet" in types
    assert "nim-stack:index:MultiNodeNim" in types
    assert not [item for item in get("namespaces")["items"] if item["metadata"]["name"] in (NAMESPACE, "lws-system")]


def test_up_ends_when_the_model_serves_with_tensor_parallelism_across_nodes(stack: Stack) -> None:
    downloads.reset()
    stack.pulumi("up", "--yes", "--skip-preview", "--event-log", str(evidence.events_of(stack)))
    status = get("leaderworkerset", GROUP, "-n", NAMESPACE)["status"]
    assert any(c["type"] == "Available" and c["status"] == "True" for c in status["conditions"])
    served = leader(stack)
    before = served.successes()
    texts["tp2"] = served.chat(PROMPT)
    assert texts["tp2"].strip()
    assert served.successes_after(before) == before + 1


def test_pods_of_a_group_are_on_different_nodes_with_a_rank_each(stack: Stack) -> None:
    group = pods(NAMESPACE, GROUP)
    assert len(group) == 2
    assert len({pod.node for pod in group}) == 2
    assert [len(pod.ranks) for pod in group] == [1, 1]


def test_model_was_downloaded_once_by_the_leader_and_is_at_the_same_path_in_both_pods(stack: Stack) -> None:
    first, second = pods(NAMESPACE, GROUP, with_ranks=False)
    assert downloads.weights() == [(first.address, 1)]
    find = ["sh", "-c", "find /model-store -name '*.safetensors' | sort | xargs sha256sum"]
    seen = [kubectl("exec", "-n", NAMESPACE, pod.name, "--", *find) for pod in (first, second)]
    assert seen[0] == seen[1]
    assert ".safetensors" in seen[0]


def test_exports_name_endpoint_model_namespace_and_gpus(stack: Stack) -> None:
    outputs = stack.outputs()
    assert outputs["endpoint"] == "http://nim-leader.nim.svc:8000/v1"
    assert outputs["namespace"] == NAMESPACE
    assert outputs["leaderService"] == "nim-leader"
    assert outputs["gpus"] == {"perNode": 1, "perGroup": 2, "total": 2, "most": 2}


def test_no_key_is_seen_anywhere(stack: Stack) -> None:
    places = evidence.where_a_key_could_be_seen(stack, NAMESPACE)
    assert len(places) >= 8
    assert all(places.values()), "a place that is empty proves nothing"
    leaks = {place: hits for place, text in places.items() if (hits := evidence.keys_in(text))}
    assert leaks == {}


def test_unchanged_up_changes_nothing(stack: Stack) -> None:
    stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")


def test_one_changed_setting_shows_exactly_that_change(stack: Stack) -> None:
    """And the smoke Job, which asks the new groups again."""
    stack.configure({"maxModelLen": 256})
    steps = [step for step in evidence.preview(stack) if step["op"] != "same"]
    stack.configure({"maxModelLen": 512})
    kinds = [(step.get("newState") or step["oldState"])["type"].rsplit(":", 1)[1] for step in steps]
    changed = [step for step, kind in zip(steps, kinds, strict=True) if kind != "Job"]
    assert {step["op"] for step, kind in zip(steps, kinds, strict=True) if kind == "Job"} >= {"replace"}
    assert [(step["op"], step["newState"]["type"].rsplit(":", 1)[1]) for step in changed] == [
        ("update", "LeaderWorkerSet")
    ]
    paths = set(changed[0]["detailedDiff"])
    assert paths
    assert all(path.endswith(".value") and ".env[" in path for path in paths)


def test_manual_edit_is_found_by_refresh_and_repaired_by_up(stack: Stack) -> None:
    kubectl(
        "patch",
        "service",
        "nim-leader",
        "-n",
        NAMESPACE,
        "--type=merge",
        "-p",
        '{"spec":{"sessionAffinity":"ClientIP"}}',
    )
    kubectl("label", "service", "nim-leader", "-n", NAMESPACE, "app.kubernetes.io/name=edited", "--overwrite")
    drift: list[dict[str, Any]] = evidence.refresh_preview(stack)
    assert [step["newState"]["type"] for step in drift] == ["kubernetes:core/v1:Service"]
    stack.pulumi("up", "--yes", "--skip-preview", "--refresh")
    assert get("service", "nim-leader", "-n", NAMESPACE)["metadata"]["labels"]["app.kubernetes.io/name"] != "edited"


def test_pipeline_parallelism_gives_the_same_text(stack: Stack) -> None:
    stack.configure({"tensorParallel": 1, "pipelineParallel": 2})
    stack.pulumi("up", "--yes", "--skip-preview")
    assert leader(stack).chat(PROMPT) == texts["tp2"]


def test_two_gpus_a_pod_give_the_same_text(stack: Stack) -> None:
    stack.configure({"gpusPerNode": 2, "tensorParallel": 2, "pipelineParallel": 2, "resources": {"memory": "10Gi"}})
    stack.pulumi("up", "--yes", "--skip-preview")
    assert leader(stack).chat(PROMPT) == texts["tp2"]
    group = pods(NAMESPACE, GROUP)
    assert [len(pod.ranks) for pod in group] == [2, 2]
    assert len({pod.node for pod in group}) == 2


def test_storage_grows_in_place_and_the_group_serves_on(stack: Stack) -> None:
    before = {pod.name: pod.address for pod in pods(NAMESPACE, GROUP, with_ranks=False)}
    (claim,) = get("persistentvolumeclaim", "-n", NAMESPACE)["items"]
    stack.configure({"storage": {"size": "2Gi"}})
    steps = [step for step in evidence.preview(stack) if step["op"] != "same"]
    assert [(step["op"], step["newState"]["type"].rsplit(":", 1)[1]) for step in steps] == [
        ("update", "PersistentVolumeClaim")
    ]
    stack.pulumi("up", "--yes", "--skip-preview")

    def capacity() -> bool:
        (now,) = get("persistentvolumeclaim", "-n", NAMESPACE)["items"]
        return bool(
            now["metadata"]["uid"] == claim["metadata"]["uid"] and now["status"]["capacity"]["storage"] == "2Gi"
        )

    until("the claim has its new capacity", capacity, 30)
    assert {pod.name: pod.address for pod in pods(NAMESPACE, GROUP, with_ranks=False)} == before
    assert leader(stack).chat(PROMPT) == texts["tp2"]
    stack.configure({"storage": {"size": "1Gi"}})
    refusal = evidence.fails(stack, "preview")
    stack.configure({"storage": {"size": "2Gi"}})
    assert "a claim cannot shrink" in refusal


def test_changing_the_storage_class_is_refused_and_nothing_is_lost(stack: Stack) -> None:
    before = get("persistentvolumeclaim", "-n", NAMESPACE)["items"]
    stack.configure({"storage": {"storageClass": "another"}})
    refusal = evidence.fails(stack, "preview")
    stack.configure({"storage": {"storageClass": "lab-shared"}})
    assert "another" in refusal
    assert "lab-shared" in refusal
    after = get("persistentvolumeclaim", "-n", NAMESPACE)["items"]
    assert [c["metadata"]["uid"] for c in after] == [c["metadata"]["uid"] for c in before]


def test_destroy_keeps_the_weights_and_the_next_up_adopts_them_and_downloads_nothing(stack: Stack) -> None:
    claims = get("persistentvolumeclaim", "-n", NAMESPACE)["items"]
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert get("pods", "-n", NAMESPACE)["items"] == []
    assert json.loads(stack.pulumi("stack", "export"))["deployment"].get("resources", []) == []
    kept = get("persistentvolumeclaim", "-n", NAMESPACE)["items"]
    assert [c["metadata"]["uid"] for c in kept] == [c["metadata"]["uid"] for c in claims]
    downloads.reset()
    stack.configure({"gpusPerNode": 1, "tensorParallel": 2, "pipelineParallel": 1, "resources": {"memory": "6Gi"}})
    stack.pulumi("up", "--yes", "--skip-preview")
    assert leader(stack).chat(PROMPT) == texts["tp2"]
    assert downloads.taken() == []


def test_destroy_without_retain_leaves_only_the_crds(stack: Stack) -> None:
    stack.configure({"storage": {"retain": False}})
    stack.pulumi("up", "--yes", "--skip-preview")
    stack.pulumi("destroy", "--yes", "--skip-preview")
    names = [item["metadata"]["name"] for item in get("namespaces")["items"]]
    assert NAMESPACE not in names
    assert "lws-system" not in names
    crds = [item["metadata"]["name"] for item in get("customresourcedefinitions")["items"]]
    assert "leaderworkersets.leaderworkerset.x-k8s.io" in crds
    assert get("persistentvolumes")["items"] == []
