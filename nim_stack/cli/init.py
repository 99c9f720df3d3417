"""`nim-stack init`: a project of one's own, in one command."""

import argparse
import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nim_stack.base.problems import RefusedError
from nim_stack.cli.planning import OPTIONS
from nim_stack.cli.stack_files import HF_TOKEN, NGC_KEY
from nim_stack.cli.stack_plan import refused
from nim_stack.cli.starting.choice import LANGUAGES, Choice
from nim_stack.cli.starting.library import is_of_this_machine, requirement
from nim_stack.cli.starting.project import files_of, steps_of
from nim_stack.cli.starting.writing import write_files
from nim_stack.deployment.keys import EVERY_KEY, Keys
from nim_stack.plan import DeploymentPlan, plan_deployment, summary

_FURTHER = {
    "namespace": ("--namespace", "namespace of the deployment"),
    "image": ("--image", "image with a tag or digest"),
    "storage.storageClass": ("--storage-class", "class for a new claim"),
    "storage.existingClaim": ("--claim", "existing claim with the weights"),
}
_KEYS: tuple[tuple[str, ...], ...] = ((), (NGC_KEY,), (HF_TOKEN,), (NGC_KEY, HF_TOKEN))
"""The fewest with which there is a plan are those that the project asks for."""


def add_command(commands: Any) -> None:
    """Add the command `init` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "init",
        help="a project of your own, with its first stack",
        description="Write a Pulumi project that serves a model. Nothing is written that the plan refuses. Exit code "
        "1: the plan refuses the settings, 2: files are there already, or cannot be written.",
    )
    command.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help="folder of the project; without it this"
    )
    command.add_argument("--name", help="name of the Pulumi project; without it that of the folder")
    command.add_argument("--stack", default="dev", help="name of the first stack (%(default)s)")
    command.add_argument("--language", choices=LANGUAGES, default="python", help="of the program (%(default)s)")
    command.add_argument(
        "--requirement", help="the library in requirements.txt; without it the version, or the source, that runs here"
    )
    command.add_argument("--force", action="store_true", help="replace files that are there")
    command.add_argument("--json", action="store_true", help="for programs")
    settings = command.add_argument_group("settings")
    for setting, (flag, kind, what) in OPTIONS.items():
        settings.add_argument(flag, dest=setting, type=kind, help=what, required=setting == "model")
    for setting, (flag, what) in _FURTHER.items():
        settings.add_argument(flag, dest=setting, help=what)
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    choice = Choice(
        given.name or given.folder.resolve().name,
        given.stack,
        given.language,
        _settings(vars(given)),
        given.requirement or requirement(),
    )
    try:
        plan, keys = _planned(choice.settings)
    except RefusedError as refusal:
        return refused(refusal, given.json)
    choice = replace(choice, keys=keys)
    texts = files_of(choice)
    write_files(given.folder, texts, force=given.force)
    there = given.folder.resolve() == Path.cwd()
    steps = [*([] if there else [f"cd {shlex.quote(str(given.folder))}"]), *steps_of(choice)]
    if given.json:
        document = {"folder": str(given.folder), "files": list(texts), "keys": keys, "next": steps}
        print(json.dumps({**document, "plan": summary(plan)}, indent=2))
    else:
        print(_page(given.folder, texts, choice, plan, steps))
    return 0


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the options say, as a stack file says it."""
    found: dict[str, Any] = {}
    for path in (*OPTIONS, *_FURTHER):
        if (value := given[path]) is not None:
            section, _, name = path.rpartition(".")
            (found.setdefault(section, {}) if section else found)[name] = value
    return found


def _planned(settings: Mapping[str, Any]) -> tuple[DeploymentPlan, tuple[str, ...]]:
    """The plan, and the fewest keys with which there is one.

    Raises:
        RefusedError: there is none with all keys either.
    """
    for keys in _KEYS:
        try:
            return plan_deployment(settings, keys=Keys(ngc=NGC_KEY in keys, hub=HF_TOKEN in keys)), keys
        except RefusedError:
            continue
    return plan_deployment(settings, keys=EVERY_KEY, where="the options"), _KEYS[-1]


def _page(folder: Path, texts: Mapping[str, str], choice: Choice, plan: DeploymentPlan, steps: list[str]) -> str:
    """What was written and planned, and what comes next."""
    parts = [
        "\n".join([f"written to {folder}", *(f"  {path}" for path in texts)]),
        f"planned: {', '.join(f'{name} {value}' for name, value in summary(plan).items())}",
    ]
    if plan.warnings:
        parts.append("\n".join(["warnings", *(f"  {warning}" for warning in plan.warnings)]))
    if is_of_this_machine(choice.requirement):
        parts.append("requirements.txt names a file or folder of this machine: its comment says what to do about it.")
    parts.append("\n".join(["next", *(f"  {step}" for step in steps)]))
    return "\n\n".join(parts)
