"""`lab prove`: the matrices, and which of their rows are proven."""

import argparse
from typing import Any

from lab import cluster
from lab.console import LabError
from lab.prove import defects, failures, impact, life, surface
from lab.prove.faults import matrix as faults
from lab.prove.matrix import Matrix, prove

MATRICES: tuple[Matrix, ...] = (
    surface.MATRIX,
    impact.MATRIX,
    failures.MATRIX,
    defects.MATRIX,
    life.MATRIX,
    faults.MATRIX,
)


def add_command(commands: Any) -> None:
    command = commands.add_parser(
        "prove",
        help="the long matrices against the cluster; evidence goes to evidence/",
        description="Runs the rows that have no evidence yet. Broken off, it goes on where it ended.",
    )
    command.add_argument("matrix", nargs="*", help=f"of {', '.join(matrix.name for matrix in MATRICES)}")
    command.add_argument("--row", action="append", default=[], help="this row alone; can be given more than once")
    command.add_argument("--again", action="store_true", help="rows that are proven already as well")
    command.add_argument("--list", action="store_true", help="the rows and their evidence; nothing runs")


def run(given: argparse.Namespace) -> int:
    """0: every row that ran held, 1: one did not."""
    known = {matrix.name: matrix for matrix in MATRICES}
    if unknown := sorted(set(given.matrix) - set(known)):
        raise LabError(f"there is no matrix {', '.join(unknown)}; there are: {', '.join(known)}")
    chosen = [known[name] for name in given.matrix] or list(MATRICES)
    if given.row and len(chosen) != 1:
        raise LabError("--row needs the one matrix that has it: lab prove surface --row existing-claim")
    if given.list:
        for matrix in chosen:
            _list(matrix)
        return 0
    cluster.up()
    held = [prove(matrix, given.row, given.again) for matrix in chosen]
    return 0 if all(held) else 1


def _list(matrix: Matrix) -> None:
    evidence = matrix.evidence()
    for row in matrix.rows:
        record = evidence.get(row)
        state = "open" if record is None else "held" if record["held"] else "failed"
        when = f"{record['date']}  {record['seconds']:>7} s  {record['commit'][:10]}" if record else ""
        print(f"{matrix.name:12} {row:40} {state:7} {when}")
