"""`nim-stack impact`: what a preview would do, for a reviewer."""

import argparse
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, get_args

from nim_stack.operations.impact.effect import APPROVALS, Approval
from nim_stack.operations.impact.pages import markdown, page
from nim_stack.operations.impact.preview import PreviewError
from nim_stack.operations.impact.report import read_impact

NEEDS_APPROVAL = 3
_FAILED, _UNREADABLE = 1, 2


def add_command(commands: Any) -> None:
    """Add the command `impact` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "impact",
        help="what a preview would do: GPUs, groups that roll, what is lost",
        description="Read the output of `pulumi preview --json --show-sames`. Exit code 0: nothing needs approval, "
        f"{NEEDS_APPROVAL}: something does, {_FAILED}: the preview failed, {_UNREADABLE}: the file cannot be read.",
        epilog="\n".join(["kinds of approval:", *(f"  {kind:10} {what}" for kind, what in APPROVALS.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("preview", help="file with the preview, or - for standard input")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="for a comment on a pull request")
    form.add_argument("--json", action="store_true", help="for programs")
    form.add_argument(
        "--reasons", action="store_true", help="only what needs approval, sorted: to compare two previews"
    )
    command.add_argument(
        "--approve-on",
        type=_kinds,
        default=tuple(APPROVALS),
        metavar="KIND[,KIND…]",
        help="what needs approval, or none; without it everything below does",
    )
    command.set_defaults(run=_run)


def _kinds(text: str) -> tuple[str, ...]:
    wanted = tuple(word.strip() for word in text.split(",") if word.strip())
    wanted = () if wanted == ("none",) else wanted
    unknown = [word for word in wanted if word not in get_args(Approval)]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: use some of {', '.join(APPROVALS)}, or none")
    return wanted


def _run(given: argparse.Namespace) -> int:
    try:
        impact = read_impact(_text(given.preview))
    except (OSError, UnicodeDecodeError, PreviewError, RecursionError) as error:
        why: object = error.strerror if isinstance(error, OSError) else error
        why = "values stand inside each other too deep" if isinstance(error, RecursionError) else why
        print(f"{given.preview} cannot be read as a preview: {why}", file=sys.stderr)
        return _UNREADABLE
    wanted: Collection[Approval] = given.approve_on
    if given.reasons:
        # Sorted, since the engine writes steps as they come.
        for kind, why in sorted(impact.approvals(wanted)):
            print(f"{kind}: {' '.join(why.split())}")
    elif given.json:
        print(json.dumps(impact.document(wanted), indent=2))
    else:
        print(markdown(impact, wanted) if given.markdown else page(impact, wanted))
    if impact.preview.errors:
        return _FAILED
    return NEEDS_APPROVAL if impact.approvals(wanted) else 0


def _text(source: str) -> str:
    if source != "-":
        return Path(source).read_text(encoding="utf-8")
    if sys.stdin is None:
        raise PreviewError("standard input is closed: name a file")
    return sys.stdin.read()
