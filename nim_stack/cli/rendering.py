"""`nim-stack render`: the objects of a stack as YAML, for a review before anything exists."""

import argparse
import sys
from typing import Any

from nim_stack.base.problems import RefusedError
from nim_stack.cli import stack_files
from nim_stack.cli.stack_plan import NotJudgedError, plan_of, refused
from nim_stack.manifests.render import made_secrets, render, to_yaml


def add_command(commands: Any) -> None:
    """Add the command `render` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "render",
        help="the objects of a stack as YAML",
        description="Print every object of a stack but its Secrets and the LWS release. "
        "Exit code 1: refused, 2: unreadable or not judged.",
    )
    stack_files.add_options(command, "render the stack")
    command.add_argument("--namespace", help="render for this namespace instead of the stack's")
    command.add_argument("--name", help="render a deployment of this name instead of the stack's")
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    stack = stack_files.chosen_stack(given, "Say what to render: -s <stack>.")
    file = stack_files.read_stack_file(stack, given.directory, given.assume)
    file = file.replacing({key: value for key in ("namespace", "name") if (value := getattr(given, key))})
    try:
        plan = plan_of(file)
    except (RefusedError, NotJudgedError) as refusal:
        return refused(refusal, as_json=False)
    for warning in plan.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    secrets = made_secrets(plan)
    if secrets:
        print(f"# Not here, because made from keys: the Secrets {', '.join(secrets)}.")
    if plan.settings.lws.mode == "install":
        print(f"# Not here, because it has a file of its own: the LWS release, {plan.settings.lws.manifest}.")
    print(to_yaml(render(plan)), end="")
    return 0
