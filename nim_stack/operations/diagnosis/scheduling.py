"""Failures to find a node."""

import re
from collections.abc import Iterator

from nim_stack.base import names
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


def _pending(pods: list[Pod]) -> list[str]:
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


def _stage(observed: ObservedDeployment, nodes: Placement) -> str:
    """The first step that leaves fewer nodes than a group has pods."""
    if not observed.nodes:
        return "unknown"
    for stage in ("capable", "selected", "usable"):
        if len(getattr(nodes, stage)) < observed.size:
            return stage
    if not observed.snapshot.read("load"):
        return "load unknown"
    return "free" if not nodes.free else "other"


@failure(
    "too-few-gpus",
    "There are too few GPUs",
    cause="A group needs as many nodes as it has pods, each with the GPUs of one pod free at the same time.",
    cure="Free GPUs, add nodes, or plan for what there is: `nim-stack plan --search` lists splits that fit.",
)
def too_few_gpus(observed: ObservedDeployment) -> Iterator[Finding]:
    for pods, nodes in _narrowed(observed):
        stage = _stage(observed, nodes)
        if stage in _BY_ITS_WORDS and "Insufficient nvidia.com/gpu" in (pods[0].unscheduled or ""):
            yield sign(
                "no node has the GPUs that a pod requests", some(_pending(pods)), "See `kubectl describe nodes`."
            )
        elif stage == "capable":
            have = ", ".join(f"{node.name} {node.gpus}" for node in nodes.all)
            what = f"{observed.size} nodes with {nodes.gpus} GPUs are needed, the cluster has {len(nodes.capable)}"
            if not any(node.gpus for node in nodes.all):
                what = "no node has a GPU that Kubernetes knows"
            do = "Add nodes, or ask for fewer nodes or GPUs (nim.nodes, nim.gpusPerNode)."
            if not any(node.gpus for node in nodes.all):
                do = "See that the GPU device plugin runs on the GPU nodes: it is what makes nvidia.com/gpu known."
            yield sign(what, (f"allocatable nvidia.com/gpu: {have}", *some(_pending(pods), 2)), do)
        elif stage == "free":
            count = [f"{node.name}: {free_gpus(observed, node)} of {node.gpus} GPUs are free" for node in nodes.usable]
            what = f"{len(pods)} pods wait for {nodes.gpus} free GPUs on a node"
            do = "Free GPUs (scale down what holds them), add nodes, or lower nim.replicas or nim.rollout.maxSurge."
            yield sign(what, (*some(holders(observed, nodes.usable) or count), *some(_pending(pods), 2)), do)


@failure(
    "selector",
    "No node has the labels that are asked for",
    cause="nodeSelector (that of nim.gpu included) or a node affinity excludes the nodes that have GPUs.",
    cure="Correct nim.gpu, nim.nodeSelector or nim.pods.affinity, or label the nodes.",
)
def selector(observed: ObservedDeployment) -> Iterator[Finding]:
    for pods, nodes in _narrowed(observed):
        stage = _stage(observed, nodes)
        message = pods[0].unscheduled or ""
        if stage == "selected":
            left = len(nodes.selected)
            what = f"{observed.size} nodes are needed, selector and affinity leave {left} of those with GPUs"
            evidence = (*differs(pods[0].spec, nodes.capable), *some(_pending(pods), 2))
            do = "Correct nim.gpu, nim.nodeSelector or nim.pods.affinity: `kubectl get nodes --show-labels`."
            yield sign(what, evidence, do)
        elif stage == "unknown" and "node affinity/selector" in message and "Insufficient" not in message:
            do = "`kubectl get nodes --show-labels`, then correct nim.gpu or nim.nodeSelector."
            yield sign("no node has the labels that the pods ask for", some(_pending(pods)), do)


@failure(
    "taint",
    "The nodes keep the pods away",
    cause="GPU nodes are tainted, and the pods do not tolerate it; or they are cordoned.",
    cure="Add the toleration under nim.pods.tolerations, remove the taint, or uncordon the node.",
)
def taint(observed: ObservedDeployment) -> Iterator[Finding]:
    for pods, nodes in _narrowed(observed):
        stage, message = _stage(observed, nodes), pods[0].unscheduled or ""
        if stage == "usable":
            yield from _kept_away(observed, pods, nodes)
        elif stage == "unknown" and "untolerated taint" in message and "Insufficient" not in message:
            taints = ", ".join(re.findall(r"untolerated taint(?:\(s\))? \{([^}]*)\}", message)) or "a taint"
            yield sign(f"nodes have {taints}", some(_pending(pods)), "Tolerate it under nim.pods.tolerations.")


def _kept_away(observed: ObservedDeployment, pods: list[Pod], nodes: Placement) -> Iterator[Finding]:
    """Nodes that would do, and are tainted or cordoned. Taints that Kubernetes itself sets say what is wrong with a
    node, and are the business of other failures."""
    cordoned = [f"{node.name} is cordoned" for node in nodes.selected if node.cordoned]
    taints = {node.name: untolerated(pods[0].spec, node) for node in nodes.selected if not node.cordoned}
    tainted = [
        f"{name} has the taint {each}"
        for name, of_node in taints.items()
        for each in of_node
        if not each.startswith("node.kubernetes.io/")
    ]
    if not tainted and not cordoned:
        return
    steps = []
    if tainted:
        keys = sorted({each.split("=")[0].split(":")[0] for of_node in taints.values() for each in of_node})
        steps.append(f"Tolerate {', '.join(keys)} under nim.pods.tolerations, or remove the taint.")
    if cordoned:
        steps.append("`kubectl uncordon` the node.")
    why = f"{observed.size} nodes are needed, {len(nodes.usable)} of {len(nodes.selected)} admit the pods"
    yield sign(why, (*some([*tainted, *cordoned]), *some(_pending(pods), 2)), " ".join(steps))


@failure(
    "not-enough-resources",
    "No node has enough of something else",
    cause="CPU, memory, RDMA devices or ephemeral storage that each pod requests beside its GPUs.",
    cure="Ask for less (nim.resources, nim.fabric), or free what others request.",
)
def not_enough(observed: ObservedDeployment) -> Iterator[Finding]:
    for pods, nodes in _narrowed(observed):
        lacking = sorted(
            set(re.findall(r"Insufficient ([\w./-]*\w)", pods[0].unscheduled or "")) - {names.GPU_RESOURCE}
        )
        if lacking and _stage(observed, nodes) in ("other", *_BY_ITS_WORDS):
            what = f"the nodes with free GPUs have too little {', '.join(lacking)}"
            do = "Lower nim.resources, or free it: `kubectl describe node` lists what is requested on each."
            yield sign(what, some(_pending(pods)), do)


@failure(
    "unschedulable",
    "The scheduler finds no node",
    cause="A rule of the pods or of the cluster that none of the other failures describes.",
    cure="The scheduler's own words say which.",
)
def unschedulable(observed: ObservedDeployment) -> Iterator[Finding]:
    for pods, nodes in _narrowed(observed):
        message = pods[0].unscheduled or ""
        named = "Insufficient" in message or (
            _stage(observed, nodes) == "unknown" and ("selector" in message or "untolerated taint" in message)
        )
        if _stage(observed, nodes) in ("other", *_BY_ITS_WORDS) and not named and observed.age(pods[0].created) > 30:
            yield sign("pods wait for a node", some(_pending(pods)), "See the scheduler's words.")


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
