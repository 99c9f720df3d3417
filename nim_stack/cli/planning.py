"""`nim-stack plan`: the plan of a stack, or of options alone, before anything exists."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nim_stack.base.first_rules import KEY_IN_CLEAR
from nim_stack.base.problems import RefusedError
from nim_stack.catalog.load import load_catalog
from nim_stack.cli import report
from nim_stack.cli.stack_files import StackFile, StackFileError, read_stack_file
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.plan import DeploymentPlan, plan_deployment
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
_PLACE = {"storageClass": "to-be-chosen"}
"""Options say nothing of storage, and it is not what they ask about."""


def add_command(commands: Any) -> None:
    """Add the command `plan` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "plan",
        help="whether a model runs on these nodes, and how",
        description="Plan a stack, or options alone; options replace settings of the stack. Exit code 1: refused.",
    )
    command.add_argument("-s", "--stack", help="plan Pulumi.<stack>.yaml")
    command.add_argument("-C", "--directory", type=Path, default=Path(), help="where the stack files are")
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
    options = {setting: getattr(given, setting) for setting in OPTIONS if getattr(given, setting) is not None}
    if given.stack is None and "model" not in options and not given.search:
        raise StackFileError("Say what to plan: -s <stack>, or --model <model> with --gpu and --nodes.")
    file = read_stack_file(given.stack, given.directory) if given.stack else None
    raw = _settings(file, options)
    if given.search:
        return _search(raw, given)
    try:
        plan = plan_of(file, raw)
    except RefusedError as refusal:
        return refused(refusal, given.json)
    print(json.dumps(report.document(plan), indent=2) if given.json else report.page(plan))
    return _in_time(plan, given.up_within)


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


def _settings(file: StackFile | None, options: Mapping[str, Any]) -> Any:
    if file is None:
        return {"storage": _PLACE, **options}
    return {**file.settings, **options} if isinstance(file.settings, Mapping) else file.settings


def plan_of(file: StackFile | None, raw: Any) -> DeploymentPlan:
    """The plan of a stack file; options alone ask about sizes, so that keys are taken to be there."""
    if file is None:
        return plan_deployment(raw, keys=EVERY_KEY, where="the options")
    further = tuple(
        KEY_IN_CLEAR.problem(
            key, None, "it stands in the stack file in clear", f"Use `pulumi config set --secret {key}`."
        )
        for key in file.keys_in_clear
    )
    return plan_deployment(raw, keys=file.given_keys, further=further, where=file.name)


def refused(refusal: RefusedError, as_json: bool) -> int:
    """Say what was refused, warnings included; the exit code."""
    if as_json:
        found = [problem.document for problem in (*refusal.problems, *refusal.warnings)]
        print(json.dumps({"feasible": False, "problems": found}, indent=2))
    else:
        print(refusal, file=sys.stderr)
        for warning in refusal.warnings:
            print(f"warning: {warning}", file=sys.stderr)
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
