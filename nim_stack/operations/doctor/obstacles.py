"""What keeps the pods of a Job from running, as far as the cluster says it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.base.problems import Finding
from nim_stack.operations.diagnosis.observed import stated
from nim_stack.operations.diagnosis.placement import holders, placement
from nim_stack.operations.diagnosis.view import Event, Pod
from nim_stack.operations.doctor.check import Preflight, problem

_ON_ITS_WAY = ("ContainerCreating", "PodInitializing")
_SCALING = ("TriggeredScaleUp", "Nominated")
"""Events of the cluster autoscaler and of Karpenter."""
_SETTING_UP = ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedPrepareDynamicResources")


@dataclass(frozen=True)
class Obstacle:
    """One reason why a pod does not run, which may go away by itself."""

    finding: Finding
    patience: float
    """Seconds after which the reason is taken to last."""


def obstacles(preflight: Preflight, job: Json, pods: Sequence[Json], events: Sequence[Json]) -> Iterator[Obstacle]:
    """Why the pods of a Job do not all run; the obstacle to show comes first."""
    of_job = [event for item in events if (event := Event(item)).about[1].startswith(job["metadata"]["name"])]
    newest = sorted(of_job, key=lambda event: event.last, reverse=True)
    if job["spec"].get("suspend"):
        queue = preflight.plan.settings.pods.queue
        who = f"the queue {queue.name} has not admitted it" if queue else "something has suspended it"
        yield Obstacle(problem(f"the Job is suspended: {who}", "See the queue: `kubectl get workloads`."), float("inf"))
    if len(pods) < preflight.plan.nodes:
        for event in newest:
            if event.reason == "FailedCreate":
                yield Obstacle(problem(stated(event.message), "The message names what refuses the pods."), 15)
                break
    for pod in map(Pod, pods):
        mine = [event for event in newest if event.uid == pod.uid]
        yield from _obstacles_of_pod(preflight, pod, mine)


def _obstacles_of_pod(preflight: Preflight, pod: Pod, events: Sequence[Event]) -> Iterator[Obstacle]:
    if pod.unscheduled is not None:
        patience = float("inf") if any(event.reason in _SCALING for event in events) else 60
        yield _unscheduled(preflight, pod, patience)
    elif pod.phase == "Pending" and pod.node is None:
        name = pod.spec.get("schedulerName")
        yield Obstacle(problem(f"no scheduler has said anything of {pod.name}", f"See that {name} runs."), 60)
    for container in pod.containers:
        reason = container.waiting.get("reason")
        if reason and reason not in _ON_ITS_WAY:
            messages = [str(container.waiting.get("message", ""))]
            messages += [
                event.message for event in events if event.reason == "Failed" and "pull" in event.message.lower()
            ]
            what = f"{pod.name} on {pod.node}: {reason}: {stated(max(messages, key=len))}"
            yield Obstacle(problem(what, _what_to_do(preflight, str(reason))), 60)
    if pod.phase == "Pending" and pod.node is not None:
        for event in events:
            if event.reason in _SETTING_UP:
                yield Obstacle(problem(f"{pod.name} on {pod.node}: {stated(event.message)}", "See the message."), 120)
                break


def _unscheduled(preflight: Preflight, pod: Pod, patience: float) -> Obstacle:
    what = f"{pod.name} is Pending: {stated(pod.unscheduled or '')}"
    if f"Insufficient {names.GPU_RESOURCE}" not in what:
        return Obstacle(
            problem(what, "The scheduler's words say what is missing; the other checks say more."), patience
        )
    found = placement(preflight.observed, preflight.specs["worker"], preflight.plan.gpus_per_node)
    if held := holders(preflight.observed, found.usable or found.capable)[:4]:
        what += f" ({'; '.join(held)})"
    if preflight.deployed:
        do = "This deployment itself holds GPUs: measure before `pulumi up`, or while nim.replicas is 0."
    else:
        do = "Free the GPUs, or add nodes: the Job needs those of one group."
    return Obstacle(problem(what, do), patience)


def _what_to_do(preflight: Preflight, reason: str) -> str:
    if "Image" in reason or "Pull" in reason:
        wanted = ", ".join(preflight.plan.settings.secrets.image_pull_secrets)
        secret = f"the Secret {wanted}" if wanted else "a pull Secret: `pulumi up` makes it, or nim.secrets names one"
        return f"The pull may need {secret}. --image takes another image with PyTorch and NCCL."
    return "See the message; nim.pods has the settings."
