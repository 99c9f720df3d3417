"""The example stacks as tests see them: each file with what it says and the keys that its comment asks for."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nim_stack.base.documents import Manifest
from nim_stack.cli.stack_files import StackFile, read_stack_file
from nim_stack.cli.stack_plan import plan_of
from nim_stack.manifests.render import render
from nim_stack.plan import DeploymentPlan

STACKS = Path(__file__).parents[1] / "examples" / "stacks"
NAMES = sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in STACKS.glob("Pulumi.*.yaml"))


@dataclass(frozen=True)
class Example:
    """One example stack."""

    name: str

    @property
    def text(self) -> str:
        return (STACKS / f"Pulumi.{self.name}.yaml").read_text()

    @property
    def comment(self) -> str:
        return "\n".join(line.strip() for line in self.text.splitlines() if line.lstrip().startswith("#"))

    @property
    def keys(self) -> frozenset[str]:
        """Keys that the comment says how to set."""
        return frozenset(re.findall(r"pulumi config set --secret (\w+)", self.comment))

    @cached_property
    def file(self) -> StackFile:
        """The stack file, as if its keys were set."""
        return read_stack_file(self.name, STACKS).assuming(self.keys)

    @cached_property
    def plan(self) -> DeploymentPlan:
        return plan_of(self.file)

    @property
    def manifests(self) -> list[Manifest]:
        return render(self.plan)
