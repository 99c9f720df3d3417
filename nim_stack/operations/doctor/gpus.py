"""Checks of the nodes: GPUs of one type, enough of them, free now, and what else each pod requests."""

from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.base.quantity import Quantity
from nim_stack.operations.diagnosis.placement import Placement, differs, holders, on, placement, untolerated
from nim_stack.operations.diagnosis.view import Node, requested
from nim_stack.operations.doctor.check import Preflight, check, ok, problem, unknown, warning
from nim_stack.settings.pods import Role


def _placed(preflight: Preflight) -> Placement:
    """Nodes for the pods of a group; where the roles differ, those for a worker."""
    role: Role = "worker" if preflight.plan.nodes > 1 else "leader"
    return placement(preflight.observed, preflight.specs[role], preflight.plan.gpus_per_node)


def _too_few(preflight: Preflight, what: str, do: str) -> Finding:
    """A problem, unless Karpenter is there: it makes nodes when pods wait for them, so that a pool may have none now.
    What a NodePool would make is not read: that has limits, and labels and taints that are known of its nodes alone."""
    if names.KARPENTER_GROUP not in preflight.snapshot.groups:
        return problem(what, do)
    see = "See that a NodePool makes such nodes (`kubectl get nodepools`): GPUs, labels, taints, limits. If none does:"
    return warning(f"{what}; Karpenter is installed and may add nodes when the pods wait", f"{see} {do}")


@check("gpu-nodes")
def gpu_nodes(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether enough nodes have the GPUs of a pod, match its selector and admit it, for one group."""
    if not preflight.snapshot.read("nodes"):
        yield unknown("nodes could not be read")
        return
    found, wanted, spec = _placed(preflight), preflight.plan.nodes, preflight.specs["worker"]
    each = f"with {found.gpus} GPUs"
    if not any(node.gpus for node in found.all):
        do = "See that the GPU device plugin (or the GPU operator) runs on the GPU nodes."
        yield _too_few(preflight, "no node has nvidia.com/gpu", do)
    elif len(found.capable) < wanted:
        have = ", ".join(f"{node.name} {node.gpus}" for node in found.all if node.gpus)
        do = "Add nodes, or plan for what there is: `nim-stack plan --search`."
        yield _too_few(preflight, f"{wanted} nodes {each} are needed, {len(found.capable)} are there ({have})", do)
    elif len(found.selected) < wanted:
        do = "Correct nim.gpu or nim.nodeSelector, or label the nodes."
        which = "; ".join(differs(spec, found.capable)) or "an affinity"
        yield _too_few(preflight, f"{wanted} nodes are needed, the labels leave {len(found.selected)}: {which}", do)
    elif len(found.usable) < wanted:
        why = [f"{node.name}: {_away(spec, node)}" for node in found.selected if node not in found.usable]
        do = "Tolerate the taint (nim.pods.tolerations), remove it, uncordon or repair the node."
        yield _too_few(
            preflight, f"{wanted} nodes are needed, {len(found.usable)} admit the pods ({'; '.join(why)})", do
        )
    else:
        yield ok(f"{len(found.usable)} nodes {each}, {wanted} are needed for a group")


def _away(spec: dict[str, object], node: Node) -> str:
    if node.cordoned:
        return "cordoned"
    if not node.ready:
        return "not ready"
    return f"taint {', '.join(untolerated(spec, node))}"


@check("gpu-type")
def gpu_type(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether all nodes on which the pods could land have GPUs of one type."""
    nodes = _placed(preflight).selected
    types = sorted({node.labels.get(names.GPU_PRODUCT_LABEL, "no label") for node in nodes})
    if not nodes:
        return
    if types == ["no label"]:
        do = "Install GPU feature discovery, or set nim.nodeSelector if the nodes have different GPUs."
        yield warning("the nodes do not say which GPUs they have", do)
    elif len(types) > 1:
        do = "Set nim.gpu, so that all pods of a group get the same."
        yield problem(f"the pods could land on different GPUs: {', '.join(types)}", do)
    else:
        yield ok(types[0])


@check("gpu-free")
def gpu_free(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether the GPUs that nobody holds now are enough for all groups, and for the surge of an update."""
    if not preflight.snapshot.read("load"):
        yield unknown("pods of other namespaces could not be read, so that free GPUs are not known")
        return
    found = _placed(preflight)
    if len(found.usable) < preflight.plan.nodes:
        return
    held = {node.name: _held(preflight, node) for node in found.usable}
    room = [int((node.gpus - held[node.name]) // preflight.plan.gpus_per_node) for node in found.usable]
    fit, least = _groups(room, preflight.plan.nodes), preflight.plan.settings.least_groups
    wanted = least + preflight.plan.settings.rollout.max_surge
    if fit < least:
        who = "; ".join(text for text in holders(preflight.observed, found.usable)[:4])
        do = "Free GPUs, add nodes, or lower nim.replicas."
        what = f"{least} groups are wanted, {fit} fit into what is free now ({who or 'nothing is held'})"
        yield _too_few(preflight, what, do)
    elif fit < wanted:
        do = "Free GPUs for it, or set nim.rollout.maxSurge to 0 (an update is then an outage of a group)."
        yield warning(f"{fit} groups fit now; an update with maxSurge needs {wanted}", do)
    else:
        yield ok(f"{fit} groups fit into what is free now, {wanted} are needed")


def _held(preflight: Preflight, node: Node) -> int:
    """GPUs that somebody else holds there; those of this deployment are its own."""
    mine = (
        {(preflight.snapshot.namespace, pod.name) for pod in preflight.observed.pods} if preflight.deployed else set()
    )
    return sum(
        int(requested(pod, names.GPU_RESOURCE))
        for pod in preflight.snapshot.get("load")
        if on(pod, node) and (pod["metadata"]["namespace"], pod["metadata"]["name"]) not in mine
    )


def _groups(room: list[int], nodes: int) -> int:
    """How many groups of so many pods on different nodes fit, when each node has room for so many pods."""
    count = 0
    while sum(min(each, count + 1) for each in room) >= nodes * (count + 1):
        count += 1
    return count


@check("node-resources")
def node_resources(preflight: Preflight) -> Iterator[Finding]:
    """Everything else that each pod requests, devices of the fabric included, against what a node can give at all."""
    found = _placed(preflight)
    if len(found.usable) < preflight.plan.nodes:
        return
    asked = preflight.specs["worker"]["containers"][0]["resources"].get("requests") or {}
    lacking = []
    for resource, quantity in asked.items():
        if resource == names.GPU_RESOURCE:
            continue
        able = [node for node in found.usable if node.allocatable(resource) >= Quantity.parse(quantity).value]
        if len(able) < preflight.plan.nodes:
            most = max(node.allocatable(resource) for node in found.usable)
            lacking.append(f"{resource} {quantity}: {len(able)} nodes have it, the most is {most:,.0f}")
    if lacking:
        do = "Lower nim.resources, choose another nim.fabric, or install the device plugin that makes it known."
        yield problem("; ".join(lacking), do)
    elif asked.keys() - {names.GPU_RESOURCE}:
        yield ok(", ".join(f"{name} {quantity}" for name, quantity in asked.items() if name != names.GPU_RESOURCE))
