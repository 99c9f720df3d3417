"""Rules on groups coming and going."""

from collections.abc import Iterator

from nim_stack.base.problems import Finding
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import MODEL, SIZES, rule

_ROLLOUT = frozenset({"nim.rollout", "nim.replicas", "nim.autoscaling"})


@rule(
    "NIM094",
    "Leader and workers would wait for each other",
    cause="With LeaderReady, workers are made when their leader is ready; and a leader is ready when its workers have "
    "joined.",
    cure="Use LeaderCreated, which is the default.",
)
def startup_policy(resolved: Resolution) -> Iterator[Finding]:
    given = resolved.settings.rollout.startup_policy
    if given == "LeaderReady":
        why = "the leader is ready only when its workers have joined, and the workers would be made only after that"
        yield Finding("nim.rollout.startupPolicy", given, why, "Use LeaderCreated, or leave it out.")


@rule(
    "NIM095",
    "An update could not begin",
    cause="It may neither make a group beside the others nor take one down.",
    cure="Set rollout.maxSurge or rollout.maxUnavailable to 1 or more.",
    reads=_ROLLOUT,
)
def no_way(resolved: Resolution) -> Iterator[Finding]:
    rollout = resolved.settings.rollout
    if rollout.max_surge == 0 and rollout.max_unavailable == 0:
        why = "with rollout.maxSurge = 0 an update may neither add a group nor take one down"
        instead = "Use 1 or more, or a rollout.maxSurge of 1 or more."
        yield Finding("nim.rollout.maxUnavailable", rollout.max_unavailable, why, instead)


@rule(
    "NIM096",
    "There are too few nodes for the groups",
    cause="Each group needs all its nodes at once, and groups that an update makes beside the others need theirs too. "
    "A group that gets a part of its nodes holds their GPUs and serves nothing.",
    cure="Use fewer replicas or no surge, or have more nodes.",
    reads=SIZES | _ROLLOUT | {"nim.cluster"},
)
def too_few_nodes(resolved: Resolution) -> Iterator[Finding]:
    settings, gpu = resolved.settings, resolved.layout.gpu
    there, groups = settings.cluster.gpu_nodes, settings.most_groups
    if there is None:
        return
    per_node = max(gpu.per_node // resolved.layout.gpus_per_node, 1) if gpu else 1
    surge = settings.rollout.max_surge if groups else 0
    pods = (groups + surge) * resolved.layout.nodes
    # Pods of one group never share a node, whatever its GPUs.
    needed = max(-(-pods // per_node), resolved.layout.nodes if groups else 0)
    if needed > there:
        beside = f" and {surge} beside them in an update" if surge else ""
        why = (
            f"{groups} groups{beside} need {needed} nodes, {needed * resolved.layout.gpus_per_node * per_node} GPUs,"
            f" and nim.cluster.gpuNodes is {there}"
        )
        most = max(there // resolved.layout.nodes * per_node - surge, 0)
        path = "nim.autoscaling.maxReplicas" if settings.autoscaling else "nim.replicas"
        yield Finding(path, groups, why, f"Use at most {most}, or more nodes, or no surge.")


@rule(
    "NIM099",
    "Pulumi stops waiting before the group does",
    cause="A start may take as long as its phases need. When Pulumi gives up earlier, one that would have succeeded "
    "is reported as failed.",
    cure="Leave timeouts.upMinutes out, or shorten the phases as well.",
    severity="warning",
    reads=MODEL | {"nim.timeouts", "nim.replicas", "nim.autoscaling"},
)
def up_minutes(resolved: Resolution) -> Iterator[Finding]:
    given = resolved.settings.timeouts.up_minutes
    needed = -(-resolved.budget.rollout * resolved.settings.most_starts // 60)
    if given is not None and given < needed:
        why = f"the phases of a start may take {needed} minutes"
        yield Finding("nim.timeouts.upMinutes", given, why, f"Use at least {needed}, or leave it out.")


@rule(
    "NIM163",
    "An update takes all groups down at once",
    cause="Groups up to rollout.maxUnavailable go down when an update begins, when those of the surge have only begun "
    "to start. If that are all groups, nothing serves until a new one does.",
    cure="Set rollout.maxUnavailable to 0 with a maxSurge of 1 or more, or below the number of groups.",
    severity="warning",
    reads=_ROLLOUT,
)
def all_at_once(resolved: Resolution) -> Iterator[Finding]:
    """One group without a surge has no other way, and is the default."""
    rollout, groups = resolved.settings.rollout, resolved.settings.least_groups
    if rollout.partition or not 0 < groups <= rollout.max_unavailable or (groups == 1 and not rollout.max_surge):
        return
    every = "the one group goes down" if groups == 1 else f"all {groups} groups go down"
    surge = ", while the group of the surge still starts" if rollout.max_surge else ""
    fewer = "" if groups == 1 else f"at most {groups - 1}, or "
    instead = f"Use {fewer}0 with a maxSurge of 1 or more."
    yield Finding("nim.rollout.maxUnavailable", rollout.max_unavailable, f"{every} at once{surge}", instead)
