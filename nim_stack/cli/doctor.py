"""`nim-stack doctor`: whether the cluster can take the stack, before `pulumi up`."""

import argparse
import json
from typing import Any

from nim_stack.cli import clusters
from nim_stack.cli.tables import table

_MARKS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM", "unknown": "not known"}


def add_command(commands: Any) -> None:
    command = commands.add_parser(
        "doctor",
        help="whether the cluster can take the stack",
        description="Compares the cluster with the plan of the stack and changes nothing; it needs no right to write. "
        "Exit code 0: nothing is in the way (warnings included), 1: something is, 2: the cluster cannot be read.",
    )
    clusters.add_options(command, stack_alone=True)
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from nim_stack.doctor.check import Examined
    from nim_stack.doctor.examine import examine, read

    target = clusters.target(given)
    ngc, hub, plan = target.has_ngc_key, target.has_hf_token, target.plan
    report = examine(Examined(plan, read(target.reader(), plan, ngc=ngc, hub=hub), ngc, hub))
    if given.json:
        print(json.dumps(report.document, indent=2))
    else:
        rows = [
            (name, _MARKS[finding.level], finding.what) for name, found in report.findings.items() for finding in found
        ]
        print(table(("check", "", "found"), rows))
        to_do = [(name, f) for name, found in report.findings.items() for f in found if f.level != "ok"]
        if to_do:
            print()
            print("\n".join(f"{name}: {finding.do}" for name, finding in to_do))
    return 1 if report.problems else 0
