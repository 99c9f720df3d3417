"""One thing that is wrong with a group, for each failure that is not recorded from a cluster."""

import json
from collections.abc import Callable
from typing import Any

from tests.unit.stories import LEADER, WORKER, Story
from tests.unit.words.group import missing, unreachable, unresolved, waits
from tests.unit.words.said import run_once
from tests.unit.words.writers import Lines

Tell = Callable[[Story], Story]


def pulls(story: Story, pod: str, words: str) -> Story:
    return story.starting(60).waiting(pod, "ImagePullBackOff", f"Back-off pulling image: ErrImagePull: {words}")


def a_claim_that_is_pending(story: Story, **spec: Any) -> Story:
    (claim,) = story.objects["claims"]
    claim["spec"] |= {"volumeName": "", **spec}
    claim["status"] = {"phase": "Pending"}
    claim["metadata"]["creationTimestamp"] = story.ago(200)
    return story


def _refused(story: Story, message: str) -> Story:
    story.starting().without_pods()
    return story.event(
        "FailedCreate", f"create Pod prove-0 in StatefulSet prove failed: {message}", "StatefulSet", "prove"
    )


def _absent(story: Story) -> Story:
    story.groups.remove("leaderworkerset.x-k8s.io")
    story.objects |= {"deployment": [], "definitions": [], "webhooks": []}
    return story.without_pods()


def _left_over(story: Story) -> Story:
    story.objects["webhooks"] = []
    return story.starting()


def _older(story: Story) -> Story:
    story.objects["definitions"][0]["spec"]["versions"][0]["status"].remove("observedGeneration")
    return story.starting()


def _no_controller(story: Story) -> Story:
    story.objects["controllerEndpoints"][0]["endpoints"] = []
    return story.starting().without_pods()


def _label(story: Story) -> Story:
    for pod in story.unscheduled(
        message="0/2 nodes are available: 2 node(s) didn't match Pod's node affinity."
    ).objects["pods"]:
        pod["spec"]["nodeSelector"] = {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}
    return story


def _held(story: Story) -> Story:
    story.starting().unscheduled()
    other = story.objects["load"][0]
    for node in ("node-0", "node-1"):
        pod = json.loads(json.dumps(other))
        pod["metadata"] |= {"namespace": "team-b", "name": f"training-{node}"}
        pod["spec"] = {"nodeName": node, "containers": [{"resources": {"requests": {"nvidia.com/gpu": "8"}}}]}
        story.objects["load"].append(pod)
    return story


def _shadow(story: Story) -> Story:
    service = next(item for item in story.objects["services"] if item["metadata"]["name"] == "prove")
    service["spec"] = {"clusterIP": "10.96.7.7", "selector": {"app": "mine"}}
    service["metadata"].pop("ownerReferences", None)
    return story.starting(90)


def _no_address(story: Story) -> Story:
    for pod in story.starting().objects["pods"]:
        container = pod["spec"]["containers"][0]
        container["env"] = [v for v in container["env"] if v["name"] != "LWS_LEADER_ADDRESS"]
    return story


def _silent(story: Story) -> Story:
    lease = next(item for item in story.starting().objects["leases"] if item["metadata"]["name"] == "node-1")
    lease["spec"]["renewTime"] = story.ago(40).replace("Z", ".000000Z")
    return story


def _stuck(story: Story) -> Story:
    story.starting(600).pod(WORKER)["metadata"]["deletionTimestamp"] = story.ago(100)
    return story


def _nobody_schedules(story: Story) -> Story:
    for pod in story.starting(90).objects["pods"]:
        pod["spec"] |= {"nodeName": None, "schedulerName": "kai-scheduler"}
        pod["status"] = {"phase": "Pending"}
    return story


def _evicted(story: Story, words: str) -> Story:
    story.starting().pod(WORKER)["status"] |= {"phase": "Failed", "reason": "Evicted", "message": words}
    return story


def _looping(story: Story) -> Story:
    story.starting(5).event("RecreateGroup", "Worker pod prove-0-1 failed, deleted leader pod", "Pod", LEADER, count=7)
    return story


def unresolved_for(seconds: float) -> Lines:
    """The log of a worker that has waited so long for the name of its leader."""
    return run_once(lambda stage: waits(stage, unresolved(stage), seconds))


def unanswered_for(seconds: float) -> Lines:
    """The log of a worker whose leader has not answered for so long."""
    return run_once(lambda stage: waits(stage, next(unreachable(stage)), seconds))


def missing_for(seconds: float) -> Lines:
    """The log of a leader whose worker has not come for so long."""
    return run_once(lambda stage: missing(stage, seconds))


CLAIM = ("PersistentVolumeClaim", "prove-model-cache")


def _unready(pod: str, reason: str, message: str = "", seconds: float = 30) -> Tell:
    return lambda story: story.starting(seconds).waiting(pod, reason, message)


def _refusal(message: str) -> Tell:
    return lambda story: _refused(story, f'pods "prove-0" is forbidden: {message}')


def _nowhere(message: str) -> Tell:
    return lambda story: story.starting(60).unscheduled(message=f"0/2 nodes are available: {message}")


def _unmounted(story: Story) -> Story:
    story.starting(90).waiting(LEADER, "ContainerCreating")
    return story.event("FailedMount", "mount.nfs: Connection timed out", "Pod", LEADER)


def _too_slow(story: Story) -> Story:
    return story.starting(9).event("Killing", "Container nim failed startup probe, will be restarted", "Pod", LEADER)


STORIES: list[tuple[str, Tell]] = [
    ("lws-absent", _absent),
    ("lws-absent", _left_over),
    ("lws-too-old", _older),
    ("webhook-down", _no_controller),
    ("quota", _refusal("exceeded quota: team, requested: pods=1, used: pods=1, limited: pods=1")),
    ("quota", _refusal("maximum memory usage per Container is 1Gi, but limit is 6Gi")),
    ("pod-security", _refusal('violates PodSecurity "restricted:latest": host namespaces')),
    ("admission", lambda story: _refused(story, 'admission webhook "policy.example.com" denied the request: no')),
    ("node-not-ready", _silent),
    ("stuck-terminating", _stuck),
    ("selector", _label),
    ("too-few-gpus", _held),
    ("not-enough-resources", _nowhere("2 Insufficient memory.")),
    ("unschedulable", _nowhere("2 node(s) didn't match pod topology spread constraints.")),
    ("scheduler-absent", _nobody_schedules),
    (
        "claim-pending",
        lambda story: a_claim_that_is_pending(story.starting(200)).event("ProvisioningFailed", "out of space", *CLAIM),
    ),
    ("pull-refused", lambda story: pulls(story, LEADER, "failed to authorize: 403 Forbidden")),
    ("image-missing", lambda story: pulls(story, LEADER, "registry.example/x:1: not found")),
    ("image-missing", _unready(WORKER, "ErrImageNeverPull", "Container image is not present")),
    ("registry-unreachable", lambda story: pulls(story, WORKER, "dial tcp 10.0.0.9:443: i/o timeout")),
    ("secret-missing", _unready(LEADER, "CreateContainerConfigError", 'secret "hf" not found')),
    ("secret-missing", _unready(LEADER, "CreateContainerConfigError", "couldn't find key HF_TOKEN in Secret prove/hf")),
    ("mount-failed", _unmounted),
    ("container-not-created", _unready(LEADER, "CreateContainerError", "no runtime nvidia")),
    ("disk-full", lambda story: _evicted(story, "Pod ephemeral local storage usage exceeds the total limit")),
    ("evicted", lambda story: _evicted(story, "The node was low on resource: memory.")),
    ("out-of-memory", lambda story: story.starting(10).ended(WORKER, 137, "OOMKilled")),
    ("service-shadows-leader", _shadow),
    ("leader-address-missing", _no_address),
    ("leader-name-unresolved", lambda story: story.starting(100).log(WORKER, *unresolved_for(90.0))),
    ("leader-unreachable", lambda story: story.starting(100).log(WORKER, *unanswered_for(40.0))),
    ("group-incomplete", lambda story: story.starting(150).log(LEADER, *missing_for(130.0))),
    ("startup-too-slow", _too_slow),
    ("crash-loop", _looping),
]
