"""The plan of a stack, as a command makes it, and how a refusal is told."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from nim_stack.base.errors import UnreadableError
from nim_stack.base.problems import Problem, RefusedError
from nim_stack.cli.stack_files import HF_TOKEN, NGC_KEY, StackFile
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.plan import DeploymentPlan, plan_deployment

_KEYS_OF_ENVIRONMENTS: tuple[tuple[str, ...], ...] = ((), (NGC_KEY,), (HF_TOKEN,), (NGC_KEY, HF_TOKEN))
"""Which keys an environment may bring; the fewest with which there is a plan are taken to be there."""


class NotJudgedError(UnreadableError):
    """Whether there is a plan depends on what an ESC environment brings, which is not known."""

    exit_code: ClassVar[int] = 2

    def __init__(self, refusal: RefusedError, unknown: Problem) -> None:
        """
        Args:
            refusal: what would be refused if the environments brought nothing.
            unknown: the warning that they are not known.
        """
        self.problems = refusal.problems
        self.unknown = unknown
        lines = [f"  - {problem}" for problem in self.problems]
        super().__init__(
            "\n".join([f"{refusal.where} is not judged. {unknown}", "What an environment may change:", *lines])
        )


def plan_of_options(settings: Mapping[str, Any]) -> DeploymentPlan:
    """The plan of options alone. They ask about sizes, so that keys are taken to be there.

    Raises:
        RefusedError: with every reason why there is none.
    """
    return plan_deployment(settings, keys=EVERY_KEY, where="the options")


def plan_of(file: StackFile) -> DeploymentPlan:
    """The plan of a stack. Its problems have the lines of the stack file.

    Raises:
        RefusedError: with every reason why there is none.
        NotJudgedError: there is none from what the file says, and its ESC environments may bring what is missing.
    """
    if not file.unknown:
        return _plan(file)
    refusal: RefusedError | None = None
    for keys in _KEYS_OF_ENVIRONMENTS:
        warning = file.not_known(key for key in keys if key not in file.keys)
        try:
            plan = _plan(file.assuming(keys))
        except RefusedError as refused_:
            refusal = refused_
            continue
        return replace(plan, problems=(warning, *plan.problems))
    assert refusal is not None
    if any(_may_come(file, problem) for problem in refusal.problems):
        raise NotJudgedError(refusal, file.not_known(()))
    raise refusal


def _plan(file: StackFile) -> DeploymentPlan:
    return plan_deployment(
        file.settings, keys=file.given_keys, further=file.problems, where=file.name, locate=file.locate
    )


def _may_come(file: StackFile, problem: Problem) -> bool:
    """Whether the problem is about something that the file does not have, so that an environment may bring it."""
    return not file.config.has(problem.path)


def refused(refusal: RefusedError | NotJudgedError, as_json: bool) -> int:
    """Say what was refused, warnings included; the exit code."""
    if as_json:
        told: Iterable[Problem] = (
            (refusal.unknown, *refusal.problems)
            if isinstance(refusal, NotJudgedError)
            else (*refusal.problems, *refusal.warnings)
        )
        feasible = None if isinstance(refusal, NotJudgedError) else False
        print(json.dumps({"feasible": feasible, "problems": [problem.document for problem in told]}, indent=2))
    else:
        print(refusal, file=sys.stderr)
        for warning in refusal.warnings if isinstance(refusal, RefusedError) else ():
            print(f"warning: {warning}", file=sys.stderr)
    return refusal.exit_code
