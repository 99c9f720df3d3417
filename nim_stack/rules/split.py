"""Rules on splitting a model: what vLLM enforces when it starts, an hour later."""

from collections.abc import Iterator
from math import gcd

from nim_stack.base.problems import Finding, choices
from nim_stack.catalog.entries import ModelSpec
from nim_stack.deployment.resolution import Resolution
from nim_stack.deployment.split import divides_heads, divides_sizes, scale_remainder, tensor_sizes
from nim_stack.rules.registry import MODEL, SIZES, rule, split_is_known

_LEAST_BLOCK = 32
"""vLLM from 0.32 on refines scales to blocks of at least this many rows (fused_moe/oracle/fp8.py)."""


def _sizes(model: ModelSpec, limit: int = 4096) -> str:
    return f"Use {choices(tensor_sizes(model.architecture, limit))}."


@rule(
    "NIM023",
    "Tensor parallel does not divide the heads",
    cause="Each rank holds equally many attention heads; KV heads are split as well, or each is stored on equally many "
    "ranks. vLLM refuses any other size when it starts.",
    cure="Use a size that divides the attention heads, and that divides the KV heads or is a multiple of them.",
    reads=SIZES | MODEL,
    applies=split_is_known,
)
def heads(resolved: Resolution) -> Iterator[Finding]:
    model = resolved.model.spec
    if model is None or divides_heads(model.architecture, resolved.layout.split.tensor):
        return
    shape = model.architecture
    kv = f" and {shape.kv_heads} KV heads" if shape.kv_heads else ""
    ranks = f"which cannot be split equally among {resolved.layout.split.tensor} ranks"
    why = f"{model.name} has {shape.attention_heads} attention heads{kv}, {ranks}"
    yield Finding(_path(resolved), _given(resolved), why, _sizes(model))


@rule(
    "NIM024",
    "Tensor parallel does not divide the weights",
    cause="Each rank holds equally many rows or columns of every weight.",
    cure="Use a size that divides the hidden size and the intermediate size of the experts.",
    reads=SIZES | MODEL,
    applies=split_is_known,
)
def sizes(resolved: Resolution) -> Iterator[Finding]:
    model = resolved.model.spec
    if model is None or not divides_heads(model.architecture, resolved.layout.split.tensor):
        return
    if divides_sizes(model.architecture, resolved.layout.split.tensor):
        return
    shape = model.architecture
    experts = f" and experts of {shape.experts.intermediate}" if shape.experts else ""
    ranks = f"which cannot be split equally among {resolved.layout.split.tensor} ranks"
    why = f"{model.name} has a hidden size of {shape.hidden}{experts}, {ranks}"
    yield Finding(_path(resolved), _given(resolved), why, _sizes(model))


@rule(
    "NIM025",
    "There are more stages than layers",
    cause="Each pipeline stage holds at least one layer.",
    cure="Use at most as many stages as the model has layers.",
    reads=SIZES | MODEL,
    applies=split_is_known,
)
def layers(resolved: Resolution) -> Iterator[Finding]:
    model = resolved.model.spec
    if model is not None and resolved.layout.split.pipeline > model.architecture.layers:
        why = f"{model.name} has {model.architecture.layers} layers, and a stage needs at least one"
        instead = f"Use 1 to {model.architecture.layers}."
        yield Finding(_path(resolved, "pipelineParallel"), _given(resolved, pipeline=True), why, instead)


@rule(
    "NIM026",
    "The model cannot be split into stages",
    cause="vLLM's implementation of the model has no pipeline parallel.",
    cure="Use pipelineParallel 1, and as many GPUs as tensor parallel can have.",
    reads=SIZES | MODEL,
    applies=split_is_known,
)
def stages(resolved: Resolution) -> Iterator[Finding]:
    model = resolved.model.spec
    if model is not None and not model.pipeline_parallel and resolved.layout.split.pipeline > 1:
        sizes = choices(tensor_sizes(model.architecture, 4096))
        why = f"vLLM cannot split {model.name} into stages"
        instead = f"Use 1, with tensorParallel {sizes}."
        yield Finding(_path(resolved, "pipelineParallel"), _given(resolved, pipeline=True), why, instead)


@rule(
    "NIM027",
    "An FP8 block of the experts is cut",
    cause="Each rank holds a part of each expert, and one scale belongs to a whole block. vLLM before 0.32, which "
    "the NIM 2.0 images have, refuses a part that is no whole number of blocks; later releases refuse one whose blocks "
    "would have fewer than 32 rows.",
    cure="Use a smaller tensorParallel with more stages, or --enable-expert-parallel in passthroughArgs, which keeps "
    "experts whole.",
    reads=SIZES | MODEL | {"nim.passthroughArgs"},
    applies=split_is_known,
)
def block_cut(resolved: Resolution) -> Iterator[Finding]:
    remainder = _cut(resolved)
    if remainder is not None and (remainder < _LEAST_BLOCK or resolved.image.is_nim_2_0):
        yield _cut_finding(resolved, "the vLLM of the image refuses that")


@rule(
    "NIM028",
    "An FP8 block of the experts is refined",
    cause="As NIM027, but vLLM from 0.32 on splits the scales, and then has slower kernels to choose from.",
    cure="Use a smaller tensorParallel with more stages, or --enable-expert-parallel in passthroughArgs.",
    severity="warning",
    reads=SIZES | MODEL | {"nim.passthroughArgs"},
    applies=split_is_known,
)
def block_refined(resolved: Resolution) -> Iterator[Finding]:
    remainder = _cut(resolved)
    if remainder is not None and remainder >= _LEAST_BLOCK and not resolved.image.is_nim_2_0:
        yield _cut_finding(resolved, "vLLM before 0.32 refuses that, and vLLM from 0.32 on is slower with it")


def _cut(resolved: Resolution) -> int | None:
    if resolved.model.spec is None or resolved.model.checkpoint is None or resolved.layout.expert_parallel:
        return None
    return scale_remainder(resolved.model.spec.architecture, resolved.model.checkpoint, resolved.layout.split.tensor)


def _cut_finding(resolved: Resolution, consequence: str) -> Finding:
    model, checkpoint = resolved.model.spec, resolved.model.checkpoint
    assert model is not None
    assert checkpoint is not None
    assert model.architecture.experts is not None
    width, block = model.architecture.experts.intermediate, checkpoint.scale_block
    cut = f"{resolved.layout.split.tensor} ranks would cut these blocks"
    why = f"each expert of {model.name} has {width} rows with one FP8 scale for each {block}, and {cut}; {consequence}"
    whole = [
        size
        for size in tensor_sizes(model.architecture, gcd(width, 4096))
        if scale_remainder(model.architecture, checkpoint, size) is None
    ]
    instead = f"Use {choices(whole)}, or add --enable-expert-parallel to nim.passthroughArgs."
    return Finding(_path(resolved), _given(resolved), why, instead)


def _path(resolved: Resolution, setting: str = "tensorParallel") -> str:
    """A split that comes from a profile is changed by another profile."""
    return "nim.profile" if resolved.settings.profile else f"nim.{setting}"


def _given(resolved: Resolution, *, pipeline: bool = False) -> object:
    if resolved.settings.profile:
        return resolved.settings.profile
    return resolved.layout.split.pipeline if pipeline else resolved.layout.split.tensor
