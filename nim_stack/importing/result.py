"""The outcome of an import: settings, an account of every value, and what the plan says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nim_stack.base.problems import Problem, RefusedError
from nim_stack.base.quantity import Quantity
from nim_stack.deployment.keys import Keys
from nim_stack.importing.draft import Draft, Entry
from nim_stack.plan import DeploymentPlan, plan_deployment
from nim_stack.rules.storage import MAYBE_TOO_SMALL, TOO_SMALL


@dataclass(frozen=True)
class Import:
    """The settings that an import gives, and what became of every value."""

    settings: dict[str, Any]
    """What stands below `nim` in the stack file."""
    entries: tuple[Entry, ...]
    plan: DeploymentPlan | None
    """None when the plan refuses the settings."""
    problems: tuple[Problem, ...]
    """Why the plan refuses them; none when it does not."""
    warnings: tuple[Problem, ...]

    def of(self, kind: str) -> list[Entry]:
        """The entries of one `Kind`, in the order in which they were made."""
        return [entry for entry in self.entries if entry.kind == kind]

    @property
    def works(self) -> bool:
        """Whether the plan accepts the settings."""
        return self.plan is not None


def give_options(draft: Draft, options: Mapping[str, tuple[str, Any]]) -> None:
    """Settings of the command line, by their paths: option and value. They come before everything else."""
    for setting, (option, value) in options.items():
        draft.take(option, value, setting, value)


def conclude(draft: Draft, keys: Keys) -> Import:
    """Plan what was taken. A size that cannot hold the model is left out, and then computed by the plan.

    Args:
        draft: the settings, with everything taken.
        keys: which keys the stack has as secret config keys.
    """
    plan, problems, warnings = _plan(draft, keys)
    small = [problem for problem in (*problems, *warnings) if problem.rule.code in (MAYBE_TOO_SMALL, TOO_SMALL)]
    for problem in small:
        setting = problem.path.removeprefix("nim.")
        given = draft.get(setting)
        draft.remove(setting, f"left out, so that it is computed: {given} is too small, as {problem.why}")
    if small:
        plan, problems, warnings = _plan(draft, keys)
    if plan is not None:
        _compare_start(draft, plan)
        _compare_size(draft, plan)
    return Import(draft.in_order(), tuple(draft.entries), plan, problems, warnings)


def _plan(draft: Draft, keys: Keys) -> tuple[DeploymentPlan | None, tuple[Problem, ...], tuple[Problem, ...]]:
    try:
        plan = plan_deployment(draft.settings, keys=keys, where="the imported settings")
    except RefusedError as refused:
        return None, refused.problems, refused.warnings
    return plan, (), plan.problems


def _compare_start(draft: Draft, plan: DeploymentPlan) -> None:
    """Say it when a start may take less time here than there."""
    there, here = draft.startup_seconds, plan.budget.startup
    if there is not None and there > here:
        why = f"the startup probe there gave a start {there} s, the plan gives it {here} s"
        draft.ask("timeouts", f"{why}; set timeouts.downloadMinutes or loadMinutes if it needs that long")


def _compare_size(draft: Draft, plan: DeploymentPlan) -> None:
    """A size that holds the model and little more: the plan's has room for a second revision's files."""
    size = draft.get("storage.size")
    if size is not None and plan.checkpoint is not None and Quantity.parse(size) < Quantity.parse(plan.storage_needed):
        why = f"{size} holds the model, and leaves less room than the plan's {plan.storage_needed}"
        draft.ask("storage.size", f"{why}, which it has without the setting")
