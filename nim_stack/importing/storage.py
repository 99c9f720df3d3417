"""What a place for the model has in common, whoever made it."""

from nim_stack.importing.converters import word
from nim_stack.importing.draft import Draft
from nim_stack.importing.rows import Field


def has_place(draft: Draft) -> bool:
    """Whether the command line names a place for the model."""
    return any(draft.get(f"storage.{place}") is not None for place in ("storageClass", "existingClaim"))


def take_access_mode(mode: Field, default: str) -> None:
    """The mode of a claim that all pods mount; nodes and replicas are settled by now.

    Args:
        mode: the field of the mode.
        default: the other deployer's mode when the field is not set.
    """
    wanted, draft = word(mode.value) if mode else default, mode.draft
    pods = (draft.get("nodes") or 2) * (draft.get("replicas") or 1)
    if wanted == "ReadWriteMany":
        if mode:
            mode.take(wanted)
    elif pods > 1:
        why = f"{wanted} mounts on one node, and {pods} pods share the claim; the class must be able to do this"
        mode.take("ReadWriteMany", why=why)
    else:
        mode.take(wanted)


def take_read_only(switch: Field) -> None:
    """A cache that pods only read, which a Job fills or which is full."""
    if not switch.is_on:
        return
    switch.told(True).take(True, "storage.readOnly")
    if not switch.draft.get("download.job"):
        why = "nothing can be downloaded into a read-only directory, so that it must be filled"
        switch.told(True).take(True, "download.disabled", why)
