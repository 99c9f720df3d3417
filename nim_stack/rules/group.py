"""Rules on the size of a group: nodes and GPUs against the two parallel sizes."""

from collections.abc import Iterator

from nim_stack.base.problems import Finding, choices
from nim_stack.deployment.resolution import Resolution
from nim_stack.deployment.split import divides_heads, divides_sizes
from nim_stack.rules.registry import SIZES, rule, split_is_known

_MOST_LISTED = 4096


@rule(
    "NIM020",
    "The number of nodes is not known",
    cause="It follows from nothing else: neither from a profile's name nor from the two parallel sizes.",
    cure="Set nodes, or tensorParallel and pipelineParallel.",
    reads=SIZES,
)
def nodes(resolved: Resolution) -> Iterator[Finding]:
    by_hash = resolved.model.profile is not None and resolved.model.profile.is_hash
    if not resolved.layout.nodes_known and not by_hash:
        instead = "Set it to the nodes of a group, the leader's included; or set both parallel sizes."
        yield Finding("nim.nodes", None, "it is required", instead)


@rule(
    "NIM021",
    "The group has too few GPUs for its split",
    cause="vLLM places one rank on each GPU, and waits for ever when there are fewer GPUs than ranks.",
    cure="Set sizes whose product is nodes × gpusPerNode.",
    reads=SIZES,
    applies=split_is_known,
)
def too_few(resolved: Resolution) -> Iterator[Finding]:
    if (
        resolved.layout.nodes_known
        and resolved.layout.split.tensor * resolved.layout.split.pipeline > resolved.layout.gpus
    ):
        yield _mismatch(resolved, "")


@rule(
    "NIM022",
    "The group has GPUs that would be idle",
    cause="A pod holds the GPUs that it requests. Those beyond tensorParallel × pipelineParallel get no rank, and no "
    "other pod can have them.",
    cure="Set sizes whose product is nodes × gpusPerNode, or fewer nodes or gpusPerNode.",
    reads=SIZES,
    applies=split_is_known,
)
def idle(resolved: Resolution) -> Iterator[Finding]:
    spare = resolved.layout.gpus - resolved.layout.split.tensor * resolved.layout.split.pipeline
    if resolved.layout.nodes_known and spare > 0:
        yield _mismatch(resolved, f", so that {spare} GPUs would be held idle")


def _mismatch(resolved: Resolution, consequence: str) -> Finding:
    settings, split = resolved.settings, resolved.layout.split
    have = (
        f"{resolved.layout.nodes} nodes × {resolved.layout.gpus_per_node} GPUs per node = {resolved.layout.gpus} GPUs"
    )
    product = f"tensor parallel {split.tensor} × pipeline parallel {split.pipeline} = {split.tensor * split.pipeline}"
    pairs = _pairs(resolved)
    use = f"Use one of {choices(pairs)}, or other" if pairs else "Use other sizes,"
    if settings.profile is not None:
        why = f"its {product}, but {have}{consequence}"
        return Finding(
            "nim.profile", settings.profile, why, "Use a profile of that size, or other nodes or gpusPerNode."
        )
    path = "nim.tensorParallel × nim.pipelineParallel"
    return Finding(path, None, f"{product}, but {have}{consequence}", f"{use} nodes or gpusPerNode.")


def _pairs(resolved: Resolution) -> list[str]:
    """Splits of these GPUs that the model can have."""
    gpus, shape = resolved.layout.gpus, resolved.model.spec.architecture if resolved.model.spec else None
    found = []
    for size in range(1, min(gpus, _MOST_LISTED) + 1):
        if gpus % size or (shape and not (divides_heads(shape, size) and divides_sizes(shape, size))):
            continue
        if shape and gpus // size > shape.layers:
            continue
        found.append(f"{size} × {gpus // size}")
    return found
