"""Objects that the pods use by name."""

from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]


@dataclass(frozen=True)
class References:
    """Objects in the namespace that the pods use, by name: never a value of a secret."""

    cache_claim: str
    api_secret: str | None = None
    hf_secret: str | None = None
    pull_secrets: tuple[str, ...] = ()
