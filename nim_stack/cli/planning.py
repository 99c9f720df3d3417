"""`nim-stack plan`: the plan of a stack, or of options alone, before anything exists."""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from nim_stack.base.problems import RefusedError
from nim_stack.catalog.load import load_catalog
from nim_stack.cli import report, stack_files
from nim_stack.cli.stack_files import StackFile, StackFileError
from nim_stack.cli.stack_plan import NotJudgedError, plan_of, plan_of_options, refused
from nim_stack.plan import DeploymentPlan
from nim_stack.search import MOST_NODES, Candidate, search
from nim_stack.settings.reading import read_settings

OPTIONS = {
    "model": ("--model", str, "model: catalogue name, hf://<owner>/<model>, or path"),
    "gpu": ("--gpu", str, "GPU type"),
    "nodes": ("--nodes", int, "nodes of a group"),
    "gpusPerNode": ("--gpus-per-node", int, "GPUs of a node that the group has"),
    "tensorParallel": ("--tp", int, "tensor parallel size"),
    "pipelineParallel": ("--pp", int, "pipeline parallel size"),
    "precision": ("--precision", str, "precision of the weights"),
    "fabric": ("--fabric", str, "network between the nodes"),
    "maxModelLen": ("--max-model-len", int, "longest sequence in tokens"),
    "profile": ("--profile", str, "NIM profile instead of the two sizes"),
    "replicas": ("--replicas", int, "groups"),
}
_PLACES = ("namespace", "name")
_PLACE = {"storageClass": "to-be-chosen"}
"""Options say nothing of storage, and it is not what they ask about."""


def add_command(commands: Any) -> None:
    """Add the command `plan` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "plan",
        help="whether a model runs on these nodes, and how",
        description="Plan a stack, or options alone; options replace settings of the stack. --model without -s plans "
        "the options alone. Exit code 0: it fits, warnings included, 1: refused, 2: unreadable, or not judged because "
        "it depends on a Pulumi ESC environment that is not known.",
    )
    stack_files.add_options(command, "plan the stack")
    command.add_argument("--namespace", help="namespace of the deployment instead of the stack's")
    command.add_argument("--name", help="name of the deployment instead of the stack's")
    for setting, (flag, kind, what) in OPTIONS.items():
        command.add_argument(flag, dest=setting, type=kind, help=what)
    command.add_argument(
        "--up-within",
        type=int,
        metavar="MINUTES",
        help="refuse a plan for whose groups `pulumi up` may wait longer, as where a CI job ends",
    )
    command.add_argument("--search", action="store_true", help="every feasible split on --gpu, the best first")
    command.add_argument("--most-nodes", type=int, default=MOST_NODES, help="how far to search (%(default)s)")
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    options = {setting: value for setting in (*OPTIONS, *_PLACES) if (value := getattr(given, setting)) is not None}
    alone = given.stack is None and ("model" in options or given.search)
    file = None if alone else _file(given).replacing(options)
    raw = {"storage": _PLACE, **options} if file is None else file.settings
    if given.search:
        return _search(raw, given)
    try:
        plan = plan_of_options(raw) if file is None else plan_of(file)
    except (RefusedError, NotJudgedError) as refusal:
        return refused(refusal, given.json)
    print(json.dumps(report.document(plan), indent=2) if given.json else report.page(plan))
    return _in_time(plan, given.up_within)


def _file(given: argparse.Namespace) -> StackFile:
    stack = stack_files.chosen_stack(given, "Say what to plan: -s <stack>, or --model <model> with --gpu and --nodes.")
    return stack_files.read_stack_file(stack, given.directory, given.assume)


def _in_time(plan: DeploymentPlan, most: int | None) -> int:
    """0, or 1 after saying what to do when `pulumi up` may wait longer than that for the groups."""
    minutes = -(-plan.rollout_timeout // 60) if plan.settings.wait else 0
    if most is None or minutes <= most:
        return 0
    print(
        f"`pulumi up` may wait {minutes} minutes for the groups, and has {most}. An update that is killed meanwhile "
        "leaves a lock and unfinished operations (docs/interrupted.md). Set nim.wait: false and run `nim-stack smoke` "
        "afterwards, shorten nim.timeouts, or update from where it may take longer (docs/impact.md#in-github-actions).",
        file=sys.stderr,
    )
    return 1


def _search(raw: Any, given: argparse.Namespace) -> int:
    catalog = load_catalog()
    if not isinstance(raw, Mapping) or raw.get("gpu") not in catalog.gpus:
        raise StackFileError(f"--search needs a --gpu of the catalogue: {', '.join(sorted(catalog.gpus))}.")
    models = [raw["model"]] if "model" in raw else list(catalog.models)
    if "model" in raw and raw["model"] not in catalog.models:
        raise StackFileError(f"--search needs a --model of the catalogue: {', '.join(sorted(catalog.models))}.")
    found: list[Candidate] = []
    for model in models:
        settings, problems = read_settings({**raw, "model": model})
        if settings is None or problems:
            return refused(RefusedError(problems, "the options"), given.json)
        found += search(settings, catalog, given.most_nodes)
    if given.json:
        print(json.dumps([candidate.document for candidate in found], indent=2))
    elif found:
        print(report.candidates(found))
    else:
        print(f"None of {', '.join(models)} fits on up to {given.most_nodes} nodes of {raw['gpu']}.", file=sys.stderr)
    return 0 if found else 1
