"""The case of a rule: settings that break this rule and no other, and the whole message that their user gets."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RuleCase:
    """One way to break one rule."""

    fault: str
    """What is wrong with the settings, as a reader says it: the name of the test."""
    code: str
    settings: dict[str, Any]
    """What a stack says under `nim`."""
    message: str
    """All of the message after the code, to its last full stop."""

    @property
    def name(self) -> str:
        return f"{self.code} {self.fault}"
