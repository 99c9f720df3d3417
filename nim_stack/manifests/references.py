"""Objects that the pods use by name."""

from dataclasses import dataclass
from typing import NamedTuple

from nim_stack.base.documents import Manifest as Manifest  # programs/wait_for_leader.py imports it from here


class SecretRef(NamedTuple):
    """One key of a Secret in the namespace."""

    name: str
    key: str

    @property
    def manifest(self) -> Manifest:
        """The reference as the `secretKeyRef` of an environment variable."""
        return {"name": self.name, "key": self.key}


@dataclass(frozen=True)
class References:
    """Objects in the namespace that the pods use, by name: never a value of a secret."""

    cache_claim: str | None = None
    """Without it the one that the settings name, or else that of the deployment's name."""
    api_secret: SecretRef | None = None
    hf_secret: SecretRef | None = None
    pull_secrets: tuple[str, ...] = ()
    keys_digest: str | None = None
    """Changes with the keys, for pods that restart when they do."""
