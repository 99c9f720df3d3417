"""Failures of nodes: a node that is silent, pods that do not leave a node, and pods that a node has evicted."""

from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.operations.diagnosis.failure import failure, sign
from nim_stack.operations.diagnosis.observed import ObservedDeployment, stated
from nim_stack.operations.diagnosis.placement import placement
from nim_stack.operations.diagnosis.view import condition, requested

SILENT_SECONDS = 25.0
"""A kubelet renews its lease every 10 s; the cluster waits 40 s before it calls a node not ready (Kubernetes,
node-monitor-grace-period)."""


@failure(
    "node-not-ready",
    "A node has stopped answering",
    cause="Its kubelet is silent: the machine is off, frozen, or cut off. Its pods count as running for a while, and "
    "stay Terminating until it comes back or is removed.",
    cure="Bring the node back; or delete the Node object (or taint it node.kubernetes.io/out-of-service) so that its "
    "pods are made elsewhere.",
)
def node_not_ready(observed: ObservedDeployment) -> Iterator[Finding]:
    ours = {pod.node for pod in observed.pods if pod.node}
    wanted = _wanted(observed)
    leases = {item["metadata"]["name"]: item["spec"].get("renewTime") for item in observed.snapshot.get("leases")}
    for node in observed.nodes:
        silent = observed.age(leases.get(node.name))
        here = [pod.name for pod in observed.pods if pod.node == node.name]
        if not (node.name in ours or node.name in wanted) or (node.ready and silent < SILENT_SECONDS):
            continue
        evidence = [f"node {node.name}: no heartbeat for {silent:.0f} s"] if silent >= SILENT_SECONDS else []
        if not node.ready:
            found = condition(node.raw, "Ready")
            words = stated(found.get("message", ""))
            evidence.append(f"node {node.name}: Ready is {found.get('status', 'unknown')}: {words}")
        if here:
            evidence.append(f"pods there: {', '.join(here)}")
        do = f"Bring {node.name} back. If it is gone for good: `kubectl delete node {node.name}`, and the group moves."
        yield sign(f"node {node.name} does not answer", tuple(evidence), do)


def _wanted(observed: ObservedDeployment) -> set[str]:
    """Nodes that a pod without one could run on, where too few others are left for a group."""
    unplaced = [pod for pod in observed.pods if not pod.node]
    if observed.group is None or not (unplaced or observed.missing):
        return set()
    template = observed.group["spec"]["leaderWorkerTemplate"]
    spec = unplaced[0].spec if unplaced else (template.get("leaderTemplate") or template["workerTemplate"])["spec"]
    found = placement(observed, spec, int(requested({"spec": spec}, names.GPU_RESOURCE)))
    return {node.name for node in found.selected} if len(found.usable) < observed.size else set()


@failure(
    "stuck-terminating",
    "Old pods do not go",
    cause="A pod is Terminating for longer than its grace period: its node does not answer, or a finalizer holds it. "
    "The group is made anew only when all its pods have gone, and they hold their GPUs meanwhile.",
    cure="See the node first; then what finalizers the pod has.",
)
def stuck(observed: ObservedDeployment) -> Iterator[Finding]:
    late = [pod for pod in observed.pods if pod.deleting_since and observed.age(pod.deleting_since) > 60]
    for pod in late:
        node = observed.node(pod.node)
        if node is not None and not node.ready:
            continue
        holds = ", ".join(pod.raw["metadata"].get("finalizers") or []) or "none"
        seen = f"{pod.name} should have gone {observed.age(pod.deleting_since):.0f} s ago; finalizers: {holds}"
        yield sign(f"{pod.name} is Terminating and does not go", (seen,), f"See node {pod.node} and its kubelet's log.")


@failure(
    "evicted",
    "A node evicted the pods",
    cause="The node ran short of memory, disk or process ids, or a pod used more than its limit of ephemeral storage.",
    cure="The message says what ran short; give the pods a request for it, or the node more of it.",
)
def evicted(observed: ObservedDeployment) -> Iterator[Finding]:
    seen = [f"{pod.name}: {stated(pod.raw['status'].get('message', ''))}" for pod in observed.everyone
            if pod.raw["status"].get("reason") == "Evicted"]  # fmt: skip
    seen += [str(event) for event in observed.recent("Evicted", seconds=900)]
    seen = [text for text in seen if "ephemeral" not in text and "EmptyDir" not in text]  # disk-full says so
    if seen:
        yield sign(
            "pods were evicted from their node", tuple(dict.fromkeys(seen)), "See what the message says ran short."
        )
