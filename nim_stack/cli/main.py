"""The command line: arguments in, text and an exit code out."""

import argparse
import sys
from collections.abc import Sequence

from nim_stack import __version__
from nim_stack.base import names
from nim_stack.base.errors import NimStackError
from nim_stack.cli import (
    catalog,
    diagnose,
    doctor,
    impact,
    importing,
    init,
    planning,
    recover,
    rendering,
    settings,
    smoke,
)

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. 0: it is fine, 1: it is refused, 2: the command line, a file or the cluster cannot be read, 130:
    Ctrl-C. Commands say in their help which others they have.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        found: int = given.run(given)
    except NimStackError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=names.PROJECT, description="Plan multi-node NIM deployments: does this model run on these nodes?"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    init.add_command(commands)
    planning.add_command(commands)
    rendering.add_command(commands)
    settings.add_command(commands)
    importing.add_command(commands)
    catalog.add_commands(commands)
    impact.add_command(commands)
    doctor.add_command(commands)
    smoke.add_command(commands)
    diagnose.add_commands(commands)
    recover.add_command(commands)
    return parser
