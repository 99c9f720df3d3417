"""What a place for the model has in common, whoever made it."""

from typing import Any

from nim_stack.importing import forms
from nim_stack.importing.draft import Draft


def has_place(draft: Draft) -> bool:
    """Whether the command line names a place for the model."""
    return any(draft.get(f"storage.{place}") is not None for place in ("storageClass", "existingClaim"))


def take_access_mode(draft: Draft, source: str, given: Any, default: str) -> None:
    """The mode of a claim that all pods mount; nodes and replicas are settled by now."""
    mode = default if forms.is_unset(given) else forms.word(given)
    pods = (draft.get("nodes") or 2) * (draft.get("replicas") or 1)
    if mode == "ReadWriteMany":
        if not forms.is_unset(given):
            draft.take(source, given, "storage.accessMode", mode)
    elif pods > 1:
        why = f"{mode} mounts on one node, and {pods} pods share the claim; the class must be able to do this"
        draft.take(source, given, "storage.accessMode", "ReadWriteMany", why)
    else:
        draft.take(source, given, "storage.accessMode", mode)


def take_read_only(draft: Draft, source: str) -> None:
    """A cache that pods only read, which a Job fills or which is full."""
    draft.take(source, True, "storage.readOnly", True)
    if draft.get("download.job"):
        return
    why = "nothing can be downloaded into a read-only directory, so that it must be filled"
    draft.take(source, True, "download.disabled", True, why)
