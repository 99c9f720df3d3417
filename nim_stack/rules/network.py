"""Rules on the network between the nodes of a group."""

from collections.abc import Iterator

from nim_stack.base.problems import Finding, choices
from nim_stack.catalog.entries import FabricSpec
from nim_stack.deployment.layout import ASSUMED_FABRIC
from nim_stack.deployment.resolution import Resolution
from nim_stack.deployment.traffic import ceiling, traffic
from nim_stack.rules.registry import MODEL, SIZES, rule, split_is_known


def spans_nodes_without_rdma(tensor: int, gpus_per_node: int, fabric: FabricSpec | None) -> bool:
    """Whether tensor parallel has to go over sockets; a stack that names no fabric is taken to have no better one."""
    return tensor > gpus_per_node and not (fabric and fabric.rdma)


@rule(
    "NIM030",
    "Tensor parallel spans nodes without RDMA",
    cause="Tensor parallel exchanges activations twice in every layer, for each token. Over TCP that costs most of the "
    "speed: all-reduces take longer than the computation between them.",
    cure="Set a fabric with RDMA where the nodes have one, or tensorParallel to the GPUs of a node with more stages.",
    severity="warning",
    reads=SIZES | MODEL,
    applies=split_is_known,
)
def tensor_over_tcp(resolved: Resolution) -> Iterator[Finding]:
    tensor, fabric = resolved.layout.split.tensor, resolved.layout.fabric
    if fabric is None or not spans_nodes_without_rdma(tensor, resolved.layout.gpus_per_node, fabric):
        return
    nodes = -(-tensor // resolved.layout.gpus_per_node)
    network = f"over {fabric.name}" if resolved.settings.fabric else f"over {ASSUMED_FABRIC}, as no fabric is named"
    why = f"it spans {nodes} nodes {network}, and every token crosses the network many times"
    if resolved.model.spec is not None:
        load = traffic(resolved.model.spec.architecture)
        why += (
            f": at least {load.tensor / 1e6:.2f} MB of each token, against {load.pipeline / 1e6:.3f} MB between two "
            f"stages; {fabric.gigabits:g} Gbit/s let {ceiling(load.tensor, fabric):.0f} tokens a second through"
        )
    with_rdma = [name for name, other in sorted(resolved.catalog.fabrics.items()) if other.rdma]
    instead = (
        f"Without RDMA between the nodes, tensorParallel {resolved.layout.gpus_per_node} with pipelineParallel "
        f"{resolved.layout.nodes} is faster; with RDMA, set "
        f"nim.fabric to {choices(with_rdma)}."
    )
    yield Finding("nim.tensorParallel", tensor, why, instead)


@rule(
    "NIM031",
    "Tensor parallel groups straddle nodes",
    cause="Ranks are placed node by node. When neither size divides the other, some groups of ranks that talk at every "
    "layer lie on two nodes.",
    cure="Use a tensorParallel that divides gpusPerNode or is a multiple of it.",
    severity="warning",
    reads=SIZES,
    applies=split_is_known,
)
def straddling(resolved: Resolution) -> Iterator[Finding]:
    tensor, here = resolved.layout.split.tensor, resolved.layout.gpus_per_node
    if resolved.layout.nodes > 1 and here % tensor and tensor % here:
        why = f"with {here} GPUs per node, some tensor parallel groups lie on two nodes"
        yield Finding("nim.tensorParallel", tensor, why, f"Use a divisor or a multiple of {here}.")


@rule(
    "NIM032",
    "The pod asks for more GPUs than a usual node has",
    cause="A pod cannot span nodes, so that one that asks for more GPUs than any node has stays pending.",
    cure="Use at most the GPUs of a node, and more nodes.",
    severity="warning",
    reads=SIZES,
)
def node_size(resolved: Resolution) -> Iterator[Finding]:
    gpu = resolved.layout.gpu
    if gpu is not None and resolved.layout.gpus_per_node > gpu.per_node:
        why = f"a usual node has {gpu.per_node} {gpu.name}, and a pod that asks for more stays pending"
        yield Finding(
            "nim.gpusPerNode", resolved.layout.gpus_per_node, why, f"Use 1 to {gpu.per_node}, and more nodes."
        )
