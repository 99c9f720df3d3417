"""Why what was not given is as it is, and what could not be judged."""

from nim_stack.deployment.layout import ASSUMED_GPU
from nim_stack.deployment.resolution import Resolution


def reasons(resolved: Resolution) -> list[str]:
    """One sentence for each value that the plan chose itself, and for each judgement that was not possible."""
    settings, found = resolved.settings, []
    if settings.nodes is None:
        found.append(f"nodes {resolved.layout.nodes}: as many as the two parallel sizes need")
    if settings.gpus_per_node is None:
        usual = (
            f"a usual node of {resolved.layout.gpu.name}"
            if resolved.layout.gpu
            else "a usual node, as no GPU type is named"
        )
        found.append(f"gpusPerNode {resolved.layout.gpus_per_node}: {usual}")
    if settings.profile is None and None in (settings.tensor_parallel, settings.pipeline_parallel):
        found.append(resolved.layout.split.reason)
    if resolved.model.spec is None:
        found.append("memory, heads and layers were not checked: the catalogue does not know the model")
    elif settings.gpu is None and resolved.memory is not None:
        found.append(f"memory is that of {ASSUMED_GPU}, which is assumed, as no GPU type is named")
    if resolved.model.checkpoint is not None and not resolved.image.precision_known:
        found.append(f"precision {resolved.model.checkpoint.precision}: assumed, the image chooses it by its profiles")
    return found
