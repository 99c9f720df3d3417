"""Rules on the model cache."""

from collections.abc import Iterator
from typing import Final

from pydantic.alias_generators import to_camel

from nim_stack.base.problems import Finding, choices
from nim_stack.base.quantity import Quantity, gibibytes
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import MODEL, SIZES, rule

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
TOO_SMALL: Final = "NIM064"
MAYBE_TOO_SMALL: Final = "NIM065"
"""Codes of the rules by which a size is too small; an import leaves such a size out."""
PLACES = "storageClass, existingClaim, nfs, hostPath or perPod"


@rule(
    "NIM060",
    "There is no place for the model",
    cause="The nodes of a group must read the same files, so that they need storage which all of them mount, or one "
    "download each.",
    cure=f"Set one of storage.{PLACES}: best a class with ReadWriteMany.",
    reads=frozenset({"nim.storage"}),
)
def no_place(resolved: Resolution) -> Iterator[Finding]:
    if not resolved.settings.storage.places:
        yield Finding(
            "nim.storage",
            None,
            "there is neither a storage class nor another place, and the nodes of a group must read the same files",
            "Set storage.storageClass to a class with ReadWriteMany (`kubectl get storageclass` lists them), or "
            "storage.existingClaim to a claim in the namespace, or nfs, hostPath or perPod.",
        )


@rule(
    "NIM061",
    "There is more than one place for the model",
    cause="The cache is one volume: a claim that is made, one that is there, or another kind.",
    cure=f"Keep one of storage.{PLACES}.",
    reads=frozenset({"nim.storage"}),
)
def two_places(resolved: Resolution) -> Iterator[Finding]:
    first, *others = resolved.settings.storage.places or ("",)
    if others:
        given = " and ".join([", ".join([first, *others[:-1]]), others[-1]])
        yield Finding("nim.storage", given, "the cache is one volume", "Keep one of them.")


@rule(
    "NIM062",
    "One node's storage for several nodes",
    cause="A ReadWriteOnce claim is mounted on one node; pods on all others wait for it for ever.",
    cure="Use ReadWriteMany, or a single pod.",
    reads=SIZES | {"nim.replicas", "nim.autoscaling"},
)
def access_mode(resolved: Resolution) -> Iterator[Finding]:
    storage = resolved.settings.storage
    nodes, groups = resolved.layout.nodes, resolved.settings.most_groups
    if storage.access_mode == "ReadWriteOnce" and storage.storage_class is not None and nodes * groups > 1:
        why = f"{nodes * groups} pods mount the volume, and this access mode allows the pods of one node alone"
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
def single_node_class(resolved: Resolution) -> Iterator[Finding]:
    storage = resolved.settings.storage
    kind = SINGLE_NODE_CLASSES.get(storage.storage_class or "")
    if kind and storage.access_mode == "ReadWriteMany" and resolved.layout.nodes * resolved.settings.most_groups > 1:
        why = f"it is usually {kind}, which one node alone can mount"
        instead = "Use a class for shared files, such as NFS, EFS, Filestore, Azure Files, CephFS or Lustre."
        yield Finding("nim.storage.storageClass", storage.storage_class, why, instead)


@rule(
    TOO_SMALL,
    "The claim is too small for the model",
    cause="The download fills it and fails, after an hour.",
    cure="Leave storage.size out, and it is computed; or use at least the size of the files.",
    reads=MODEL | {"nim.profile"},
)
def too_small(resolved: Resolution) -> Iterator[Finding]:
    if resolved.image.precision_known:
        yield from _size(resolved, "")


@rule(
    MAYBE_TOO_SMALL,
    "The claim may be too small for the model",
    cause="A model-specific image chooses the precision by its profiles, and the one that is planned with does not fit "
    "into the claim. A smaller one may.",
    cure="Set precision, so that the size is known; or leave storage.size out.",
    severity="warning",
    reads=MODEL | {"nim.profile"},
)
def maybe_too_small(resolved: Resolution) -> Iterator[Finding]:
    if not resolved.image.precision_known:
        yield from _size(resolved, ", and the image chooses the precision")


def _size(resolved: Resolution, addition: str) -> Iterator[Finding]:
    storage, model, checkpoint = resolved.settings.storage, resolved.model.spec, resolved.model.checkpoint
    path, size = "nim.storage.size", storage.size if storage.makes_claim else None
    if storage.per_pod is not None:
        path, size = "nim.storage.perPod.size", storage.per_pod.size
    if size is None or model is None or checkpoint is None or Quantity.parse(size).bytes >= checkpoint.files:
        return
    why = f"the files of {model.name} in {checkpoint.precision} take {checkpoint.files_gb:.0f} GB{addition}"
    fitting = [
        f"nim.precision {other.precision}"
        for other in model.checkpoints
        if resolved.model.named and other is not checkpoint and other.files <= Quantity.parse(size).bytes
    ]
    ways = [f"at least {gibibytes(checkpoint.files)}", *fitting]
    yield Finding(path, size, why, f"Use {choices(ways)}; left out, it is computed with room to spare.")


@rule(
    "NIM066",
    "A setting has no effect",
    cause="It belongs to another kind of storage or of model than the one that is used, and somebody may rely on it.",
    cure="Leave it out, or use what it belongs to.",
    severity="warning",
    reads=MODEL | {"nim.storage", "nim.download"},
)
def no_effect(resolved: Resolution) -> Iterator[Finding]:
    storage, download = resolved.settings.storage, resolved.settings.download
    elsewhere = "storage.perPod.size is that of each pod's own storage" if storage.per_pod else "no claim is made"
    no_claim = bool(storage.places) and not storage.makes_claim
    not_of_hub = resolved.download.source is None or resolved.download.source.scheme != "hf"
    unused = (
        (storage, "size", no_claim, elsewhere),
        (storage, "annotations", no_claim, elsewhere),
        (storage, "access_mode", no_claim, elsewhere),
        (download, "retries", not download.job, "the retries belong to the Job of download.job, which is not set"),
        (download, "hub_endpoint", not_of_hub, "the model does not come from the hub"),
    )
    for owner, name, idle, why in unused:
        given = getattr(owner, name)
        if idle and name in owner.model_fields_set and given is not None:
            path = f"nim.{'storage' if owner is storage else 'download'}.{to_camel(name)}"
            yield Finding(path, None if isinstance(given, dict) else given, why, "Leave it out.")


@rule(
    "NIM067",
    "Each pod downloads the model for itself",
    cause="Pods do not see each other's files, so that every one of them fetches the whole model: from each pod's own "
    "storage at every start, from a directory of the node at the first one there. The time that a start may take is "
    "planned for downloads that share the way out of the cluster.",
    cure="Use storage that all nodes mount; or set hostPath.shared where the directory is such a file system. None is "
    "needed when that is meant.",
    severity="warning",
    reads=MODEL | SIZES | {"nim.storage", "nim.download", "nim.replicas", "nim.autoscaling"},
)
def downloads_alone(resolved: Resolution) -> Iterator[Finding]:
    settings, storage = resolved.settings, resolved.settings.storage
    least, most = (resolved.layout.nodes * max(1, groups) for groups in (settings.least_groups, settings.most_groups))
    if not resolved.download.of_each_pod or (most == 1 and storage.per_pod is None):
        return
    pods = str(least) if least == most else f"{least} to {most}"
    place, when = ("perPod", "pods") if storage.per_pod else ("hostPath", "nodes")
    often = " at every start" if storage.per_pod else ""
    if resolved.model.checkpoint is not None:
        each = resolved.model.checkpoint.files_gb
        total = " to ".join(dict.fromkeys(f"{count * each:.0f}" for count in (least, most)))
        why = f"{pods} {when} × {each:.0f} GB = {total} GB are downloaded{often}, instead of {each:.0f} GB once"
    else:
        why = f"each of {pods} {when} downloads the model{often}, instead of one for all"
    yield Finding(f"nim.storage.{place}", None, why, "Use storage that all nodes mount, unless that is meant.")


@rule(
    "NIM068",
    "Read-only pods would have to download",
    cause="A cache that a pod mounts read-only must have been filled before, by somebody else: by the leader, for "
    "workers; by a Job or by hand, for all pods.",
    cure="Set download.job or download.disabled with storage.readOnly, and use storage that is shared with "
    "storage.readOnlyWorkers.",
    reads=MODEL | {"nim.storage", "nim.download"},
)
def read_only(resolved: Resolution) -> Iterator[Finding]:
    storage, download = resolved.settings.storage, resolved.settings.download
    if storage.read_only and resolved.download.happens and not download.job:
        instead = "Set download.job, which fills it before; or download.disabled, when it is full."
        yield Finding("nim.storage.readOnly", True, "the model could not be written into the cache", instead)
    if storage.read_only_workers and resolved.download.of_each_pod:
        why = "each worker downloads into storage of its own"
        yield Finding("nim.storage.readOnlyWorkers", True, why, "Leave it out, or use storage that is shared.")


@rule(
    "NIM069",
    "Workers of NVIDIA's image on a read-only cache",
    cause="NVIDIA says that the leader downloads into shared storage, and not that workers write nothing there. Those "
    "of the open image do not.",
    cure="Try it, or leave storage.readOnlyWorkers out.",
    severity="warning",
    reads=MODEL | {"nim.storage", "nim.download"},
)
def read_only_workers(resolved: Resolution) -> Iterator[Finding]:
    if resolved.settings.storage.read_only_workers and resolved.image.is_nim and not resolved.download.of_each_pod:
        why = f"it is not known that workers of {resolved.image.reference} write nothing into the cache"
        yield Finding("nim.storage.readOnlyWorkers", True, why, "Leave it out if they fail to start.")


@rule(
    "NIM137",
    "The pod's limit of disk is less than its own storage",
    cause="An emptyDir counts against the ephemeral storage of its pod, which is evicted above the limit: in the midst "
    "of the download.",
    cure="Raise resources.ephemeralStorage, or use perPod.storageClass.",
    reads=MODEL | {"nim.storage", "nim.resources", "nim.download"},
)
def evicted(resolved: Resolution) -> Iterator[Finding]:
    own, limit = resolved.settings.storage.per_pod, resolved.settings.resources.ephemeral_storage
    if own is None or own.storage_class is not None or limit is None or not resolved.download.happens:
        return
    needed = (
        resolved.model.checkpoint.files
        if resolved.model.checkpoint
        else (Quantity.parse(own.size).bytes if own.size else 0)
    )
    if Quantity.parse(limit).bytes < needed:
        why = f"the model takes {needed / 1e9:.0f} GB in each pod's emptyDir, which counts against it"
        instead = f"Use at least {gibibytes(needed)}, or nim.storage.perPod.storageClass."
        yield Finding("nim.resources.ephemeralStorage", limit, why, instead)
