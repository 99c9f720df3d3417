"""`nim-stack doctor`: whether the cluster can take the stack, before `pulumi up`."""

import argparse
import json
from typing import Any

from nim_stack.base.tables import table
from nim_stack.cli import all_reduce, clusters

_MARKS = {"ok": "ok", "warning": "warning", "error": "PROBLEM", "unknown": "not known"}


def add_command(commands: Any) -> None:
    """Add the command `doctor` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "doctor",
        help="whether the cluster can take the stack",
        description="Compares the cluster with the plan of the stack and changes nothing; it needs no right to write, "
        "but for --all-reduce. Exit code 0: nothing is in the way (warnings included), 1: something is, or what was "
        "asked for could not be measured, 2: the cluster cannot be read.",
    )
    clusters.add_options(command)
    all_reduce.add_options(command)
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from nim_stack.operations.doctor.check import Preflight
    from nim_stack.operations.doctor.examine import examine, read

    all_reduce.check_options(given)
    target = clusters.target(given)
    plan = target.plan
    reader = target.reader()
    preflight = Preflight(plan, read(reader, plan))
    report, measured = examine(preflight), None
    if given.all_reduce:
        found, measured = all_reduce.measure(given, reader, preflight)
        report = report.beside("all-reduce", found)
    if given.json:
        document = report.document
        if measured:
            document[-1]["measured"] = measured.document
        print(json.dumps(document, indent=2))
    else:
        rows = [
            (name, _MARKS[finding.severity], finding.why)
            for name, found in report.findings.items()
            for finding in found
        ]
        print(table(("check", "", "found"), rows))
        to_do = [(name, f) for name, found in report.findings.items() for f in found if f.severity != "ok"]
        if to_do:
            print()
            print("\n".join(f"{name}: {finding.instead}" for name, finding in to_do))
        if measured:
            print()
            print(all_reduce.figures(measured))
    return 1 if report.problems else 0
