"""How a model can be split, and how it is split when a stack does not say.

vLLM enforces the divisions when it starts, an hour later: attention heads by tensor parallel in its model
configuration, KV heads and sizes in the code of each model, layers by pipeline parallel.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

from nim_stack.catalog.entries import Architecture, Checkpoint, FabricSpec, GpuSpec, ModelSpec

FALLBACK_GPUS_PER_NODE = 8


@dataclass(frozen=True)
class Split:
    """The two parallel sizes, and why they are so."""

    tensor: int
    pipeline: int
    reason: str


def divides_heads(shape: Architecture, tensor: int) -> bool:
    """Attention heads and KV heads: split evenly, or each KV head stored on equally many GPUs."""
    kv = shape.kv_heads
    return shape.attention_heads % tensor == 0 and (kv is None or kv % tensor == 0 or tensor % kv == 0)


def divides_sizes(shape: Architecture, tensor: int) -> bool:
    """Rows and columns of the weights."""
    return shape.hidden % tensor == 0 and (shape.experts is None or shape.experts.intermediate % tensor == 0)


def scale_remainder(shape: Architecture, checkpoint: Checkpoint, tensor: int) -> int | None:
    """Largest block that both an FP8 scale and a rank's part of an expert consist of, when that is not a whole block.

    Each rank holds `intermediate / tensor` rows of an expert, and a scale belongs to a block of rows.
    """
    if checkpoint.scale_block is None or shape.experts is None or shape.experts.intermediate % tensor:
        return None
    part = shape.experts.intermediate // tensor
    return None if part % checkpoint.scale_block == 0 else gcd(part, checkpoint.scale_block)


def tensor_sizes(shape: Architecture, limit: int) -> Iterator[int]:
    """Every size of tensor parallel that divides the model, up to the limit."""
    for size in range(1, min(limit, shape.attention_heads) + 1):
        if divides_heads(shape, size) and divides_sizes(shape, size):
            yield size


def choose(
    model: ModelSpec | None,
    checkpoint: Checkpoint | None,
    fabric: FabricSpec | None,
    nodes: int,
    gpus_per_node: int,
    tensor: int | None,
    pipeline: int | None,
    expert_parallel: bool,
) -> Split:
    """The split: as given, else tensor parallel inside the node and pipeline parallel between nodes.

    Tensor parallel talks at every layer and pipeline parallel once a stage, so the first gets the fast links.
    """
    gpus = nodes * gpus_per_node
    if tensor is not None and pipeline is not None:
        return Split(tensor, pipeline, "as the settings say")
    if tensor is not None:
        rest = gpus // tensor if gpus % tensor == 0 else nodes
        return Split(tensor, max(rest, 1), f"tensor parallel as given; {gpus} GPUs / {tensor} = {rest} stages")
    if pipeline is not None:
        rest = gpus // pipeline if gpus % pipeline == 0 else gpus_per_node
        return Split(max(rest, 1), pipeline, f"pipeline parallel as given; {gpus} GPUs / {pipeline} = {rest}")
    together = gpus if fabric is not None and fabric.nvlink else gpus_per_node
    if model is None or checkpoint is None:
        return Split(gpus_per_node, nodes, "the GPUs of a node × the nodes; the model's shape is not known")
    size = _largest(model, checkpoint, together, gpus, expert_parallel)
    why = f"the GPUs of a node, which {model.name} can be divided by"
    if together != gpus_per_node:
        why = "NVLink joins the nodes, so that tensor parallel spans them"
    if size != together:
        why = f"the largest size up to {together} that {model.name} can be divided by and that leaves whole stages"
    return Split(size, gpus // size, f"tensor parallel {size}: {why}; pipeline parallel {gpus // size}: the rest")


def _largest(model: ModelSpec, checkpoint: Checkpoint, together: int, gpus: int, expert_parallel: bool) -> int:
    """Largest tensor parallel size that breaks no rule; when there is none, the one of the GPUs of a node, so that the
    rules say what is wrong."""
    shape = model.architecture
    for size in range(min(together, shape.attention_heads), 0, -1):
        stages = gpus // size
        if gpus % size or together % size or stages > shape.layers or (stages > 1 and not model.pipeline_parallel):
            continue
        if not divides_heads(shape, size) or not divides_sizes(shape, size):
            continue
        if not expert_parallel and scale_remainder(shape, checkpoint, size) is not None:
            continue
        return size
    return together


def gpus_of_a_node(gpu: GpuSpec | None) -> int:
    """GPUs of a usual node of this type; without a type those of most nodes."""
    return gpu.per_node if gpu else FALLBACK_GPUS_PER_NODE
