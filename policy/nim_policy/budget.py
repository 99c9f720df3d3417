"""GPU budget: how many GPUs a stack can come to ask for, in all and in each namespace."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nim_policy.objects import HELM_RELEASE, Resource
from nim_policy.pods import gpus, group_size, has_pods, is_group, pods_of
from nim_policy.values import NotKnownError, read, whole_number
from nim_policy.verdict import Verdict

KEDA_MOST = 100
"""`maxReplicaCount` of a ScaledObject that has none (KEDA's ScaledObject specification)."""


@dataclass(frozen=True)
class Need:
    """GPUs of one object at its largest."""

    namespace: str
    gpus: int
    text: str


def gpu_budget(resources: Iterable[Resource], config: Mapping[str, Any]) -> Verdict:
    """Compare what the stack can ask for with its budget.

    Args:
        resources: all resources of the stack.
        config: `stack`, `namespace` and `namespaces` are budgets in GPUs, and without any of them nothing is judged;
            `gpuResources` are globs of extended resources; `includeSurge` adds what a rollout adds for a time.
    """
    verdict = Verdict()
    if not any(config.get(name) is not None for name in ("stack", "namespace", "namespaces")):
        return verdict
    resources = list(resources)
    needs: list[Need] = []
    for resource in resources:
        with verdict.judging(f"The GPUs of {resource.title} are not counted", resource.urn):
            needs += _needs(resource, resources, config)
    _compare(verdict, "stack", needs, config.get("stack"))
    by_namespace = defaultdict(list)
    for need in needs:
        by_namespace[need.namespace].append(need)
    single = config.get("namespaces") or {}
    for namespace, group in sorted(by_namespace.items()):
        name = f"namespace {namespace}" if namespace else "default namespace of the provider"
        _compare(verdict, name, group, single.get(namespace, config.get("namespace")))
    return verdict


def _compare(verdict: Verdict, whose: str, needs: list[Need], budget: Any) -> None:
    if budget is None:
        return
    total, allowed = sum(need.gpus for need in needs), whole_number(budget, "the budget")
    if total > allowed:
        parts = "; ".join(need.text for need in needs if need.gpus)
        verdict.violated(
            f"The {whose} can ask for {total} GPUs, and its budget is {allowed}: {parts}. Use fewer groups or smaller "
            "groups, or have the budget raised."
        )


def _needs(resource: Resource, resources: list[Resource], config: Mapping[str, Any]) -> list[Need]:
    if resource.type == HELM_RELEASE:
        raise NotKnownError("a Helm release does not show its objects to the engine")
    if not has_pods(resource):
        return []
    names = list(config.get("gpuResources") or ["nvidia.com/gpu"])
    first, *others = [gpus(pods, names) for pods in pods_of(resource)]
    each = first + (group_size(resource) - 1) * sum(others)
    if not each:
        return []
    count = _most(resource, resources)
    surge = _surge(resource, count) if config.get("includeSurge") else 0
    unit = "group" if is_group(resource) else "pod"
    text = f"{resource.title} has up to {count} {unit}{'' if count == 1 else 's'} of {each}"
    if surge:
        text += f", and a rollout adds {surge}"
    return [Need(resource.namespace, each * (count + surge), text)]


def _most(resource: Resource, resources: list[Resource]) -> int:
    """The largest number of groups or pods: that of the autoscalers, or else the number that the object has.

    Raises:
        NotKnownError: the object does not say how many pods it has at most.
    """
    if resource.kind == "DaemonSet":
        raise NotKnownError("a DaemonSet has as many pods as the cluster has nodes")
    if resource.kind == "CronJob":
        raise NotKnownError("the Jobs of a CronJob may overlap")
    most = [found for scaler in resources if (found := _scaled(scaler, resource)) is not None]
    if most:
        return max(most)
    field = "parallelism" if resource.kind == "Job" else "replicas"
    count = read(resource.props, "spec", field) if resource.kind != "Pod" else None
    return 1 if count is None else whole_number(count, field)


def _scaled(scaler: Resource, resource: Resource) -> int | None:
    """Most groups that an autoscaler makes of an object; None where it scales another one."""
    place = (scaler.group, scaler.kind)
    if place not in (("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")):
        return None
    if scaler.namespace != resource.namespace:
        return None
    if read(scaler.props, "spec", "scaleTargetRef", "name") != resource.name:
        return None
    # KEDA takes a Deployment where no kind is given.
    if (read(scaler.props, "spec", "scaleTargetRef", "kind") or "Deployment") != resource.kind:
        return None
    if scaler.kind == "ScaledObject":
        most = read(scaler.props, "spec", "maxReplicaCount")
        return KEDA_MOST if most is None else whole_number(most, "maxReplicaCount")
    return whole_number(read(scaler.props, "spec", "maxReplicas"), "maxReplicas")


def _surge(resource: Resource, count: int) -> int:
    """What a rollout adds: none by default for a LeaderWorkerSet, a quarter for a Deployment; a part is rounded up."""
    if is_group(resource):
        wanted = read(resource.props, "spec", "rolloutStrategy", "rollingUpdateConfiguration", "maxSurge")
    elif resource.kind == "Deployment" and read(resource.props, "spec", "strategy", "type") != "Recreate":
        wanted = read(resource.props, "spec", "strategy", "rollingUpdate", "maxSurge")
        wanted = "25%" if wanted is None else wanted
    else:
        wanted = None
    if isinstance(wanted, str) and wanted.endswith("%"):
        return math.ceil(count * whole_number(wanted.removesuffix("%"), "maxSurge") / 100)
    return 0 if wanted is None else whole_number(wanted, "maxSurge")
