"""Where the chart keeps the model: a claim, a directory of the node, NFS, or each pod's own disk, in that order."""

from typing import Any

from nim_stack.importing import forms
from nim_stack.importing.draft import Draft
from nim_stack.importing.rows import Document
from nim_stack.importing.storage import has_place, take_access_mode, take_read_only

_CLAIM = ("persistence.storageClass", "persistence.size", "persistence.accessMode", "persistence.annotations")
_OTHERS = (*_CLAIM, "persistence.existingClaim", "hostPath.path", "nfs.server", "nfs.path", "nfs.readOnly")


def take_storage(draft: Draft, document: Document) -> None:
    """One place for the model, and the rest dropped by name."""
    if has_place(draft):
        used: tuple[str, ...] = ()
        reason = "the command line names another place"
    elif forms.on(document.get("persistence.enabled")):
        used, reason = _take_claim(draft, document), "the claim is used"
    elif forms.on(document.get("hostPath.enabled")):
        used, reason = ("hostPath.path",), "hostPath is used"
        path = document.get("hostPath.path") or "/model-store"
        draft.take("hostPath.enabled", True, "storage.hostPath.path", path)
        draft.take("hostPath.path", document.get("hostPath.path"), "storage.hostPath.path", path)
    elif forms.on(document.get("nfs.enabled")):
        used, reason = _take_nfs(draft, document), "NFS is used"
    else:
        used, reason = (), "persistence, hostPath and nfs are off"
        why = "no shared storage: each pod downloads the model for itself at every start, unless --storage-class"
        draft.take("persistence.enabled", document.get("persistence.enabled"), "storage.perPod", {}, why)
    for source in _OTHERS:
        value = document.get(source)
        if source not in used and not forms.is_unset(value) and value is not False:
            draft.drop(source, value, reason)


def _take_claim(draft: Draft, document: Document) -> tuple[str, ...]:
    claim = document.get("persistence.existingClaim")
    if not forms.is_unset(claim):
        draft.read("persistence.existingClaim", claim, "storage.existingClaim", forms.text)
        return ("persistence.existingClaim",)
    storage_class: Any = document.get("persistence.storageClass")
    if forms.is_unset(storage_class) or storage_class == "-":
        why = "persistence.storageClass is empty, which the cluster's default class stands for; it must be one with "
        draft.ask("storage.storageClass", f"{why}ReadWriteMany, so name one")
    else:
        draft.take("persistence.enabled", True, "storage.storageClass", storage_class)
        draft.read("persistence.storageClass", storage_class, "storage.storageClass", forms.text)
    if document.has("persistence.size"):
        draft.read("persistence.size", document.get("persistence.size"), "storage.size", forms.text)
    if document.has("persistence.annotations"):
        annotations = document.get("persistence.annotations")
        draft.read("persistence.annotations", annotations, "storage.annotations", forms.texts)
    take_access_mode(draft, "persistence.accessMode", document.get("persistence.accessMode"), "ReadWriteOnce")
    return _CLAIM


def _take_nfs(draft: Draft, document: Document) -> tuple[str, ...]:
    server, path = document.get("nfs.server"), document.get("nfs.path")
    draft.take("nfs.enabled", True, "storage.nfs.server", server)
    draft.take("nfs.server", server, "storage.nfs.server", server)
    draft.take("nfs.path", path, "storage.nfs.path", path)
    if forms.on(document.get("nfs.readOnly")):
        take_read_only(draft, "nfs.readOnly")
    return ("nfs.server", "nfs.path", "nfs.readOnly")
