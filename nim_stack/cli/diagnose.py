"""`nim-stack diagnose`: why a deployment does not serve. `nim-stack failures`: what it knows."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from nim_stack.base.tables import table
from nim_stack.cli import clusters
from nim_stack.operations.observing.errors import SnapshotError
from nim_stack.operations.observing.snapshot import Snapshot, load

EXIT_CODES = {"serving": 0, "starting": 0, "failing": 1, "unknown": 4}


def add_commands(commands: Any) -> None:
    """Add the commands `diagnose` and `failures` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "diagnose",
        help="why a deployment does not serve",
        description="Reads the cluster and says which known failure it is, with evidence and the next step. Exit code "
        "0: it serves, or is starting within its time; 1: a failure is named; 2: the cluster cannot be read; 4: it "
        "does not serve and no known failure fits.",
    )
    clusters.add_options(command, keys=False)
    command.add_argument("--watch", type=float, metavar="SECONDS", default=0, help="collect logs for so long")
    command.add_argument("--save", type=Path, metavar="FILE", help="keep what was seen")
    command.add_argument("--from", dest="source", type=Path, metavar="FILE", help="judge what was kept; no cluster")
    command.set_defaults(run=_diagnose)
    known = commands.add_parser("failures", help="every failure that diagnose can name")
    known.add_argument("--markdown", action="store_true", help="as the page docs/troubleshooting.md")
    known.set_defaults(run=_failures)


def _diagnose(given: argparse.Namespace) -> int:
    from nim_stack.operations.diagnosis.page import page
    from nim_stack.operations.diagnosis.verdict import diagnose

    if given.save and not given.save.absolute().parent.is_dir():
        raise SnapshotError(f"--save {given.save}: there is no folder {given.save.absolute().parent}")
    snapshot = _snapshot(given)
    if given.save:
        try:
            snapshot.save(given.save)
        except OSError as trouble:
            raise SnapshotError(f"--save {given.save}: {trouble.strerror}") from None
    found = diagnose(snapshot)
    print(json.dumps(found.document, indent=2) if given.json else page(found))
    return EXIT_CODES[found.state]


def _snapshot(given: argparse.Namespace) -> Snapshot:
    from nim_stack.operations.observing.gathering import watch

    if given.source:
        return load(given.source)
    target = clusters.target(given)
    if given.watch:
        print(f"Watching for {given.watch:.0f} s …", file=sys.stderr)
    return watch(target.reader(), target.namespace, target.name, given.watch)


def _failures(given: argparse.Namespace) -> int:
    from nim_stack.operations.diagnosis.page import document
    from nim_stack.operations.diagnosis.verdict import all_failures

    if given.markdown:
        print(document(), end="")
    else:
        print(table(("code", "what"), [(failure.code, failure.title) for failure in all_failures()]))
    return 0
