"""Why what was not given is as it is, and what could not be judged."""

from nim_stack.deployment.resolution import ASSUMED_GPU, Context


def reasons(context: Context) -> list[str]:
    """One line for each."""
    settings, found = context.settings, []
    if settings.nodes is None:
        found.append(f"nodes {context.nodes}: as many as the two parallel sizes need")
    if settings.gpus_per_node is None:
        usual = f"a usual node of {context.gpu.name}" if context.gpu else "a usual node, as no GPU type is named"
        found.append(f"gpusPerNode {context.gpus_per_node}: {usual}")
    if settings.profile is None and None in (settings.tensor_parallel, settings.pipeline_parallel):
        found.append(context.split.reason)
    if context.model is None:
        found.append("memory, heads and layers were not checked: the catalogue does not know the model")
    elif settings.gpu is None and context.memory is not None:
        found.append(f"memory is that of {ASSUMED_GPU}, which is assumed, as no GPU type is named")
    if context.checkpoint is not None and not context.precision_known:
        found.append(f"precision {context.checkpoint.precision}: assumed, the image chooses it by its profiles")
    return found
