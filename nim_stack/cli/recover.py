"""`nim-stack recover`: after an engine that was killed, what is left behind, and a state that is right again."""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nim_stack.base.tables import table
from nim_stack.cli import clusters
from nim_stack.cli.stack_files import chosen_stack
from nim_stack.operations.recovering.decisions import OUTCOMES

if TYPE_CHECKING:
    from nim_stack.base.documents import Json
    from nim_stack.operations.recovering.locks import Lock
    from nim_stack.operations.recovering.lookup import Lookup
    from nim_stack.operations.recovering.recovery import Recovery

_WAIT_SECONDS = 120.0
_PAUSE_SECONDS = 1.0
_TO_DO = 1
_TRIES = 3


def add_command(commands: Any) -> None:
    """Add the command `recover` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "recover",
        help="a stack whose `pulumi up` or `destroy` was killed: what is left behind, and how to go on",
        description="Says who holds the stack, and what became of the operations that were under way; with --yes it\n"
        "writes that into the state, whose old form it keeps in a file. Then run `pulumi up` or `destroy` again.\n"
        "Exit code 0: nothing is left to do, 1: something is, 2: the state cannot be read.",
        epilog="\n".join(["what it says of an operation:", *(f"  {o:15} {what}" for o, what in OUTCOMES.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    clusters.add_options(command, keys=False, deployment=False)
    command.add_argument("--yes", action="store_true", help="write the state; without it nothing is changed")
    command.add_argument(
        "--cancel", action="store_true", help="with --yes: take the stack away from who holds it; know that it ended"
    )
    command.add_argument("--adopt", action="append", default=[], metavar="URN", help="take its object up all the same")
    command.add_argument("--drop", action="append", default=[], metavar="URN", help="forget its operation")
    command.add_argument(
        "--wait",
        type=float,
        default=_WAIT_SECONDS,
        metavar="SECONDS",
        help="with --yes: for objects that are being deleted (default %(default).0f)",
    )
    command.add_argument("--backup", type=Path, metavar="FILE", help="where the old state is kept (a new file here)")
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from nim_stack.operations.recovering.engine import Engine, StackHeldError
    from nim_stack.operations.recovering.lookup import Lookup

    given.stack = chosen_stack(given, "Say which stack: -s <stack>.")
    engine = Engine(given.stack, given.directory)
    look = Lookup(given.directory, given.kubeconfig, given.context)
    held = engine.locks()
    ended = given.yes and given.cancel and not any(lock.running for lock in held or ())
    if ended and held != []:
        engine.cancel()
    elif held:
        return _report(given, held, [], look, _decided(given, engine.export(), look, 0), None)
    backup: Path | None = None
    for _ in range(_TRIES):
        export = engine.export()
        recovery = _decided(given, export, look, given.wait if given.yes else 0)
        if not given.yes or not recovery.decisions or recovery.open:
            break
        if engine.export() != export:
            continue  # somebody has written it meanwhile; what was decided is of another state
        backup = _keep(given, export)
        try:
            engine.import_(recovery.export)
        except StackHeldError as trouble:
            backup.unlink()
            # In a bucket it shows only now; and nobody who came after a --cancel is the one that ended.
            what = "Run the command again when it has ended." if given.cancel else "See that it ended; add --cancel."
            print(f"{trouble}\nNothing was changed. {what}", file=sys.stderr)
            return _TO_DO
        break
    else:
        print("Nothing was changed: somebody else keeps writing the state.", file=sys.stderr)
        return _TO_DO
    return _report(given, [], held or [], look, recovery, backup)


def _decided(given: argparse.Namespace, export: "Json", look: "Lookup", seconds: float) -> "Recovery":
    """The decisions; what is being deleted is waited for."""
    from nim_stack.operations.recovering.recovery import recover

    sure = given.kubeconfig is not None or given.context is not None
    end = time.monotonic() + seconds
    while True:
        found = recover(export, look, adopt=given.adopt, drop=given.drop, sure=sure)
        ending = any(decision.outcome == "ending" for decision in found.decisions)
        if not ending or time.monotonic() >= end:
            return found
        time.sleep(_PAUSE_SECONDS)


def _keep(given: argparse.Namespace, export: "Json") -> Path:
    from nim_stack.operations.recovering.engine import EngineError

    name = f"state-of-{given.stack.replace('/', '-')}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.json"
    path: Path = given.backup or Path(name)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(export, file, indent=1)
    except OSError as trouble:
        raise EngineError(
            f"The old state cannot be kept in {path} ({trouble.strerror}); nothing was written."
        ) from None
    return path


def _report(
    given: argparse.Namespace,
    held: "list[Lock]",
    freed: "list[Lock]",
    look: "Lookup",
    recovery: "Recovery",
    backup: Path | None,
) -> int:
    done = not held and (backup is not None or not recovery.decisions)
    if given.json:
        document = {
            "stack": given.stack,
            "locks": [{"holder": lock.holder, "running": lock.running} for lock in held],
            "freed": [lock.holder for lock in freed],
            "asked": look.asked,
            "operations": [decision.document for decision in recovery.decisions],
            "written": backup is not None,
            "backup": str(backup) if backup else None,
        }
        print(json.dumps(document, indent=2))
    else:
        for lock in held:
            print(f"The stack is held by {lock.holder}.")
        for lock in freed:
            print(f"The stack was taken away from {lock.holder}.")
        if recovery.decisions:
            rows = [(d.operation, d.what, d.outcome, d.reason) for d in recovery.decisions]
            print(table(("under way", "object", "", "why"), rows))
            print(f"Asked: {', '.join(look.asked) or 'no cluster'}.")
        print(_next(given, held, recovery, backup))
    return 0 if done else _TO_DO


def _next(given: argparse.Namespace, held: "list[Lock]", recovery: "Recovery", backup: Path | None) -> str:
    here = "" if given.directory == Path() else f" -C {given.directory}"
    again = f"nim-stack recover -s {given.stack}{here} --yes"
    if any(lock.running for lock in held):
        return "Nothing was changed: let it end, or end it, first."
    if held:
        return f"Nothing was changed. Make sure that the holder ended; then: {again} --cancel"
    if not recovery.decisions:
        return "Nothing is left to do: go on with `pulumi up` or `pulumi destroy`."
    if backup:
        return f"The state is written; the old one is in {backup}. Go on with `pulumi up` or `pulumi destroy`."
    if any(decision.outcome != "ending" for decision in recovery.open):
        return "Nothing is written before you decided about what is not ours or not known."
    if recovery.open and given.yes:
        return "Nothing was changed: an object is still being deleted. Run the command again when it is gone."
    return f"Nothing was changed; to write the state: {again}"
