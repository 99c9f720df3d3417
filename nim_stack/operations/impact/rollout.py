"""How an update of a LeaderWorkerSet goes: how many groups serve at worst, how long it takes, which GPUs it needs.

From the controller at v0.9.0 (`rollingUpdateParameters`): surge groups and the first `maxUnavailable` old ones change
together, then `maxUnavailable + maxSurge` at a time, the highest index first, and never fewer than
`replicas - maxUnavailable` serve. Before Kubernetes 1.35 a StatefulSet ignores its maxUnavailable and goes one by one.
"""

from dataclasses import dataclass

from nim_stack.operations.impact.groups import Group


@dataclass(frozen=True)
class Start:
    """The start of one group: what it has to go through this time, and its seconds."""

    phases: tuple[str, ...]
    usual: int | None
    """Seconds that the start takes in a slow cluster that works: the plan computes its deadlines from the same rates.
    None when the object has no deadlines of a plan."""
    longest: int | None
    """Seconds until the last deadline of the start; None when the object has no deadlines of a plan."""


@dataclass(frozen=True)
class Rollout:
    """Groups that are replaced by new ones."""

    groups: int
    """How many groups are replaced."""
    serving: int
    """How many groups serve at the worst moment."""
    steps: int
    """How many starts come after each other."""
    start: Start
    usual: int | None
    """Seconds that the whole rollout takes in a slow cluster that works; None when the object has no deadlines."""
    longest: int | None
    """Seconds until all deadlines have passed; None when the object has none."""

    @property
    def is_outage(self) -> bool:
        """Whether no group serves at worst."""
        return self.serving == 0


def start(before: Group | None, after: Group) -> Start:
    """What a group goes through at its start: the model is always loaded; the image is pulled and the weights are
    downloaded when the group before did not have them."""
    phases = ["load"]
    if before is None or not after.keeps_weights or before.cache != after.cache or before.model != after.model:
        phases.insert(0, "download")
    if before is None or before.image != after.image or before.size < after.size:
        phases.insert(0, "image pull")
    budget = after.budget
    if budget is None:
        return Start(tuple(phases), None, None)
    lengths = {"image pull": budget.image_pull, "download": budget.download, "load": budget.load}
    return Start(tuple(phases), sum(lengths[phase] for phase in phases), budget.rollout)


def rollout(before: Group, after: Group) -> Rollout | None:
    """The rollout of a new revision, or None when no group of before is replaced."""
    common = min(before.replicas, after.replicas)
    groups = max(common - after.partition, 0)
    if groups == 0:
        return None
    serving = max(min(before.replicas, after.replicas - after.unavailable), min(common, after.partition), 0)
    steps = 1 + -(-max(groups - after.unavailable, 0) // max(after.surge + after.unavailable, 1))
    one_by_one = groups + (1 if after.surge and not after.unavailable else 0)
    one = start(before, after)
    return Rollout(
        groups=groups,
        serving=serving,
        steps=steps,
        start=one,
        usual=None if one.usual is None else one.usual * steps,
        longest=None if one.longest is None else one.longest * max(steps, one_by_one),
    )


def peak(before: Group | None, after: Group | None, rolls: bool) -> tuple[int, int]:
    """GPUs and pods at most at any time of the change."""
    if before is None or after is None:
        only = before or after
        return (only.gpus_total, only.replicas * only.size) if only else (0, 0)
    if not rolls:
        most = max(before.replicas, after.replicas)
        return most * after.gpus, most * after.size
    groups = after.replicas + after.surge
    new = max(groups - before.replicas, 0)
    first = (before.gpus_total + new * after.gpus, before.replicas * before.size + new * after.size)
    return max(first[0], groups * after.gpus), max(first[1], groups * after.size)
