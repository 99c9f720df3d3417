"""One plan for each deployment: made where the settings come in, and handed on to every component of it."""

from collections.abc import Mapping
from typing import Any

import pulumi

from nim_stack.base.problems import RefusedError
from nim_stack.components.arguments import plain_values
from nim_stack.deployment.keys import Keys
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.plan import plan_deployment
from nim_stack.settings import StackSettings
from nim_stack.settings.reading import read_settings
from nim_stack.settings.typed import StackSettingsDict

SettingsArgs = StackSettings | StackSettingsDict | Mapping[str, Any]
"""What a stack file has under `nim:`, as a mapping or already read. Plain: it decides sizes, known at preview.

A type checker finds a misspelt setting where a variable says that it is a StackSettingsDict."""


def planned(
    settings: SettingsArgs | None, plan: DeploymentPlan | None, keys: Keys, where: str, *, judge_keys: bool = False
) -> DeploymentPlan:
    """The plan of a component's arguments.

    Args:
        settings: the component's `settings`; None where it was given a plan alone.
        plan: the component's `plan`; it is used unless the settings say something else, which come first.
        keys: which keys the component was given.
        where: what the component is called in a refusal.
        judge_keys: whether a plan for other keys than these is made anew, so that a missing key is refused.

    Raises:
        pulumi.RunError: with every reason why there is no plan.
    """
    plain_values(settings, "nim", where)
    if plan is not None and _says_the_same(settings, plan) and (not judge_keys or plan.keys == keys):
        return plan
    wanted = settings if settings is not None else plan.settings if plan is not None else None
    if wanted is None:
        raise pulumi.RunError(f"{where}: give settings, which are what a stack file has under nim, or a plan.")
    try:
        return plan_deployment(wanted, keys=keys, where=where)
    except RefusedError as refused:
        raise pulumi.RunError(str(refused)) from None


def _says_the_same(settings: SettingsArgs | None, plan: DeploymentPlan) -> bool:
    if settings is None or isinstance(settings, StackSettings):
        return settings is None or settings == plan.settings
    read, problems = read_settings(settings)
    return not problems and read == plan.settings
