"""Clusters that have more than this deployment: queues, autoscalers, other people's nodes, and rights that lack."""

import copy
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.cli.main import main
from nim_stack.operations.cluster.errors import ClusterUnreachableError
from nim_stack.operations.cluster.reader import Reader
from nim_stack.operations.diagnosis.verdict import diagnose
from nim_stack.operations.observing.gathering import gather
from nim_stack.operations.observing.snapshot import Snapshot
from tests.unit.stories import LEADER, NAME, WORKER, Story, codes, recorded
from tests.unit.test_gathering import server

HOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
NO_GPU = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."


def hooks(name: str, service: str, *groups: str) -> Json:
    hook = {
        "name": "mpod.kb.io",
        "clientConfig": {"caBundle": "x", "service": {"namespace": f"{name}-system", "name": service}},
        "rules": [{"apiGroups": [group], "resources": ["*"]} for group in groups],
    }
    return {"metadata": {"name": name}, "webhooks": [hook]}


KUEUE = hooks("kueue", "kueue-webhook-service", "", "batch", names.LWS_GROUP)
LWS = hooks("lws", "lws-webhook-service", "", names.LWS_GROUP)


def test_the_webhooks_of_a_queue_are_not_those_of_lws() -> None:
    both = gather(server(**{HOOKS: {"items": [KUEUE, LWS]}}), "models", "chat")
    assert [item["metadata"]["name"] for item in both.get("webhooks")] == ["lws"]
    left_over = gather(server(**{HOOKS: {"items": [KUEUE]}}), "models", "chat")
    assert left_over.get("webhooks") == ()


@pytest.mark.parametrize(
    ("service", "code"),
    [("lws-webhook-service.lws-system", "webhook-down"), ("kueue-webhook-service.kueue-system", "")],
)
def test_whose_webhook_does_not_answer_is_told_by_its_service(service: str, code: str) -> None:
    story = Story().starting(20).without_pods()
    refusal = f'failed calling webhook "mpod.kb.io": failed to call webhook: Post "https://{service}.svc:443/mutate"'
    story.event("FailedCreate", f"create Pod prove-0 failed: {refusal}", "StatefulSet", NAME)
    assert codes(story.diagnosed()) == [code or "admission"]


def later(snapshot: Snapshot, seconds: float) -> Snapshot:
    """The same, seen so much later; nodes go on answering."""
    now = datetime.fromisoformat(snapshot.taken.replace("Z", "+00:00")) + timedelta(seconds=seconds)
    objects = {what: found for what, found in snapshot.objects.items() if what != "leases"}
    return Snapshot(**{**vars(snapshot), "taken": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "objects": objects})


@pytest.mark.parametrize("seconds", [0, 420, 1000])
def test_a_refusal_counts_until_the_controller_has_tried_again(seconds: float) -> None:
    assert codes(diagnose(later(recorded("quota"), seconds))) == ["quota"]


@pytest.mark.parametrize("reason", ["TriggeredScaleUp", "Nominated"])
def test_nodes_that_an_autoscaler_adds_are_waited_for(reason: str) -> None:
    story = Story().starting(200).unscheduled(message=NO_GPU)
    for pod in (LEADER, WORKER):
        story.event(reason, "Pod should schedule on: nodeclaim/gpu-x7k2p", "Pod", pod)
    assert story.diagnosed().state == "starting"


def test_karpenter_has_a_moment_before_it_says_anything() -> None:
    story = Story().starting(5).unscheduled(message=NO_GPU)
    for pod in story.objects["pods"]:
        pod["spec"]["containers"][0]["resources"] = {"limits": {names.GPU_RESOURCE: "16"}}
    assert codes(story.diagnosed()) == ["too-few-gpus"]
    story.groups.append("karpenter.sh")
    assert story.diagnosed().state == "starting"


def test_a_silent_node_that_nobody_needs_is_no_failure() -> None:
    story = Story().starting(20)
    story.objects["pods"] = [story.pod(LEADER)]
    other = copy.deepcopy(story.objects["nodes"][0])
    other["metadata"]["name"] = other["metadata"]["labels"]["kubernetes.io/hostname"] = "t4-pool-1"
    for condition in other["status"]["conditions"]:
        condition["status"] = "Unknown" if condition["type"] == "Ready" else condition["status"]
    story.objects["nodes"].append(other)
    assert story.diagnosed().state == "starting"
    story.objects["nodes"] = [story.objects["nodes"][0], other]
    assert codes(story.diagnosed()) == ["node-not-ready"]


def test_the_scheduler_is_believed_where_the_pods_of_others_may_not_be_read() -> None:
    story = Story().starting(60).unscheduled(message=NO_GPU).unreadable("load")
    assert codes(story.diagnosed()) == ["too-few-gpus"]


@pytest.mark.parametrize("page", ["<html>log in</html>", 502, 404])
def test_what_does_not_answer_as_an_api_server_is_none(page: str | int) -> None:
    with pytest.raises(ClusterUnreachableError, match="does not answer /version as an API server does"):
        gather(server(**{"/version": page}), "models", "chat")


def test_a_proxy_without_the_time() -> None:
    bare = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"gitVersion": "v1.35.4"}))
    with pytest.raises(ClusterUnreachableError, match="proxy"):
        Reader(httpx2.Client(base_url="https://cluster", transport=bare)).clock()


def test_a_snapshot_that_cannot_be_saved_is_said_before_the_cluster_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", "--namespace", "n", "--name", "n", "--save", str(tmp_path / "no" / "x.json")]) == 2
    assert "there is no folder" in capsys.readouterr().err
