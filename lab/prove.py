"""`lab prove`: the long matrices of tests/prove by another name, for those who have the lab's command at hand."""

import argparse
import subprocess
import sys
from typing import Any

from lab.console import LabError
from lab.paths import REPO

FOLDER = REPO / "tests" / "prove"


def add_command(commands: Any) -> None:
    """The command `prove` of the lab's command line; GNU make keeps `--list` for itself, this command does not."""
    command = commands.add_parser(
        "prove",
        help="the long matrices against the cluster, as `make prove`; evidence goes to evidence/",
        description="Runs the rows of tests/prove that are not proven for this code. Broken off, it goes on where it "
        "ended. `make prove MATRIX=faults ROWS='leader and idle' AGAIN=1 LIST=1` takes the same, each where wanted.",
    )
    command.add_argument("matrix", nargs="*", help=f"of {', '.join(matrices())}; all of them without one")
    command.add_argument("-k", metavar="EXPRESSION", help="rows whose names match, as pytest's -k: 'leader and idle'")
    command.add_argument("--again", action="store_true", help="rows that are proven as well")
    command.add_argument("--list", action="store_true", help="which rows are proven and why the others are not; no run")
    command.add_argument("--release", action="store_true", help="the same; exit code 1 unless all rows are proven")


def matrices() -> list[str]:
    """Names of the matrices: the folders of tests/prove that have tests."""
    return sorted(test.parent.name for test in FOLDER.glob("*/test_*.py"))


def run(given: argparse.Namespace) -> int:
    """Run the matrices with pytest, and return the exit code of pytest."""
    if unknown := sorted(set(given.matrix) - set(matrices())):
        raise LabError(f"there is no matrix {', '.join(unknown)}; there are: {', '.join(matrices())}")
    places = [str(FOLDER / matrix) for matrix in given.matrix] or [str(FOLDER)]
    flags = [f"--{flag}" for flag in ("again", "list", "release") if getattr(given, flag)]
    chosen = ["-k", given.k] if given.k else []
    words = [sys.executable, "-m", "pytest", "-v", "-m", "prove", *places, *chosen, *flags]
    return subprocess.call(words, cwd=REPO)
