"""Namespace, nodes and the split of a NIMService."""

from nim_stack.importing.converters import mapping
from nim_stack.importing.model import profile_note
from nim_stack.importing.rows import Fields


def namespace(own: Fields) -> None:
    """The namespace, which is there already."""
    field = own["metadata.namespace"]
    if field:
        field.take(field.value, "namespace")
        field.take(False, "createNamespace", field.row.says)


def sizes(own: Fields) -> None:
    """Nodes and the split: the operator makes as many pods as there are pipeline stages."""
    group = own["spec.multiNode"]
    if group.value is None:
        group.take(1, "nodes", "it is not there, so that one pod serves alone")
        return
    pipeline = own["spec.multiNode.parallelism.pipeline"]
    pipeline.read("pipelineParallel")
    pipeline.read("nodes", why="the operator makes as many pods as there are stages")
    own["spec.multiNode.parallelism.tensor"].read("tensorParallel")
    if "ray" not in mapping(group.value):
        why = "the operator joins nodes by MPI without it, which is NIM 1.x; the stack does it by Ray, for NIM 2.x"
        own.draft.change("spec.multiNode.ray", None, why)


def default_gpus(own: Fields) -> None:
    """GPUs of a node, when no resource says them: the operator's own default is tensor parallel."""
    if own.draft.get("gpusPerNode") is None:
        why = "resources name no GPU, and this is the operator's default"
        own["spec.multiNode.parallelism.tensor"].read("gpusPerNode", why=why)


def profile(own: Fields) -> None:
    """The profile, where nothing else says the split."""
    field = own["spec.storage.nimCache.profile"]
    if field and own.draft.get("tensorParallel") is not None:
        field.drop("multiNode.parallelism decides the split, and one of the two can")
    else:
        field.read(why=profile_note(str(field.value)))
