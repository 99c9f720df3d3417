"""Whether a deployment that does not serve yet is on its way, within the time that it may take."""

from collections.abc import Iterator
from dataclasses import dataclass

from nim_stack.base import names
from nim_stack.deployment.deadlines import IMAGE_PULL_SECONDS
from nim_stack.operations.diagnosis.observed import SCALE_UP, ObservedDeployment
from nim_stack.operations.diagnosis.storage import MOUNT_SECONDS
from nim_stack.operations.diagnosis.view import Pod

BRIEF_SECONDS = 60.0
"""What controllers and kubelets may take for their part."""
QUEUE = "Scheduling is blocked due to non-empty scheduling gates"


@dataclass(frozen=True)
class Step:
    """What one pod does now, and since when."""

    pod: str
    doing: str
    seconds: float
    """How long the pod has been doing this."""
    limit: float | None
    """After how many seconds something is wrong; None when nobody can say."""

    @property
    def late(self) -> bool:
        """Whether the step takes longer than it may; False when nobody can say how long it may take."""
        return self.limit is not None and self.seconds > self.limit

    def __str__(self) -> str:
        limit = f" of {self.limit:,.0f} s that it may take" if self.limit is not None else " so far"
        return f"{self.pod} {self.doing}: {self.seconds:,.0f} s{limit}"


def steps(observed: ObservedDeployment) -> tuple[Step, ...]:
    """What each pod that is not ready does, and what is waited for beside them."""
    return tuple(_steps(observed))


def _steps(observed: ObservedDeployment) -> Iterator[Step]:
    if observed.group is None or not observed.snapshot.read("pods"):
        return  # what they do is not known
    waiting = [pod for pod in observed.pods if not pod.ready]
    for pod in waiting:
        yield _step(observed, pod)
    if observed.missing:
        since = min(
            (observed.age(p.deleting_since) for p in observed.pods if p.deleting_since), default=_last_change(observed)
        )
        yield Step(f"{observed.missing} pods", "are about to be made", max(0.0, since), BRIEF_SECONDS)
    elif not waiting:
        yield Step(
            observed.snapshot.name,
            "has all its pods ready and is about to be Available",
            _ready(observed),
            BRIEF_SECONDS,
        )


def _step(observed: ObservedDeployment, pod: Pod) -> Step:
    if pod.deleting_since:
        return Step(pod.name, "ends", max(0.0, observed.age(pod.deleting_since)), BRIEF_SECONDS)
    if not pod.node:
        return _placing(observed, pod)
    for container in pod.containers:
        if container.name != names.MODEL_CONTAINER and container.running_since and pod.phase == "Pending":
            return Step(pod.name, f"runs its init container {container.name}", observed.running_for(container), None)
    if pod.main is None or not (pod.main.running_since or pod.main.restarts or list(pod.main.ends)):
        return _creating(observed, pod)
    if not pod.main.running_since:
        return Step(pod.name, "starts again", observed.age(pod.created), BRIEF_SECONDS)
    since = observed.running_for(pod.main)
    hit = next((hit for hit in _phases(observed, pod)), None)
    doing = hit or "runs and says nothing of what it does"
    return Step(pod.name, doing, since, observed.startup_seconds if pod.role == "leader" else None)


def _phases(observed: ObservedDeployment, pod: Pod) -> list[str]:
    """What the newest line of its log that is known says."""
    found = [hit for hit in observed.hits_of("progress") if hit.pod == pod.name and hit.where == "log"]
    newest = sorted(found, key=lambda hit: hit.when)
    return [f"{newest[-1].pattern.phase} ({newest[-1].match['what'][:120]})"] if newest else []


def _placing(observed: ObservedDeployment, pod: Pod) -> Step:
    age, words = observed.age(pod.created), pod.unscheduled or ""
    if pod.spec.get("schedulingGates") or QUEUE in words:
        return Step(pod.name, "waits in a queue until it is admitted", age, None)
    if any(True for _ in observed.events_of(pod, *SCALE_UP)):
        return Step(pod.name, "waits for a node that the cluster is adding", age, 900)
    return Step(pod.name, "waits for a node", age, 30.0 if words else BRIEF_SECONDS)


def _creating(observed: ObservedDeployment, pod: Pod) -> Step:
    scheduled = next((event for event in observed.events_of(pod, "Pulling")), None)
    if scheduled and not any(True for _ in observed.events_of(pod, "Pulled")):
        return Step(pod.name, "pulls its image", observed.age(scheduled.last), IMAGE_PULL_SECONDS)
    age = observed.age(pod.created)
    if age > MOUNT_SECONDS and not any(True for _ in observed.events_of(pod, "FailedMount", "FailedAttachVolume")):
        # Events are kept for an hour, and pulling may be an event of before that.
        return Step(pod.name, "makes its containers", age, IMAGE_PULL_SECONDS)
    return Step(pod.name, "mounts its volumes and makes its containers", age, 2 * BRIEF_SECONDS)


def _ready(observed: ObservedDeployment) -> float:
    """Seconds since the last pod became ready."""
    times = [c["lastTransitionTime"] for pod in observed.pods for c in pod.raw["status"].get("conditions") or []
             if c["type"] == "Ready"]  # fmt: skip
    return observed.age(max(times)) if times else _last_change(observed)


def _last_change(observed: ObservedDeployment) -> float:
    """Seconds since the LeaderWorkerSet was made, or its status last changed."""
    assert observed.group is not None
    conditions = observed.group.get("status", {}).get("conditions") or []
    times = [c["lastTransitionTime"] for c in conditions if c.get("lastTransitionTime")]
    return observed.age(max([*times, observed.group["metadata"]["creationTimestamp"]]))
