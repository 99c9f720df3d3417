"""`nim-stack render`: the objects of a stack as YAML, for a review before anything exists."""

import argparse
import sys
from pathlib import Path
from typing import Any

from nim_stack.base.problems import RefusedError
from nim_stack.cli.planning import plan_of, refused
from nim_stack.cli.stack_files import HF_TOKEN, NGC_KEY, read_stack_file
from nim_stack.manifests.render import made_secrets, render, to_yaml


def add_command(commands: Any) -> None:
    """Add the command `render` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "render",
        help="the objects of a stack as YAML",
        description="Print every object of a stack but its Secrets and the LWS release. Exit code 1: refused.",
    )
    command.add_argument("-s", "--stack", required=True, help="render Pulumi.<stack>.yaml")
    command.add_argument("-C", "--directory", type=Path, default=Path(), help="where the stack files are")
    command.add_argument(
        "--assume",
        action="append",
        choices=(NGC_KEY, HF_TOKEN),
        default=[],
        help="render as if this key were set, which a file under review does not have",
    )
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    file = read_stack_file(given.stack, given.directory).assuming(given.assume)
    try:
        plan = plan_of(file, file.settings)
    except RefusedError as refusal:
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
