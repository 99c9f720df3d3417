"""The size of a claim: it cannot shrink, which the state tells at preview, and grows where its class allows expansion,
which only the API server knows.
"""

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from nim_stack.base.quantity import Quantity

AWAY: Final = (
    "or deploy under another nim.name, which makes a new claim; or make a claim yourself and name it in "
    "nim.storage.existingClaim"
)
_NO_EXPANSION: Final = "only dynamically provisioned pvc can be resized"
_NOT_BOUND: Final = "for bound claims"
_LESS: Final = "can not be less than"


def size_hooks(name: str, claim: str, storage_class: str) -> pulumi.ResourceHookBinding:
    """Hooks of a claim: the first refuses to shrink it, the second explains why it cannot grow.

    Args:
        name: of the resource, by which the engine tells hooks apart.
        claim: name of the claim in the cluster.
        storage_class: of the claim.
    """

    def refuse(args: pulumi.ResourceHookArgs) -> None:
        refuse_shrinking(claim, args)

    before = pulumi.ResourceHook(f"{name}-size", refuse, pulumi.ResourceHookOptions(on_dry_run=True))

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        if cure := cannot_grow(claim, storage_class, args.errors[0] if args.errors else ""):
            pulumi.log.error(cure)
        return False

    return pulumi.ResourceHookBinding(before_update=[before], on_error=[pulumi.ErrorHook(f"{name}-growth", explain)])


def cannot_grow(claim: str, storage_class: str, error: str) -> str | None:
    """What to do about the API server's refusal of an update; None when it is about something else than the size."""
    if _NO_EXPANSION in error:
        return (
            f"nim.storage.size: the claim {claim} cannot grow, because its class {storage_class!r} does not allow "
            "expansion, or the volume was not made by it. The claim is as it was, and its pods go on. Set "
            "nim.storage.size back; or have the class allow it, if its driver can expand volumes (`kubectl patch "
            f"""storageclass {storage_class} -p '{{"allowVolumeExpansion": true}}'`); {AWAY}."""
        )
    if _NOT_BOUND in error:
        return (
            f"nim.storage.size: the claim {claim} cannot grow before it is bound to a volume. See why it is not "
            f"(`kubectl describe pvc {claim}`), or set nim.storage.size back until it is."
        )
    if _LESS in error:
        return (
            f"nim.storage.size: the claim {claim} that is there is larger, and a claim cannot shrink. Set "
            f"nim.storage.size to what `kubectl get pvc {claim}` shows, or more; {AWAY}."
        )
    return None


def refuse_shrinking(claim: str, args: pulumi.ResourceHookArgs) -> None:
    """Before an update, in a preview too: what the claim has, as the state knows it, against what is asked for.

    Raises:
        ValueError: a claim that is there cannot become smaller.
    """
    present, wanted = _request(args.old_outputs), _request(args.new_inputs)
    if present and wanted and Quantity.parse(wanted) < Quantity.parse(present):
        raise ValueError(
            f"nim.storage.size = {wanted!r}: the claim {claim} has {present}, and a claim cannot shrink; replacing "
            f"it would delete the weights. Set nim.storage.size to {present!r} or more; {AWAY}."
        )


def _request(properties: Mapping[str, Any] | None) -> str | None:
    """Size in a claim's inputs or outputs, or None when there is none that can be compared."""
    found: Any = properties
    for part in ("spec", "resources", "requests", "storage"):
        found = found.get(part) if isinstance(found, Mapping) else None
    try:
        Quantity.parse(found or "")
    except ValueError:
        return None
    return str(found)
