"""Rules on the model cache."""

from collections.abc import Iterator

from nim_stack.context import Context
from nim_stack.problems import choices
from nim_stack.quantity import gibibytes, to_bytes
from nim_stack.rules.base import MODEL, SIZES, Finding, rule

SINGLE_NODE_CLASSES = {
    "gp2": "EBS",
    "gp3": "EBS",
    "standard-rwo": "Persistent Disk",
    "premium-rwo": "Persistent Disk",
    "managed-csi": "Azure Disk",
    "managed-csi-premium": "Azure Disk",
    "managed-premium": "Azure Disk",
    "local-path": "a directory of the node",
}
"""Classes that the clouds and distributions install under these names, which attach to one node."""


@rule(
    "NIM060",
    "There is no place for the model",
    cause="The nodes of a group must read the same files, so that they need storage which all of them mount.",
    cure="Set storage.storageClass to a class with ReadWriteMany, or storage.existingClaim.",
    reads=frozenset({"nim.storage.storageClass", "nim.storage.existingClaim"}),
)
def no_place(context: Context) -> Iterator[Finding]:
    storage = context.settings.storage
    if storage.storage_class is None and storage.existing_claim is None:
        yield Finding(
            "nim.storage",
            None,
            "there is neither a storage class nor an existing claim, and the nodes of a group must read the same files",
            "Set storage.storageClass to a class with ReadWriteMany (`kubectl get storageclass` lists them), or "
            "storage.existingClaim to a claim in the namespace.",
        )


@rule(
    "NIM061",
    "There are two places for the model",
    cause="A claim is either made from a class or there already.",
    cure="Leave storage.storageClass or storage.existingClaim out.",
    reads=frozenset({"nim.storage.storageClass"}),
)
def two_places(context: Context) -> Iterator[Finding]:
    storage = context.settings.storage
    if storage.storage_class is not None and storage.existing_claim is not None:
        why = f"storageClass = {storage.storage_class!r} asks for a new claim at the same time"
        yield Finding("nim.storage.existingClaim", storage.existing_claim, why, "Leave one of the two out.")


@rule(
    "NIM062",
    "One node's storage for several nodes",
    cause="A ReadWriteOnce claim is mounted on one node; pods on all others wait for it for ever.",
    cure="Use ReadWriteMany, or a single pod.",
    reads=SIZES | {"nim.replicas", "nim.autoscaling"},
)
def access_mode(context: Context) -> Iterator[Finding]:
    storage = context.settings.storage
    pods = context.nodes * context.settings.most_groups
    if storage.access_mode == "ReadWriteOnce" and storage.storage_class is not None and pods > 1:
        why = (
            f"{context.nodes} nodes × {context.settings.most_groups} groups mount it, and it can be mounted on one node"
        )
        yield Finding("nim.storage.accessMode", storage.access_mode, why, "Use ReadWriteMany.")


@rule(
    "NIM063",
    "The storage class attaches to one node",
    cause="Under this name clouds and distributions install a class of disks, which has no ReadWriteMany. Its claim "
    "stays pending. A cluster may of course use the name for something else.",
    cure="Use a class for shared files.",
    severity="warning",
    reads=SIZES | {"nim.replicas", "nim.autoscaling"},
)
def single_node_class(context: Context) -> Iterator[Finding]:
    storage = context.settings.storage
    kind = SINGLE_NODE_CLASSES.get(storage.storage_class or "")
    if kind and storage.access_mode == "ReadWriteMany" and context.nodes * context.settings.most_groups > 1:
        why = f"it is usually {kind}, which one node alone can mount"
        instead = "Use a class for shared files, such as NFS, EFS, Filestore, Azure Files, CephFS or Lustre."
        yield Finding("nim.storage.storageClass", storage.storage_class, why, instead)


@rule(
    "NIM064",
    "The claim is too small for the model",
    cause="The download fills it and fails, after an hour.",
    cure="Leave storage.size out, and it is computed; or use at least the size of the files.",
    reads=MODEL | {"nim.profile"},
)
def too_small(context: Context) -> Iterator[Finding]:
    if context.precision_known:
        yield from _size(context, "")


@rule(
    "NIM065",
    "The claim may be too small for the model",
    cause="A model-specific image chooses the precision by its profiles, and the one that is planned with does not fit "
    "into the claim. A smaller one may.",
    cure="Set precision, so that the size is known; or leave storage.size out.",
    severity="warning",
    reads=MODEL | {"nim.profile"},
)
def maybe_too_small(context: Context) -> Iterator[Finding]:
    if not context.precision_known:
        yield from _size(context, ", and the image chooses the precision")


def _size(context: Context, addition: str) -> Iterator[Finding]:
    size, model, checkpoint = context.settings.storage.size, context.model, context.checkpoint
    if size is None or model is None or checkpoint is None or to_bytes(size) >= checkpoint.files:
        return
    why = f"the files of {model.name} in {checkpoint.precision} take {checkpoint.files_gb:.0f} GB{addition}"
    fitting = [
        f"nim.precision {other.precision}"
        for other in model.checkpoints
        if context.named and other is not checkpoint and other.files <= to_bytes(size)
    ]
    ways = [f"at least {gibibytes(checkpoint.files)}", *fitting]
    yield Finding("nim.storage.size", size, why, f"Use {choices(ways)}; left out, it is computed with room to spare.")
