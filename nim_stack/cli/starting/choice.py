"""What a person chose for a new project."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nim_stack.settings.files.errors import StackFileError

LANGUAGES = ("python", "yaml", "typescript")
PULUMI = ">=3.250.0"
"""Pulumi CLI that a project needs: hooks on errors, as in this project's own Pulumi.yaml."""
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""Names that Pulumi accepts for projects and stacks (`sdk/go/common/tokens` of pulumi/pulumi)."""


@dataclass(frozen=True)
class Choice:
    """A project, its first stack, and what it serves."""

    project: str
    stack: str
    """Short name of the stack, without organization."""
    language: str
    """One of `LANGUAGES`."""
    settings: Mapping[str, Any]
    """What the stack says under `nim`."""
    requirement: str
    """The library as pip takes it: `nim-stack==0.1.0`."""
    keys: tuple[str, ...] = ()
    """Keys that the plan needs: `ngcApiKey`, `hfToken`, both or none."""

    def __post_init__(self) -> None:
        """
        Raises:
            StackFileError: Pulumi would refuse the name of the project or of the stack.
        """
        for option, name in (("--name", self.project), ("--stack", self.stack)):
            if not _NAME.fullmatch(name) or name in (".", ".."):
                raise StackFileError(
                    f"{option} {name!r}: Pulumi takes 1 to 100 letters, digits, and the characters `-`, `_` and `.`."
                )
