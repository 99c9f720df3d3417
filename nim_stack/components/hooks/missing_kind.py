"""Saying what is missing when the cluster does not know a kind that a setting asks for.

A preview cannot: it accepts a kind that is unknown, since the same `up` may install it.
"""

from collections.abc import Mapping
from typing import Final

import pulumi

_NOT_KNOWN: Final = (
    "no matches for kind",
    "the apiVersion for this resource does not exist",
    "could not find the requested resource",
)
CURES: Final[Mapping[str, str]] = {
    "HTTPRoute": "The Gateway API is not installed in this cluster. Install its CRDs (1.0 or newer) and a controller, "
    "or leave nim.httpRoute out.",
    "PodMonitor": "The Prometheus Operator is not installed in this cluster. Install it, or leave nim.podMonitor out.",
}


def explained(name: str, kind: str) -> pulumi.ErrorHook:
    """Error hook that explains a missing kind; it never asks for another try."""

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        if cure := cure_of(kind, args.errors[0] if args.errors else ""):
            pulumi.log.error(cure)
        return False

    return pulumi.ErrorHook(name, explain)


def cure_of(kind: str, error: str) -> str | None:
    """What to do about an error; None when it is not that the kind is missing."""
    return CURES[kind] if any(text in error for text in _NOT_KNOWN) else None
