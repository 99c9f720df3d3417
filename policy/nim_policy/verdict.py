"""What a policy says: violations, and what it could not judge."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from nim_policy.values import NotKnownError


@dataclass(frozen=True)
class Remark:
    """One sentence about one object.

    Attributes:
        text: for people; never a value that could be a key.
        urn: of the resource; None where the sentence is about the whole stack.
    """

    text: str
    urn: str | None = None


@dataclass
class Verdict:
    """All that one policy has to say. Nothing in both lists: the policy is kept."""

    violations: list[Remark] = field(default_factory=list)
    not_judged: list[Remark] = field(default_factory=list)

    def violated(self, text: str, urn: str | None = None) -> None:
        """Add a violation, once."""
        remark = Remark(text, urn)
        if remark not in self.violations:
            self.violations.append(remark)

    def left_open(self, text: str, urn: str | None = None) -> None:
        """Add what could not be judged, once."""
        remark = Remark(text, urn)
        if remark not in self.not_judged:
            self.not_judged.append(remark)

    @contextmanager
    def judging(self, what: str, urn: str | None = None) -> Iterator[None]:
        """Where a value inside is not known, `what` is left open, and what follows in the block is not looked at."""
        try:
            yield
        except NotKnownError as missing:
            self.left_open(f"{what}: {missing}.", urn)
