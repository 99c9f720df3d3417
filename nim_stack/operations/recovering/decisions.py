"""What is found for an operation that was under way, and what follows."""

from dataclasses import dataclass
from typing import Literal

from nim_stack.base.errors import NimStackError

Outcome = Literal["taken up", "applied again", "removed", "kept", "nothing to do", "not ours", "ending", "not known"]

OUTCOMES: dict[Outcome, str] = {
    "taken up": "the object is there: it becomes a resource of the state, and the next `up` waits for it",
    "applied again": "the next `up` applies the resource again, changed or not",
    "removed": "the object is gone: so is the resource of the state",
    "kept": "the object is there: the state is right",
    "nothing to do": "the state is right without the operation",
    "not ours": "an object of this name is there, and this stack did not make it",
    "ending": "the object is being deleted: it has to be waited for",
    "not known": "nobody could be asked; nothing is written before it is",
}
OPEN: tuple[Outcome, ...] = ("not ours", "ending", "not known")
"""With one of these nothing is written, since writing the state forgets every operation."""


@dataclass(frozen=True)
class Identity:
    """An object in a cluster, and the cluster as the state's provider names it."""

    api_version: str
    kind: str
    namespace: str
    name: str
    kubeconfig: str | None = None
    context: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Decision:
    """What is done about one operation that the engine had begun and did not end."""

    urn: str
    operation: str
    """The engine's word for the operation: creating, updating, deleting, reading or importing."""
    what: str
    """The object in the cluster; the name of the resource when it is no Kubernetes object."""
    outcome: Outcome
    reason: str

    @property
    def document(self) -> dict[str, str]:
        """The decision as `nim-stack recover --json` prints it."""
        return {
            "urn": self.urn,
            "operation": self.operation,
            "object": self.what,
            "outcome": self.outcome,
            "reason": self.reason,
        }


class UndecidedError(NimStackError):
    """What happened to the object cannot be found out."""
