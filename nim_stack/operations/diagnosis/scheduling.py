"""Failures to find a node."""

import re
from collections.abc import Iterator
from typing import Any

from nim_stack.base.problems import Finding
from nim_stack.operations.diagnosis.failure import failure, sign, some
from nim_stack.operations.diagnosis.observed import ObservedDeployment, stated
from nim_stack.operations.diagnosis.placement import (
    Placement,
    differs,
    free_gpus,
    gpus_of,
    holders,
    placement,
    untolerated,
)
from nim_stack.operations.diagnosis.view import Pod

Json = dict[str, Any]
_NO_VERDICT = ("persistentvolume", "PersistentVolume", "ReadWriteOncePod", "scheduling gates", "volume node affinity")
"""Reasons that belong to storage, or to a queue."""
_BY_ITS_WORDS = ("unknown", "load unknown")
"""Stages in which the scheduler is believed: nodes, or the pods on them, could not be read."""


def _waiting(observed: ObservedDeployment) -> list[Pod]:
    """Pods for which the scheduler found no node, for reasons of its own."""
    pods = [pod for pod in observed.pods if pod.unscheduled and not pod.deleting_since]
    if observed.nodes_are_being_added:
        return []
    return [pod for pod in pods if not any(words in (pod.unscheduled or "") for words in _NO_VERDICT)]


def _said(pods: list[Pod]) -> list[str]:
    return [f"{pod.name} is Pending: {stated(pod.unscheduled or '')}" for pod in pods]


def _narrowed(observed: ObservedDeployment) -> Iterator[tuple[list[Pod], Placement]]:
    """Waiting pods that ask for the same, with the nodes for them."""
    alike: dict[tuple[str, int], list[Pod]] = {}
    for pod in _waiting(observed):
        spec = pod.spec
        key = str((spec.get("nodeSelector"), (spec.get("affinity") or {}).get("nodeAffinity"), spec.get("tolerations")))
        alike.setdefault((key, gpus_of(pod)), []).append(pod)
    for pods in alike.values():
        yield pods, placement(observed, pods[0].spec, gpus_of(pods[0]), pods[0].group)


def _stage(observed: ObservedDeployment, found: Placement) -> str:
    """The first step that leaves fewer nodes than a group has pods."""
    if not observed.nodes:
        return "unknown"
    for stage in ("capable", "selected", "usable"):
        if len(getattr(found, stage)) < observed.size:
            return stage
    if not observed.snapshot.read("load"):
        return "load unknown"
    return "free" if not found.free else "other"


@failure(
    "too-few-gpus",
    "There are too few GPUs",
    cause="A group needs as many nodes as it has pods, each with the GPUs of one pod free at the same time.",
    cure="Free GPUs, add nodes, or plan for what there is: `nim-stack plan --search` lists splits that fit.",
)
def too_few_gpus(observed: ObservedDeployment) -> Iterator[Finding]:
    for pods, found in _narrowed(observed):
        stage = _stage(observed, found)
        if stage in _BY_ITS_WORDS and "Insufficient nvidia.com/gpu" in (pods[0].unscheduled or ""):
            yield sign("no node has the GPUs that a pod requests", some(_said(pods)), "See `kubectl describe nodes`.")
        elif stage == "capable":
            have = ", ".join(f"{node.name} {node.gpus}" for node in found.all)
            what = f"{observed.size} nodes with {found.gpus} GPUs are needed, the cluster has {len(found.capable)}"
            if not any(node.gpus for node in found.all):
                what = "no node has a GPU that Kubernetes knows"
            do = "Add nodes, or ask for fewer nodes or GPUs (nim.nodes, nim.gpusPerNode)."
            if not any(node.gpus for node in found.all):
                do = "See that the GPU device plugin runs on the GPU nodes: it is what makes nvidia.com/gpu known."
            yield sign(what, (f"allocatable nvidia.com/gpu: {have}", *some(_said(pods), 2)), do)
        elif stage == "free":
            count = [f"{node.name}: {free_gpus(observed, node)} of {node.gpus} GPUs are free" for node in found.usable]
            what = f"{len(pods)} pods wait for {found.gpus} free GPUs on a node"
            do = "Free GPUs (scale down what holds them), add nodes, or lower nim.replicas or nim.rollout.maxSurge."
            yield sign(what, (*some(holders(observed, found.usable) or count), *some(_said(pods), 2)), do)


@failure(
    "selector",
    "No node has the labels that are asked for",
    cause="nodeSelector (that of nim.gpu included) or a node affinity excludes the nodes that have GPUs.",
    cure="Correct nim.gpu, nim.nodeSelector or nim.pods.affinity, or label the nodes.",
)
def selector(observed: ObservedDeployment) -> Iterator[Finding]:
    for pods, found in _narrowed(observed):
        stage = _stage(observed, found)
        message = pods[0].unscheduled or ""
        if stage == "selected":
            left = len(found.selected)
            what = f"{observed.size} nodes are needed, selector and affinity leave {left} of those with GPUs"
            evidence = (*differs(pods[0].spec, found.capable), *some(_said(pods), 2))
            do = "Correct nim.gpu, nim.nodeSelector or nim.pods.affinity: `kubectl get nodes --show-labels`."
            yield sign(what, evidence, do)
        elif stage == "unknown" and "node affinity/selector" in message and "Insufficient" not in message:
            do = "`kubectl get nodes --show-labels`, then correct nim.gpu or nim.nodeSelector."
            yield sign("no node has the labels that the pods ask for", some(_said(pods)), do)


@failure(
    "taint",
    "The nodes keep the pods away",
    cause="GPU nodes are tainted, and the pods do not tolerate it; or they are cordoned.",
    cure="Add the toleration under nim.pods.tolerations, remove the taint, or uncordon the node.",
)
def taint(observed: ObservedDeployment) -> Iterator[Finding]:
    for pods, found in _narrowed(observed):
        stage, spec, message = _stage(observed, found), pods[0].spec, pods[0].unscheduled or ""
        if stage == "usable":
            away = [f"{node.name} is cordoned" for node in found.selected if node.cordoned]
            tainted = {node.name: untolerated(spec, node) for node in found.selected if not node.cordoned}
            own = [f"{name} has the taint {each}" for name, taints in tainted.items() for each in taints
                   if not each.startswith("node.kubernetes.io/")]  # fmt: skip
            if own or away:
                what = f"{observed.size} nodes are needed, {len(found.usable)} of {len(found.selected)} admit the pods"
                keys = sorted({each.split("=")[0].split(":")[0] for t in tainted.values() for each in t})
                do = f"Tolerate {', '.join(keys)} under nim.pods.tolerations, or remove the taint." if own else ""
                do = " ".join(filter(None, (do, "`kubectl uncordon` the node." if away else "")))
                yield sign(what, (*some([*own, *away]), *some(_said(pods), 2)), do)
        elif stage == "unknown" and "untolerated taint" in message and "Insufficient" not in message:
            taints = ", ".join(re.findall(r"untolerated taint(?:\(s\))? \{([^}]*)\}", message)) or "a taint"
            yield sign(f"nodes have {taints}", some(_said(pods)), "Tolerate it under nim.pods.tolerations.")


@failure(
    "not-enough-resources",
    "No node has enough of something else",
    cause="CPU, memory, RDMA devices or ephemeral storage that each pod requests beside its GPUs.",
    cure="Ask for less (nim.resources, nim.fabric), or free what others request.",
)
def not_enough(observed: ObservedDeployment) -> Iterator[Finding]:
    for pods, found in _narrowed(observed):
        lacking = sorted(set(re.findall(r"Insufficient ([\w./-]*\w)", pods[0].unscheduled or "")) - {"nvidia.com/gpu"})
        if lacking and _stage(observed, found) in ("other", *_BY_ITS_WORDS):
            what = f"the nodes with free GPUs have too little {', '.join(lacking)}"
            do = "Lower nim.resources, or free it: `kubectl describe node` lists what is requested on each."
            yield sign(what, some(_said(pods)), do)


@failure(
    "unschedulable",
    "The scheduler finds no node",
    cause="A rule of the pods or of the cluster that none of the other failures describes.",
    cure="The scheduler's own words say which.",
)
def unschedulable(observed: ObservedDeployment) -> Iterator[Finding]:
    for pods, found in _narrowed(observed):
        message = pods[0].unscheduled or ""
        named = "Insufficient" in message or (
            _stage(observed, found) == "unknown" and ("selector" in message or "untolerated taint" in message)
        )
        if _stage(observed, found) in ("other", *_BY_ITS_WORDS) and not named and observed.age(pods[0].created) > 30:
            yield sign("pods wait for a node", some(_said(pods)), "See the scheduler's words.")


@failure(
    "scheduler-absent",
    "Nobody schedules the pods",
    cause="Their schedulerName is that of a scheduler that does not run.",
    cure="Install the scheduler, or leave nim.pods.schedulerName out.",
)
def scheduler_absent(observed: ObservedDeployment) -> Iterator[Finding]:
    for pod in observed.pods:
        untried = pod.phase == "Pending" and not pod.node and pod.unscheduled is None
        if untried and observed.age(pod.created) > 60 and not pod.spec.get("schedulingGates"):
            name = pod.spec.get("schedulerName", "default-scheduler")
            seen = (
                f"{pod.name} is Pending for {observed.age(pod.created):.0f} s, and no scheduler has said anything of it"
            )
            yield sign(f"no scheduler called {name} answers", (seen,), f"See that the scheduler {name} runs.")
            return
