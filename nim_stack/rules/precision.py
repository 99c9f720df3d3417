"""Rules on precision against GPU."""

from collections.abc import Iterator

from nim_stack.base.problems import Finding, choices
from nim_stack.catalog.entries import Checkpoint, GpuSpec
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import GPU, MODEL, rule


def runs(gpu: GpuSpec, checkpoint: Checkpoint) -> bool:
    """Whether this GPU type can serve this checkpoint at all."""
    known = checkpoint.precision in (*gpu.native, *gpu.weight_only)
    return known and (checkpoint.scale_block is None or gpu.block_fp8)


@rule(
    "NIM040",
    "The GPU cannot serve that precision",
    cause="There is no kernel for the checkpoint's weights on this type of GPU.",
    cure="Use another precision of the model, or another GPU type.",
    reads=GPU | MODEL,
)
def unsupported(resolved: Resolution) -> Iterator[Finding]:
    gpu, checkpoint, model = resolved.layout.gpu, resolved.model.checkpoint, resolved.model.spec
    if gpu is None or checkpoint is None or model is None or runs(gpu, checkpoint):
        return
    block = " with one scale for each block" if checkpoint.scale_block else ""
    why = f"{gpu.name} cannot serve {model.name} in {checkpoint.precision}{block}"
    others = [f"nim.precision {other.precision}" for other in model.checkpoints if runs(gpu, other)]
    others += [f"nim.gpu {name}" for name, other in sorted(resolved.catalog.gpus.items()) if runs(other, checkpoint)]
    instead = f"Use {choices(others)}." if others else "Use another model."
    yield Finding("nim.precision", checkpoint.precision, why, instead)


@rule(
    "NIM041",
    "The GPU holds that precision and computes in 16 bits",
    cause="Without units for the precision, the weights are expanded while they are used: they take less memory, and "
    "computing is not faster.",
    cure="None is needed. A GPU type with that precision computes faster.",
    severity="warning",
    reads=GPU | MODEL,
)
def weight_only(resolved: Resolution) -> Iterator[Finding]:
    gpu, checkpoint = resolved.layout.gpu, resolved.model.checkpoint
    if gpu is None or checkpoint is None or not runs(gpu, checkpoint) or checkpoint.precision in gpu.native:
        return
    native = [name for name, other in sorted(resolved.catalog.gpus.items()) if checkpoint.precision in other.native]
    why = f"{gpu.name} holds weights in {checkpoint.precision} and computes in 16 bits, which saves memory and no time"
    instead = f"Use {choices(native)} to save time as well." if native else "No GPU type of the catalogue saves time."
    yield Finding("nim.gpu", gpu.name, why, instead)
