"""Deriving the plan from what the settings resolve to. Nothing is judged here."""

from nim_stack.base.quantity import gibibytes
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.deployment.reasons import reasons
from nim_stack.deployment.resolution import Resolution
from nim_stack.deployment.traffic import traffic

UNKNOWN_STORAGE = "500Gi"
"""Size of the cache for a model that the catalogue does not know."""
STORAGE_FACTOR = 1.25
"""A second revision's changed files, temporary files of the download, the file system itself."""


def derive(resolved: Resolution) -> DeploymentPlan:
    """The plan before it is judged: rules on the manifests look at it, too."""
    settings, layout, checkpoint = resolved.settings, resolved.layout, resolved.model.checkpoint
    own = settings.storage.per_pod
    needed = gibibytes(checkpoint.files * STORAGE_FACTOR) if checkpoint else UNKNOWN_STORAGE
    spec, source = resolved.model.spec, resolved.download.source
    return DeploymentPlan(
        settings=settings,
        keys=resolved.keys,
        model=spec,
        checkpoint=checkpoint,
        gpu=layout.gpu,
        fabric=layout.fabric if settings.fabric else None,
        image=resolved.image.reference,
        model_path=source.model_path if source else None,
        downloads=resolved.download.happens,
        offline=resolved.download.offline,
        supervised=resolved.image.supervised,
        served_name=settings.served_model_name or _served_name(resolved),
        nodes=layout.nodes,
        gpus_per_node=layout.gpus_per_node,
        tensor_parallel=None if layout.split_unknown else layout.split.tensor,
        pipeline_parallel=None if layout.split_unknown else layout.split.pipeline,
        memory=resolved.memory,
        traffic=traffic(spec.architecture) if spec else None,
        context_length=resolved.context_length,
        storage_needed=needed,
        storage_size=(own.size if own else settings.storage.size) or needed,
        budget=resolved.budget,
        reasons=tuple(reasons(resolved)),
        problems=(),
    )


def _served_name(resolved: Resolution) -> str:
    """The model's name for clients, without scheme and revision."""
    if resolved.model.named:
        return resolved.model.named.served_name
    source = resolved.download.source
    return source.served_name if source else resolved.settings.model
