"""Rules on the number of groups: partition, autoscaling, disruption budget."""

from collections.abc import Iterator

from nim_stack.base.problems import Finding
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import SIZES, rule

_PARTITION = frozenset({"nim.rollout", "nim.replicas", "nim.autoscaling"})
_BUDGET = SIZES | {"nim.disruptionBudget", "nim.replicas", "nim.autoscaling"}


@rule(
    "NIM150",
    "The partition is beyond the last group",
    cause="Groups with an index below the partition keep the old revision, and there are fewer groups than that.",
    cure="Use a partition below the number of groups; 0 updates all.",
    reads=_PARTITION,
)
def partition(resolved: Resolution) -> Iterator[Finding]:
    given, most = resolved.settings.rollout.partition, resolved.settings.most_groups
    if given > most > 0:
        instead = f"Use at most {most - 1}, so that an update reaches a group; 0 updates all."
        yield Finding("nim.rollout.partition", given, f"there are at most {most} groups", instead)


@rule(
    "NIM151",
    "An update may reach no group",
    cause="Groups with an index below the partition keep the old revision. When there are no others, `pulumi up` ends "
    "well and nothing has changed.",
    cure="Use a smaller partition, unless updates are to be held back.",
    severity="warning",
    reads=_PARTITION,
)
def held_back(resolved: Resolution) -> Iterator[Finding]:
    settings = resolved.settings
    given, least, most = settings.rollout.partition, settings.least_groups, settings.most_groups
    if 0 < least <= given <= most:
        every = "the one group has" if least == 1 else f"all {least} groups have"
        until = " until the autoscaler adds more" if settings.autoscaling else ""
        why = f"{every} a smaller index, so that no group gets the new revision{until}"
        yield Finding(
            "nim.rollout.partition", given, why, "Use a smaller partition, unless updates are to be held back."
        )


@rule(
    "NIM152",
    "Groups of the surge stay as long as the partition does",
    cause="LWS keeps the groups that an update made beside the others until the update is complete, and with a "
    "partition it never is. They hold their GPUs, and serve.",
    cure="Set maxSurge to 0 for a canary, or the partition back to 0 soon.",
    severity="warning",
    reads=_PARTITION,
)
def surge_stays(resolved: Resolution) -> Iterator[Finding]:
    rollout = resolved.settings.rollout
    if rollout.partition and rollout.max_surge:
        why = "with rollout.partition the groups of the surge stay, and hold their GPUs, until the partition is 0 again"
        yield Finding("nim.rollout.maxSurge", rollout.max_surge, why, "Use 0, with a maxUnavailable of 1.")


@rule(
    "NIM153",
    "The number of groups has two owners",
    cause="The autoscaler sets the number. Were it the stack's as well, every update would set it back, or conflict.",
    cure="Leave replicas out, and set autoscaling.minReplicas. docs/operations.md has the way from one to the other.",
    reads=frozenset({"nim.replicas", "nim.autoscaling"}),
)
def two_owners(resolved: Resolution) -> Iterator[Finding]:
    given = resolved.settings.replicas_beside_autoscaler
    if given is not None:
        instead = "Leave it out, and set nim.autoscaling.minReplicas."
        yield Finding("nim.replicas", given, "with nim.autoscaling the autoscaler sets the number", instead)


@rule(
    "NIM154",
    "The fewest groups are more than the most",
    cause="The API server refuses such an autoscaler.",
    cure="Set autoscaling.minReplicas to at most autoscaling.maxReplicas.",
    reads=frozenset({"nim.autoscaling"}),
)
def fewest(resolved: Resolution) -> Iterator[Finding]:
    scaling = resolved.settings.autoscaling
    if scaling is not None and scaling.min_replicas > scaling.max_replicas:
        why = f"nim.autoscaling.maxReplicas is {scaling.max_replicas}"
        yield Finding("nim.autoscaling.minReplicas", scaling.min_replicas, why, f"Use 1 to {scaling.max_replicas}.")


@rule(
    "NIM157",
    "A disruption budget says one thing",
    cause="A PodDisruptionBudget has either maxUnavailable or minAvailable; one with neither protects nothing.",
    cure="Set disruptionBudget.maxUnavailable to 1, which drains group after group.",
    reads=frozenset({"nim.disruptionBudget"}),
)
def budget_form(resolved: Resolution) -> Iterator[Finding]:
    budget = resolved.settings.disruption_budget
    if budget is not None and (budget.max_unavailable is None) == (budget.min_available is None):
        neither = budget.max_unavailable is None
        why = (
            "there is neither maxUnavailable nor minAvailable" if neither else "it has maxUnavailable and minAvailable"
        )
        instead = "Set maxUnavailable to 1, which drains group after group." if neither else "Leave minAvailable out."
        yield Finding("nim.disruptionBudget", None, why, instead)


@rule(
    "NIM158",
    "A drain never ends",
    cause="The budget lets no pod of a ready group go, so that `kubectl drain`, node upgrades and node autoscalers "
    "wait for ever. That can be meant, for a model that only people may stop.",
    cure="Set disruptionBudget.maxUnavailable to 1.",
    severity="warning",
    reads=_BUDGET,
)
def no_drain(resolved: Resolution) -> Iterator[Finding]:
    budget, pods = resolved.settings.disruption_budget, resolved.layout.nodes * resolved.settings.least_groups
    if budget is None:
        return
    if budget.max_unavailable == 0:
        why = "no pod may go, so that the drain of a node never ends"
        yield Finding("nim.disruptionBudget.maxUnavailable", 0, why, "Use 1, which drains group after group.")
    if budget.min_available is not None and budget.min_available >= pods > 0:
        why = f"there are {pods} pods and none may go, so that the drain of a node never ends"
        instead = "Use maxUnavailable 1, which drains group after group."
        yield Finding("nim.disruptionBudget.minAvailable", budget.min_available, why, instead)


@rule(
    "NIM159",
    "Several groups may go at once",
    cause="minAvailable counts pods, and an eviction takes a whole group down. Before the pods of the first group are "
    "counted as gone, a drain may take one of each group.",
    cure="Set disruptionBudget.maxUnavailable to 1 instead.",
    severity="warning",
    reads=_BUDGET,
)
def several_groups(resolved: Resolution) -> Iterator[Finding]:
    settings, budget = resolved.settings, resolved.settings.disruption_budget
    if budget is None or budget.min_available is None or budget.max_unavailable is not None:
        return
    evictions = resolved.layout.nodes * settings.most_groups - budget.min_available
    if settings.most_groups > 1 and evictions > 1:
        groups = min(evictions, settings.most_groups)
        why = f"{evictions} pods may be evicted at once, one of each of {groups} groups, which all stop"
        instead = "Use maxUnavailable 1, which drains group after group."
        yield Finding("nim.disruptionBudget.minAvailable", budget.min_available, why, instead)
