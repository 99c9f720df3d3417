"""Rules on memory: whether the weights fit, and then one sequence of the longest context."""

from collections.abc import Iterator

from nim_stack.base.problems import Finding, choices
from nim_stack.base.quantity import Quantity
from nim_stack.catalog.entries import Checkpoint, GpuSpec
from nim_stack.deployment.layout import ASSUMED_GPU
from nim_stack.deployment.memory import GIB, estimate
from nim_stack.deployment.resolution import Resolution
from nim_stack.deployment.split import choose
from nim_stack.manifests.pods import ROLES
from nim_stack.rules.precision import runs
from nim_stack.rules.registry import GPU, MODEL, SIZES, rule, split_is_known

_READS = SIZES | MODEL | GPU | {"nim.passthroughArgs", "nim.maxModelLen"}
_MOST_NODES = 64


@rule(
    "NIM042",
    "The weights do not fit into the GPUs",
    cause="Each GPU holds its part of the weights, and vLLM needs room beside them for activations, communication "
    "buffers and CUDA graphs. What is then left of the share that vLLM may use must hold the KV cache.",
    cure="Use more nodes, a smaller precision, or GPUs with more memory.",
    reads=_READS,
    applies=split_is_known,
)
def weights(resolved: Resolution) -> Iterator[Finding]:
    memory, gpu, model = resolved.memory, resolved.layout.planned_gpu, resolved.model.spec
    if memory is None or gpu is None or model is None or memory.fits or resolved.model.checkpoint is None:
        return
    elsewhere = _gpus_that_hold(resolved)
    if resolved.layout.gpu is None and elsewhere:
        return
    why = (
        f"{model.name} in {resolved.model.checkpoint.precision} takes {memory.weights / GIB:.1f} GiB of weights on "
        f"each GPU and {memory.needed / GIB:.1f} GiB with what vLLM needs beside them, and {gpu.name} has "
        f"{memory.budget / GIB:.1f} GiB for both and the KV cache"
    )
    ways = [*_nodes_that_hold(resolved, gpu), *_precisions_that_fit(resolved, gpu)]
    ways += [f"nim.gpu {name}" for name in elsewhere]
    instead = f"Use {choices(ways)}." if ways else "Use more nodes, or another model."
    yield Finding("nim.nodes", resolved.layout.nodes, why, instead)


@rule(
    "NIM043",
    "Not one sequence of the longest context fits",
    cause="vLLM refuses to start when the KV cache cannot hold one sequence of --max-model-len.",
    cure="Set a smaller maxModelLen, or use more nodes or GPUs with more memory.",
    reads=_READS,
    applies=split_is_known,
)
def cache(resolved: Resolution) -> Iterator[Finding]:
    memory, gpu, length = resolved.memory, resolved.layout.planned_gpu, resolved.context_length
    if memory is None or gpu is None or length is None or not memory.fits or memory.tokens >= length:
        return
    if resolved.layout.gpu is None and _gpus_that_hold(resolved, length):
        return
    why = (
        f"the KV cache has room for {memory.tokens} tokens on {gpu.name}, and one sequence of the longest context "
        f"takes {length}"
    )
    ways = [f"1 to {memory.tokens}", *_nodes_that_hold(resolved, gpu, length)]
    ways += [f"nim.gpu {name}" for name in _gpus_that_hold(resolved, length)]
    yield Finding("nim.maxModelLen", resolved.settings.max_model_len, why, f"Use {choices(ways)}.")


@rule(
    "NIM044",
    "The context is longer than the model was made for",
    cause="Positions beyond those of the training give text without sense, and vLLM refuses them.",
    cure="Use at most the context length of the model.",
    reads=frozenset({"nim.model", "nim.catalog"}),
)
def too_long(resolved: Resolution) -> Iterator[Finding]:
    given, model = resolved.settings.max_model_len, resolved.model.spec
    if given is not None and model is not None and given > model.architecture.context_length:
        most = model.architecture.context_length
        yield Finding("nim.maxModelLen", given, f"{model.name} was made for {most} tokens", f"Use 1 to {most}.")


@rule(
    "NIM045",
    "Without a GPU type the memory is not sure",
    cause=f"A stack that names no GPU type is planned for {ASSUMED_GPU}, where it does not fit. It may run on others.",
    cure="Set gpu, so that the memory is judged for it and its nodes are selected.",
    severity="warning",
    reads=_READS,
    applies=split_is_known,
)
def assumed(resolved: Resolution) -> Iterator[Finding]:
    if resolved.settings.gpu is not None or resolved.memory is None or resolved.context_length is None:
        return
    holding = _gpus_that_hold(resolved, resolved.context_length)
    if resolved.memory.tokens < resolved.context_length and holding:
        why = f"no GPU type is named, and the model does not fit on {ASSUMED_GPU}, which is then assumed"
        yield Finding("nim.gpu", None, why, f"Set it to {choices(holding)}.")


@rule(
    "NIM046",
    "Shared memory takes all memory of the pod",
    cause="/dev/shm is memory, and counts against the limit of the pod.",
    cure="Set resources.memory well above resources.shm; loading needs memory for the files as well.",
    reads=frozenset({"nim.resources", "nim.pods"}),
)
def shared(resolved: Resolution) -> Iterator[Finding]:
    both, pods = resolved.settings.resources, resolved.settings.pods
    for path, own in (("resources", None), *((f"pods.{role}.resources", pods.of(role).resources) for role in ROLES)):
        resources = both.overridden(own)
        if (path != "resources" and own is None) or resources.memory is None:
            continue
        if Quantity.parse(resources.shm) >= Quantity.parse(resources.memory):
            why = f"{path}.shm = {resources.shm} is part of this memory and leaves nothing of it"
            instead = f"Use more than {resources.shm}, or a smaller {path}.shm."
            yield Finding(f"nim.{path}.memory", resources.memory, why, instead)


def _gpus_that_hold(resolved: Resolution, tokens: int = 1) -> list[str]:
    """GPU types on which the same plan has room for so many tokens."""
    held = []
    for name, gpu in sorted(resolved.catalog.gpus.items()):
        memory = resolved.memory_on(gpu)
        if gpu is resolved.layout.planned_gpu or memory is None or memory.tokens < tokens:
            continue
        if resolved.model.checkpoint is not None and runs(gpu, resolved.model.checkpoint):
            held.append(name)
    return held


def _nodes_that_hold(resolved: Resolution, gpu: GpuSpec, tokens: int = 1) -> list[str]:
    """The least number of nodes of this type that is enough."""
    for nodes in range(resolved.layout.nodes + 1, min(8 * resolved.layout.nodes, _MOST_NODES) + 1):
        if resolved.model.checkpoint is not None and _tokens(resolved, gpu, resolved.model.checkpoint, nodes) >= tokens:
            return [f"{nodes} nodes or more" if tokens == 1 else f"nim.nodes {nodes}"]
    return []


def _precisions_that_fit(resolved: Resolution, gpu: GpuSpec) -> list[str]:
    """Other checkpoints of the model that the same nodes hold."""
    if resolved.model.spec is None:
        return []
    return [
        f"nim.precision {other.precision}" if resolved.model.named else f"hf://{other.huggingface}"
        for other in resolved.model.spec.checkpoints
        if other is not resolved.model.checkpoint
        and runs(gpu, other)
        and _tokens(resolved, gpu, other, resolved.layout.nodes) > 0
    ]


def _tokens(resolved: Resolution, gpu: GpuSpec, checkpoint: Checkpoint, nodes: int) -> int:
    """Room for KV cache with these nodes, under the split that would be chosen."""
    model = resolved.model.spec
    assert model is not None
    split = choose(
        model,
        checkpoint,
        resolved.layout.fabric,
        nodes,
        resolved.layout.gpus_per_node,
        None,
        None,
        resolved.layout.expert_parallel,
    )
    if split.pipeline > model.architecture.layers or split.tensor > model.architecture.attention_heads:
        return 0
    memory = estimate(model.architecture, checkpoint, split.tensor, split.pipeline, gpu.memory, resolved.engine)
    return memory.tokens
