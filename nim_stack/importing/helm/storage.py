"""Where the chart keeps the model: a claim, a directory of the node, NFS, or each pod's own disk, in that order."""

from nim_stack.importing.rows import Fields
from nim_stack.importing.storage import has_place, take_access_mode, take_read_only

_DEFAULT_HOST_PATH = "/model-store"
"""The chart's default for `hostPath.path`."""


def storage(own: Fields) -> None:
    """One place for the model; what the values say of other places is not taken."""
    claim, host_path, nfs = own.at("persistence"), own.at("hostPath"), own.at("nfs")
    used: tuple[str, ...] = ("persistence.enabled", "hostPath.enabled", "nfs.enabled")
    if has_place(own.draft):
        reason = "the command line names another place"
    elif claim["enabled"].is_on:
        used, reason = (*used, _take_claim(claim)), "the claim is used"
    elif host_path["enabled"].is_on:
        used, reason = (*used, host_path.base), "hostPath is used"
        path = host_path["path"].value or _DEFAULT_HOST_PATH
        host_path["enabled"].told(True).take(path)
        host_path["path"].take(path)
    elif nfs["enabled"].is_on:
        used, reason = (*used, _take_nfs(nfs)), "NFS is used"
    else:
        reason = "persistence, hostPath and nfs are off"
        why = "no shared storage: each pod downloads the model for itself at every start, unless --storage-class"
        claim["enabled"].take({}, "storage.perPod", why)
    for field in own:
        if field and field.value is not False and not field.name.startswith(used):
            field.drop(reason)


def _take_claim(claim: Fields) -> str:
    """Take the claim, and return with what the names of the taken values begin."""
    existing, storage_class = claim["existingClaim"], claim["storageClass"]
    if existing:
        existing.read()
        return existing.name
    if not storage_class or storage_class.value == "-":
        why = "persistence.storageClass is empty, which the cluster's default class stands for; it must be one with "
        storage_class.ask("storage.storageClass", f"{why}ReadWriteMany, so name one")
    else:
        claim["enabled"].told(True).take(storage_class.value, "storage.storageClass")
        storage_class.read()
    claim["size"].read()
    claim["annotations"].read()
    take_access_mode(claim["accessMode"], "ReadWriteOnce")
    return claim.base


def _take_nfs(nfs: Fields) -> str:
    """Take the directory, and return with what the names of the taken values begin."""
    server, path = nfs["server"].value, nfs["path"].value
    nfs["enabled"].told(True).take(server)
    nfs["server"].take(server)
    nfs["path"].take(path)
    take_read_only(nfs["readOnly"])
    return nfs.base
