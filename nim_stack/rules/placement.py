"""Rules on where the pods run: topology, queues, the network of the node."""

from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.deployment.resolution import Resolution
from nim_stack.deployment.split import gpus_of_a_node
from nim_stack.manifests.placement import SCHEDULERS
from nim_stack.rules.pods import PODS
from nim_stack.rules.registry import SIZES, rule

_PRIVILEGED_PORTS = 1024


@rule(
    "NIM117",
    "One node for a whole group",
    cause="Exclusive topology puts all pods of a group into one domain of the label. The domain of the host name is "
    "one node, while the pods of a group each need a node of their own, so that workers would stay pending.",
    cure="Use the label of something larger than a node, such as a rack, or leave it out: pods of a group are on "
    "different nodes anyway.",
    reads=SIZES | PODS,
)
def exclusive_node(resolved: Resolution) -> Iterator[Finding]:
    topology, nodes = resolved.settings.pods.exclusive_topology, resolved.layout.nodes
    if topology == names.HOSTNAME_LABEL and nodes > 1:
        why = f"it is the label of one node, and the {nodes} pods of a group are on {nodes} nodes"
        yield Finding("nim.pods.exclusiveTopology", topology, why, "Use the label of a rack or block, or leave it out.")


@rule(
    "NIM119",
    "The queue is that of another scheduler",
    cause="Queues of KAI and Volcano are read by their own schedulers. Under another one the queue has no effect.",
    cure="Leave schedulerName out, unless the scheduler is installed under that name.",
    severity="warning",
    reads=PODS,
)
def scheduler(resolved: Resolution) -> Iterator[Finding]:
    pods = resolved.settings.pods
    usual = SCHEDULERS.get(pods.queue.kind) if pods.queue else None
    if usual is not None and pods.scheduler_name not in (None, usual):
        why = f"the queue is read by {usual}"
        instead = f"Leave it out unless {usual} is installed under this name."
        yield Finding("nim.pods.schedulerName", pods.scheduler_name, why, instead)


@rule(
    "NIM120",
    "LWS makes no PodGroups for Volcano",
    cause="Volcano admits a group as a whole by its PodGroup, which LWS makes when its configuration says so "
    "(gangSchedulingManagement.schedulerProvider: volcano). The release manifest does not say so, and then each pod is "
    "placed on its own.",
    cure="Install an LWS with that configuration and use lws: existing, or another kind of queue.",
    severity="warning",
    reads=PODS | {"nim.lws"},
)
def volcano(resolved: Resolution) -> Iterator[Finding]:
    queue = resolved.settings.pods.queue
    if queue is not None and queue.kind == "volcano" and resolved.settings.lws.mode == "install":
        why = "the LWS release that the stack installs makes no PodGroups, so that pods are placed one by one"
        instead = "Use lws: existing with an LWS whose gangSchedulingManagement.schedulerProvider is volcano."
        yield Finding("nim.pods.queue.kind", queue.kind, why, instead)


@rule(
    "NIM121",
    "Kueue and groups beside the wanted ones",
    cause="Before 0.16 Kueue does not admit the groups that an update adds, so that the update does not end "
    "(kubernetes-sigs/kueue#8769); and the queue's quota must hold them.",
    cure="Use Kueue 0.16 or newer with a quota for them, or maxSurge 0.",
    severity="warning",
    reads=PODS | {"nim.rollout"},
)
def surge_in_queue(resolved: Resolution) -> Iterator[Finding]:
    queue, surge = resolved.settings.pods.queue, resolved.settings.rollout.max_surge
    if queue is not None and queue.kind == "kueue" and surge > 0:
        why = "Kueue before 0.16 never admits the groups that an update adds"
        instead = f"Use Kueue 0.16 or newer with room in the queue {queue.name}, or set maxSurge to 0."
        yield Finding("nim.rollout.maxSurge", surge, why, instead)


@rule(
    "NIM128",
    "A port of the node that only root may use",
    cause="On the node's network ports below 1024 belong to root, and the model's processes run as another user.",
    cure="Use a port from 1024.",
    reads=PODS | {"nim.ports"},
)
def root_port(resolved: Resolution) -> Iterator[Finding]:
    ports = resolved.settings.ports
    for name, port in (("server", ports.server), ("ray", ports.ray)):
        if resolved.settings.pods.host_network and port < _PRIVILEGED_PORTS:
            why = "with pods.hostNetwork it is a port of the node, and there only root may use a port this low"
            yield Finding(f"nim.ports.{name}", port, why, f"Use a port from {_PRIVILEGED_PORTS}.")


@rule(
    "NIM129",
    "Groups cannot share a node's ports",
    cause="On the node's network two groups would listen on the same ports, so that the scheduler keeps their pods on "
    "different nodes, even where GPUs are left.",
    cure="None is needed with a node for each pod; else use the pod network.",
    severity="warning",
    reads=SIZES | PODS | {"nim.replicas"},
)
def shared_ports(resolved: Resolution) -> Iterator[Finding]:
    replicas, here = resolved.settings.most_groups, resolved.layout.gpus_per_node
    if resolved.settings.pods.host_network and replicas > 1 and 2 * here <= gpus_of_a_node(resolved.layout.gpu):
        why = f"the GPUs of a node suffice for two pods ({here} each), and two pods cannot have the same ports there"
        instead = f"Have {resolved.layout.nodes * replicas} nodes for {replicas} groups, or leave it out."
        yield Finding("nim.pods.hostNetwork", True, why, instead)
