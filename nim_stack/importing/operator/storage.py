"""The place of the model: that of a NIMCache, or of a NIMService without one."""

from nim_stack.importing.converters import is_unset
from nim_stack.importing.rows import Field, Fields
from nim_stack.importing.storage import has_place, take_access_mode, take_read_only

_CLAIM = "spec.storage.pvc"


def cache_storage(own: Fields) -> None:
    """The place of a NIMCache, and a Job that fills it."""
    if has_place(own.draft):
        _keep_claim(own)
    else:
        _take_job(own["metadata.name"])
        _take_claim(own)


def storage(own: Fields) -> None:
    """The place of a NIMService, one of four by its webhook; that of a NIMCache is settled by now."""
    name, host_path, empty_dir = (own[f"spec.storage.{name}"] for name in ("nimCache.name", "hostPath", "emptyDir"))
    if own.document.beside is not None:
        return
    if has_place(own.draft):
        _keep_claim(own)
    elif name:
        why = "the claim that the operator makes for a NIMCache of this name; give the NIMCache too, or --claim"
        name.take(f"{name.value}-pvc", why=why)
    elif host_path:
        host_path.take(host_path.value)
    elif empty_dir.value is not None:
        why = "each pod downloads the model for itself at every start; --storage-class gives them one place"
        empty_dir.take({}, "storage.perPod", why)
        own["spec.storage.emptyDir.sizeLimit"].read()
    else:
        _take_claim(own)


def read_only(own: Fields) -> None:
    """A place that pods only read; whether a Job fills it is settled by now."""
    take_read_only(own["spec.storage.readOnly"])


def _take_job(name: Field) -> None:
    """A Job in place of the operator's, where the Job can know what to download."""
    if name.draft.get("profile") is not None:
        name.take(True, why="a Job fills the cache before pods hold GPUs, as there")
    else:
        why = "the leader fills the cache: a Job has no GPUs, by which NVIDIA's image chooses what to download"
        name.change(f"{why}; with profile in place of the two sizes, download.job can")


def _claim_name(own: Fields) -> str:
    """The claim's name: a given one, or the operator's for an object of this name."""
    return str(own[f"{_CLAIM}.name"].value or f"{own.document.get('metadata.name')}-pvc")


def _keep_claim(own: Fields) -> None:
    """The command line names the place. When that is the operator's own claim, the model is in the same directory."""
    if own.draft.get("storage.existingClaim") == _claim_name(own):
        own[f"{_CLAIM}.subPath"].read()
    own["spec.storage"].drop("the command line names the place")


def _take_claim(own: Fields) -> None:
    """A claim that is there, or a new one like the operator's."""
    claim, host_path = own.at(_CLAIM), own["spec.storage.hostPath"]
    if is_unset(claim.tree) and host_path:
        host_path.take(host_path.value)
        return
    claim["subPath"].read()
    if not claim["create"].is_on:
        claim["name"].take(_claim_name(own))
        return
    _take_new_claim(claim)
    why = f"a new claim; the weights in the operator's are kept with --claim {_claim_name(own)} instead"
    claim["create"].told(True).change(why)


def _take_new_claim(claim: Fields) -> None:
    storage_class = claim["storageClass"]
    if not storage_class:
        why = f"{claim.document.prefix}{_CLAIM}.storageClass is empty, which the cluster's default class stands for"
        claim["create"].ask(
            "storage.storageClass", f"{why}; it must be one with ReadWriteMany, so name one, or use --claim"
        )
    else:
        claim["create"].take(str(storage_class.value))
        storage_class.take(str(storage_class.value))
    claim["size"].read()
    take_access_mode(claim["volumeAccessMode"], "ReadWriteMany")
    claim["annotations"].read()
