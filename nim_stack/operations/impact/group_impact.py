"""What happens to one LeaderWorkerSet: its GPUs, whether it rolls and why, and what becomes of its weights."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from nim_stack.base.words import count, duration, gigabytes
from nim_stack.catalog.load import Catalog
from nim_stack.deployment.deadlines import TimeBudget
from nim_stack.operations.impact.effect import Approval, Effect
from nim_stack.operations.impact.fields import Difference, Differences, compare
from nim_stack.operations.impact.groups import Group, read_group
from nim_stack.operations.impact.preview import Step
from nim_stack.operations.impact.rollout import Rollout, Start, peak, rollout, start


@dataclass(frozen=True)
class Around:
    """What the rest of the preview says about a LeaderWorkerSet."""

    nodes: int | None = None
    """nim.cluster.gpuNodes: nodes whose GPUs the deployment may have."""
    pods_per_node: int = 1
    limits_before: tuple[int, int] | None = None
    limits_after: tuple[int, int] | None = None
    """Fewest and most groups, where an autoscaler decides."""
    budget: TimeBudget | None = None
    """Of the plan, where the deployment is that of the settings."""
    lost_claims: frozenset[str] = frozenset()
    """Claims that are deleted or replaced with what they hold."""


@dataclass(frozen=True)
class GroupImpact:
    """One LeaderWorkerSet, before and after."""

    name: str
    op: str
    before: Group | None
    after: Group | None
    revision: bool
    """Whether LWS makes a new ControllerRevision."""
    rollout: Rollout | None
    why: tuple[Difference, ...]
    """Changes that roll the groups."""
    silent: tuple[Difference, ...]
    """Changes that no pod notices."""
    peak_gpus: int
    statements: tuple[str, ...]
    approvals: tuple[tuple[Approval, str], ...]
    weights: tuple[Effect, ...]

    @property
    def gpus_before(self) -> int:
        """GPUs of all groups before the change."""
        return self.before.gpus_total if self.before else 0

    @property
    def gpus_after(self) -> int:
        """GPUs of all groups after the change, without those that an autoscaler adds."""
        return self.after.gpus_total if self.after else 0

    @property
    def is_outage(self) -> bool:
        """Whether no group serves for some time."""
        return any(kind == "outage" for kind, _ in self.approvals)


@dataclass(frozen=True)
class _Change:
    """One LeaderWorkerSet before and after, as far as its sizes are known."""

    step: Step
    before: Group | None
    after: Group | None
    differences: Differences | None
    """None unless an object that stays is compared with itself."""
    rolled: Rollout | None

    @property
    def sizes_unknown(self) -> bool:
        """Whether an object is there whose sizes are known only in the update."""
        return bool((self.step.before and not self.before) or (self.step.after and not self.after))


def group_impact(step: Step, around: Around, catalog: Catalog) -> GroupImpact:
    """What one step of a preview does to the LeaderWorkerSet that the step is about."""
    change = _change(step, around)
    before, after, differences = change.before, change.after, change.differences
    found = _Findings(step.name)
    _judge(found, change, around)
    _gpus(found, before, after, around)
    starts = after is not None and (change.rolled is not None or step.op in ("create", "replace"))
    return GroupImpact(
        name=step.name,
        op=step.op,
        before=before,
        after=after,
        revision=bool(differences and differences.in_revision),
        rollout=change.rolled,
        why=(*differences.in_revision, *differences.in_placement) if differences else (),
        silent=differences.elsewhere if differences else (),
        peak_gpus=_most_gpus(change, around),
        statements=tuple(found.statements),
        approvals=tuple(found.approvals),
        weights=tuple(_weights(before, after, catalog)) if after is not None and starts else (),
    )


def _change(step: Step, around: Around) -> _Change:
    """Read both sides of the step, and compare them where the object stays."""
    least_before, least_after = (limits[0] if limits else 1 for limits in (around.limits_before, around.limits_after))
    before = read_group(step.before, {}, least_before) if step.before else None
    after = read_group(step.after, step.timeouts, least_after) if step.after else None
    if after and around.budget:
        after = replace(after, budget=around.budget)
    if before and before.cache and before.cache[1] in around.lost_claims:
        before = replace(before, cache=("lost claim", before.cache[1]))
    if before is None or after is None or step.op not in ("update", "same"):
        return _Change(step, before, after, None, None)
    differences = compare(step.before, step.after)
    return _Change(step, before, after, differences, rollout(before, after) if differences.rolls else None)


def _judge(found: "_Findings", change: _Change, around: Around) -> None:
    """Say what happens to the groups, and what somebody should agree to."""
    before, after = change.before, change.after
    if change.sizes_unknown:
        found.need("unknown", "has sizes that are known only in the update")
    elif change.step.op == "delete":
        found.need("deletion", "is deleted")
        if before and before.replicas:
            found.need("outage", "no longer serves")
    elif change.step.op == "replace" and before and after:
        _replaced(found, before, after, around)
    elif before and after and change.differences:
        _updated(found, before, after, change.rolled, change.differences.rolls)
        if change.rolled and after.surge:
            _surge(found, before, after, around)
    elif after:
        groups = f"{count(after.replicas, 'group')} of {count(after.size, 'node')} made"
        found.say(groups + _serving(start(None, after)))


@dataclass
class _Findings:
    """What is found about one LeaderWorkerSet; the functions below add to it."""

    name: str
    statements: list[str] = field(default_factory=list)
    approvals: list[tuple[Approval, str]] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.statements.append(text)

    def need(self, approval: Approval, text: str) -> None:
        """What somebody should agree to."""
        self.approvals.append((approval, f"{self.name} {text}"))


def _serving(one: Start) -> str:
    if one.usual is None:
        return ""
    return f"; serving after about {duration(one.usual)} ({', '.join(one.phases)}), at most {duration(one.longest)}"


def _replaced(found: _Findings, before: Group, after: Group, around: Around) -> None:
    """Pulumi makes the new object first and deletes the old one last, unless both have one name."""
    then = _serving(start(None, after))
    if before.name == after.name:
        found.need("deletion", f"is deleted and made anew{then}")
        if before.replicas:
            found.need("outage", f"serves nothing from its deletion until then{then}")
        return
    found.need("deletion", f"is deleted once {after.name} is there{then}")
    found.say(f"both hold their GPUs meanwhile: {before.gpus_total + after.gpus_total}")
    pods = before.replicas * before.size + after.replicas * after.size
    if around.nodes is not None and -(-pods // around.pods_per_node) > around.nodes:
        found.need(
            "failure", f"and {after.name} need {count(pods, 'pod')} at once, nim.cluster.gpuNodes is {around.nodes}"
        )


def _updated(found: _Findings, before: Group, after: Group, rolled: Rollout | None, changes: bool) -> None:
    if before.replicas != after.replicas:
        found.say(f"{before.replicas} → {after.replicas} groups; the others are not restarted for it")
    if before.replicas and not after.replicas:
        found.need("outage", "serves nothing until it is scaled up again")
    elif rolled is not None:
        _rolled(found, before, after, rolled)
    elif changes and before.replicas:
        found.say(f"no group is replaced: partition {after.partition} keeps them all on the old revision")
    elif after.partition < before.partition:
        found.say(f"partition {before.partition} → {after.partition}: groups that still have an old revision roll")


def _rolled(found: _Findings, before: Group, after: Group, rolled: Rollout) -> None:
    one = rolled.start
    if rolled.is_outage:
        time = f" for about {duration(one.usual)}, at most {duration(one.longest)}" if one.usual is not None else ""
        instead = "maxUnavailable 0" if after.surge else "maxSurge 1 with maxUnavailable 0"
        allowed = f"maxUnavailable {after.unavailable} of {count(after.replicas, 'group')}"
        found.need("outage", f"serves nothing{time} ({allowed}; {instead} would keep one serving)")
    else:
        found.say(f"rolls in place: at worst {rolled.serving} of {count(before.replicas, 'group')} serving")
    starts = f"{count(rolled.groups, 'group')} to start anew, in {count(rolled.steps, 'step')}"
    if rolled.usual is None:
        found.say(f"{starts}; how long is not known, as the object has no deadlines of a plan")
        return
    waits = f"Pulumi waits {duration(after.timeout)}" if after.timeout else "Pulumi does not wait"
    longest = f"at most {duration(rolled.longest)} by the plan's deadlines"
    found.say(f"{starts}: about {duration(rolled.usual)} ({', '.join(one.phases)}), {longest}; {waits}")
    if after.timeout is not None and rolled.usual > after.timeout:
        found.need("failure", f"rolls for about {duration(rolled.usual)}, and Pulumi waits {duration(after.timeout)}")


def _gpus(found: _Findings, before: Group | None, after: Group | None, around: Around) -> None:
    old, new = (group.gpus_total if group else 0 for group in (before, after))
    if around.limits_before and before:
        old = max(old, around.limits_before[1] * before.gpus)
    if around.limits_after and after:
        least, most = around.limits_after
        found.say(f"an autoscaler decides: {least} to {most} groups, up to {most * after.gpus} GPUs")
        new = max(new, most * after.gpus)
    if new > old:
        found.need(
            "gpus",
            f"holds up to {new} GPUs instead of {old}" if around.limits_after else f"holds {new} GPUs instead of {old}",
        )


def _most_gpus(change: _Change, around: Around) -> int:
    """GPUs that are held at most at any time of the change, an autoscaler's included."""
    before, after = change.before, change.after
    gpus, _ = peak(before, after, change.rolled is not None)
    if change.step.op == "replace" and before and after:
        old, new = before.gpus_total, after.gpus_total
        gpus = max(old, new) if before.name == after.name else old + new
    return max(gpus, around.limits_after[1] * after.gpus) if around.limits_after and after else gpus


def _surge(found: _Findings, before: Group, after: Group, around: Around) -> None:
    beside = f"surge of {count(after.surge, 'group')}: {after.surge * after.gpus} GPUs beside those that serve"
    if around.nodes is None:
        found.say(f"{beside}; whether they are free is not known here (nim.cluster.gpuNodes is not set)")
        return
    _, pods = peak(before, after, rolls=True)
    needed = max(-(-pods // around.pods_per_node), after.size)
    there = f"{count(needed, 'node')} in all, nim.cluster.gpuNodes is {around.nodes}"
    if needed <= around.nodes:
        found.say(f"{beside}; {there}: enough")
    elif after.unavailable:
        found.say(f"{beside}; {there}: surge groups wait until old ones have gone")
    else:
        found.need("failure", f"cannot roll: {beside}, {there}, and maxUnavailable is 0")


def _weights(before: Group | None, after: Group, catalog: Catalog) -> Iterator[Effect]:
    size = _size_of(after.model, catalog)
    if not after.replicas:
        return
    if not after.keeps_weights:
        yield Effect("weights", f"{after.name}: each pod downloads {size} at every start, as no storage outlives it")
    elif before is None:
        yield Effect("weights", f"{after.name} downloads {size}, unless its cache holds it already")
    elif before.cache != after.cache:
        old, new = (" ".join(cache) if cache else "no cache" for cache in (before.cache, after.cache))
        text = f"{after.name} changes from {old} to {new}: {size} is downloaded, unless it is there already"
        yield Effect("weights", text)
    elif before.model != after.model:
        old = _size_of(before.model, catalog)
        yield Effect("weights", f"{after.name} downloads {size} into the same cache, where {old} stays too")
    else:
        yield Effect("weights", f"{after.name} keeps its cache: nothing is downloaded")


def _size_of(model: str | None, catalog: Catalog) -> str:
    name = model or "the model"
    found = catalog.on_hub(name.removeprefix("hf://").split("@")[0]) if name.startswith("hf://") else None
    return f"{name} ({gigabytes(found[1].files)})" if found else f"{name} (size not known)"
