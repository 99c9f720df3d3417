"""Where a pod could run: selectors, affinity, taints and free GPUs, as the scheduler weighs them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.operations.diagnosis.observed import ObservedDeployment
from nim_stack.operations.diagnosis.view import Node, Pod, requested


@dataclass(frozen=True)
class Placement:
    """Nodes for one pod, narrowed step by step."""

    gpus: int
    """How many GPUs the pod requests."""
    all: tuple[Node, ...]
    capable: tuple[Node, ...]
    """Nodes with so many GPUs, whoever holds them."""
    selected: tuple[Node, ...]
    """Capable nodes that selector and affinity allow."""
    usable: tuple[Node, ...]
    """Selected nodes that are ready, not cordoned and without a taint that the pod does not tolerate."""
    free: tuple[Node, ...]
    """Usable nodes with so many GPUs that nobody holds."""


def placement(observed: ObservedDeployment, spec: Json, gpus: int, group: str | None = None) -> Placement:
    """Nodes for a pod of this spec; those with another pod of its group are not free."""
    capable = tuple(node for node in observed.nodes if node.gpus >= gpus)
    selected = tuple(node for node in capable if selects(spec, node))
    usable = tuple(node for node in selected if node.ready and not node.cordoned and not untolerated(spec, node))
    taken = {pod.node for pod in observed.pods if group is not None and pod.group == group and pod.node}
    free = tuple(node for node in usable if node.name not in taken and free_gpus(observed, node) >= gpus)
    return Placement(gpus, observed.nodes, capable, selected, usable, free)


def free_gpus(observed: ObservedDeployment, node: Node) -> int:
    """GPUs that no pod requests; all of them when other pods cannot be read."""
    held = sum(requested(pod, names.GPU_RESOURCE) for pod in observed.snapshot.get("load") if on(pod, node))
    return int(node.gpus - held)


def holders(observed: ObservedDeployment, nodes: Iterable[Node]) -> list[str]:
    """Which pods hold GPUs of these nodes, and how many, in words."""
    found = []
    for node in nodes:
        for pod in observed.snapshot.get("load"):
            count = int(requested(pod, names.GPU_RESOURCE))
            if count and on(pod, node):
                meta = pod["metadata"]
                found.append(f"{node.name}: {count} of {node.gpus} GPUs are held by {meta['namespace']}/{meta['name']}")
    return found


def on(pod: Json, node: Node) -> bool:
    """Whether the scheduler has placed the pod on the node."""
    return bool(pod["spec"].get("nodeName") == node.name)


def selects(spec: Json, node: Node) -> bool:
    """Whether nodeSelector and the required node affinity allow the node."""
    if any(node.labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    terms = required["nodeSelectorTerms"] if required else None
    return terms is None or any(_matches(term, node) for term in terms)


def _matches(term: Json, node: Node) -> bool:
    expressions = term.get("matchExpressions") or []
    fields = term.get("matchFields") or []
    if not expressions and not fields:
        return False
    named = {"metadata.name": node.name}
    return all(_holds(e, node.labels) for e in expressions) and all(_holds(f, named) for f in fields)


def _holds(expression: Json, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" as operator:
            if value is None or not value.lstrip("-").isdigit():
                return False
            return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])
    return True


def untolerated(spec: Json, node: Node) -> list[str]:
    """Taints of the node that keep the pod away."""
    tolerations = spec.get("tolerations") or []
    hard = [taint for taint in node.taints if taint.get("effect") in ("NoSchedule", "NoExecute")]
    return [spelled(taint) for taint in hard if not any(_tolerates(each, taint) for each in tolerations)]


def spelled(taint: Json) -> str:
    """A taint as `kubectl taint` spells it: key=value:effect, or key:effect without a value."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _tolerates(toleration: Json, taint: Json) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if not toleration.get("key"):
        return bool(toleration.get("operator") == "Exists")
    if toleration["key"] != taint["key"]:
        return False
    return toleration.get("operator") == "Exists" or (toleration.get("value") or "") == (taint.get("value") or "")


def differs(spec: Json, nodes: Iterable[Node]) -> list[str]:
    """What the selector wants and what the nodes have instead."""
    lines = []
    found = list(nodes)
    for key, wanted in (spec.get("nodeSelector") or {}).items():
        there = sorted({node.labels.get(key, "no such label") for node in found})
        if there != [wanted]:
            lines.append(f"nodeSelector {key}={wanted}; nodes with GPUs have: {', '.join(there)}")
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    if affinity.get("requiredDuringSchedulingIgnoredDuringExecution"):
        lines.append("a required nodeAffinity stands beside it")
    return lines


def gpus_of(pod: Pod) -> int:
    """How many GPUs the containers of a pod request together."""
    return int(pod.asks_for(names.GPU_RESOURCE))
