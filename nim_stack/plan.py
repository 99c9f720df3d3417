"""The entrance: settings and catalogue in, the plan and its warnings out, or every reason why there is none.

Pure arithmetic without Pulumi: the same plan decides the manifests, the time limits and what a user is told.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nim_stack.base.problems import Locate, Problem, RefusedError
from nim_stack.catalog.load import Catalog, load_catalog
from nim_stack.deployment.keys import EVERY_KEY, NO_KEY, Keys
from nim_stack.deployment.layout import ASSUMED_GPU
from nim_stack.deployment.memory import GIB
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.deployment.resolution import with_own_entries
from nim_stack.manifests.pods import security_level
from nim_stack.rules import check
from nim_stack.rules.subject import Subject
from nim_stack.settings import StackSettings
from nim_stack.settings.reading import read_settings
from nim_stack.settings.spelling import misspelled

__all__ = ["DeploymentPlan", "Keys", "plan_deployment", "plan_settings", "summary"]


def plan_deployment(
    settings: StackSettings | Mapping[str, Any],
    *,
    keys: Keys = NO_KEY,
    catalog: Catalog | None = None,
    further: tuple[Problem, ...] = (),
    where: str = "the settings",
    locate: Locate | None = None,
) -> DeploymentPlan:
    """Plan one deployment.

    Args:
        settings: what a stack file has under `nim:`, as a mapping or already read.
        keys: which keys there are; their values are never needed.
        catalog: models, GPU types and fabrics; None means those that come with the package.
        further: problems that the caller found in the same input, so that all are refused at once.
        where: what the settings are called in a refusal, such as a file name.
        locate: finds the line of a setting, for the problems; None where the settings are from no file.

    Returns:
        The plan, with the warnings that it earned.

    Raises:
        RefusedError: something cannot work; it carries every problem, and the warnings beside them.
    """
    read, problems = (settings, []) if isinstance(settings, StackSettings) else read_settings(settings)
    unreadable = [problem.path for problem in problems]
    problems = [*further, *problems]
    warnings = [] if isinstance(settings, StackSettings) else misspelled(settings)
    if read is not None:
        subject = Subject(read, with_own_entries(catalog or load_catalog(), read), keys)
        found = [problem for problem in check(subject) if not problem.depends_on(unreadable)]
        problems += [problem for problem in found if problem.severity == "error"]
        warnings += [problem for problem in found if problem.severity != "error"]
        if not problems:
            return replace(subject.plan, problems=tuple(problem.placed(locate) for problem in warnings))
    raise RefusedError(
        [problem.placed(locate) for problem in problems], where, [problem.placed(locate) for problem in warnings]
    )


def plan_settings(settings: StackSettings, catalog: Catalog) -> DeploymentPlan | None:
    """The plan for settings that have been read, or None when a rule refuses it. Keys are taken to be there."""
    try:
        return plan_deployment(settings, keys=EVERY_KEY, catalog=catalog)
    except RefusedError:
        return None


def summary(plan: DeploymentPlan) -> dict[str, Any]:
    """The plan in a few lines, for people."""
    lines: dict[str, Any] = {
        "model": plan.served_name,
        "image": plan.image,
        "groups": plan.groups,
        "nodesPerGroup": plan.nodes,
        "gpusPerNode": plan.gpus_per_node,
        "split": plan.split,
        "storage": plan.storage,
        "minutesUntilTimeout": -(-plan.rollout_timeout // 60),
        "podSecurity": security_level(plan),
    }
    if plan.checkpoint is not None and plan.memory is not None:
        gpu = plan.gpu.name if plan.gpu else f"{ASSUMED_GPU}, assumed"
        lines["precision"] = plan.checkpoint.precision
        lines["weightsPerGpu"] = f"{plan.memory.weights / GIB:.1f} of {plan.memory.budget / GIB:.1f} GiB ({gpu})"
        lines["cacheTokens"] = plan.memory.tokens
    return lines
