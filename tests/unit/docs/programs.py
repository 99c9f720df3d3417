"""Whether a command line is one that its program takes: each program that the pages use, and how it is known.

Nothing is let through without being named here.
"""

import argparse
import contextlib
import io
import re
from collections.abc import Callable, Sequence, Set
from importlib.util import find_spec
from pathlib import Path

from lab import cli as lab_cli
from lab.prove import matrices
from nim_stack.cli import main as nim_stack_cli
from tests.unit.docs.cli_table import CliTable, UsageError
from tests.unit.docs.pages import ROOT

KUBECTL, PULUMI, HELM = CliTable("kubectl"), CliTable("pulumi"), CliTable("helm")
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = frozenset(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
VARIABLES = frozenset(re.findall(r"^(?:[A-Z]+(?= \?=))|(?<=\$\(if \$\()[A-Z]+", MAKEFILE, re.MULTILINE))
NOT_CHECKED = {
    ".": "the shell's",
    "cd": "the shell's; the page is followed, and the folder has to be there",
    "cp": "a standard tool; the page is followed, and the file copied",
    "curl": "a standard tool, used for requests to an API",
    "cut": "a standard tool",
    "grep": "a standard tool",
    "jq": "a standard tool; the filter was run against an API server with LWS's CRD",
    "less": "a standard tool",
    "python3": "Python itself, for `-m venv`; every other module is looked for",
    "sha256sum": "a standard tool",
}
"""Programs whose words are nobody's here to check, with the reason."""

Check = Callable[[Sequence[str], bool], None]
"""Words behind the program's name, and whether they are a whole command line rather than a mention."""


def check(words: Sequence[str], whole: bool) -> None:
    """Look at one command line.

    Raises:
        UsageError: its program would refuse it, or is not known here.
    """
    name, rest = program(words)
    if name not in NOT_CHECKED:
        if name not in CHECKS:
            raise UsageError(f"{name} is no program that is known here: give it a check, or say why it has none")
        CHECKS[name](rest, whole)


def is_whole(words: Sequence[str]) -> bool:
    """Whether it says all that its program needs, or only speaks of the command."""
    try:
        check(words, whole=True)
    except UsageError:
        return False
    return True


def program(words: Sequence[str]) -> tuple[str, list[str]]:
    """Its name, whichever way it is called, and its words."""
    words = list(words)
    if words[0] in ("python", "python3") and words[1:2] == ["-m"] and words[2] != "venv":
        known = {"nim_stack.cli": "nim-stack", "lab": "lab/lab", "pytest": "pytest"}
        return (known[words[2]], words[3:]) if words[2] in known else ("python -m", words[2:])
    return words[0], words[1:]


def _nim_stack(words: Sequence[str], whole: bool) -> None:
    _parse(nim_stack_cli._parser(), words, whole)


def _lab(words: Sequence[str], whole: bool) -> None:
    _parse(lab_cli.parser(), words, whole)
    if words[:1] == ["prove"]:
        _matrices(set(words[1:2]) - set(_flags(words)))


def _make(words: Sequence[str], whole: bool) -> None:
    given = dict(word.split("=", 1) for word in words if "=" in word)
    if unknown := [word for word in words if word not in TARGETS and "=" not in word]:
        raise UsageError(f"make has no target {', '.join(unknown)}")
    if unused := sorted(given.keys() - VARIABLES):
        raise UsageError(f"the Makefile reads no {', '.join(unused)}")
    _matrices({given["MATRIX"]} if "MATRIX" in given else set())


def _matrices(names: Set[str]) -> None:
    if unknown := names - set(matrices()):
        raise UsageError(f"there is no matrix {', '.join(sorted(unknown))}")


def _pip(words: Sequence[str], whole: bool) -> None:
    """Where the page is followed, the folder is looked at."""
    if words == ["install", "-r", "requirements.txt"]:
        return
    if words[:1] != ["install"] or len(words) != 2 or not set(words[1]) <= set("./"):
        raise UsageError("pip is there to install the folder of this repository, or what requirements.txt names")


def _module(words: Sequence[str], whole: bool) -> None:
    """A module of this repository: its source has every flag."""
    found = find_spec(words[0])
    if found is None or found.origin is None:
        raise UsageError(f"there is no module {words[0]}")
    known = re.findall(r"""add_argument\(\s*"(--[\w-]+)""", Path(found.origin).read_text(encoding="utf-8"))
    if unknown := [flag for flag in _flags(words[1:]) if flag not in known]:
        raise UsageError(f"python -m {words[0]} has no {', '.join(unknown)}")


def _flags(words: Sequence[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if word.startswith("-")]


def _kubectl(words: Sequence[str], whole: bool) -> None:
    if not whole:
        return KUBECTL.mention(words)
    verb, positional = KUBECTL.positional(words)
    kind = (KUBECTL.data["commands"][verb] or {}).get("object")
    given = positional[0] if positional else ""
    if kind and given and (kind == "type" or "/" in given):
        known = {name for row in KUBECTL.data["types"] for name in row} | set(KUBECTL.data["types of others"])
        if unknown := [name for name in given.partition("/")[0].split(",") if name not in known]:
            raise UsageError(f"kubectl {verb}: no type {', '.join(unknown)} in the table")
    return None


def _of(table: CliTable) -> Check:
    def look(words: Sequence[str], whole: bool) -> None:
        if whole:
            table.positional(words)
        else:
            table.mention(words)

    return look


CHECKS: dict[str, Check] = {
    "helm": _of(HELM),
    "kubectl": _kubectl,
    "lab": _lab,
    "lab/lab": _lab,
    "make": _make,
    "nim-stack": _nim_stack,
    "pip": _pip,
    "pulumi": _of(PULUMI),
    "python -m": _module,
}


def _parse(parser: argparse.ArgumentParser, words: Sequence[str], whole: bool) -> None:
    if not whole:
        _forgive(parser)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            parser.parse_args(list(words))
    except SystemExit as ended:
        if ended.code:
            raise UsageError(said.getvalue().strip().splitlines()[-1]) from None


def _forgive(parser: argparse.ArgumentParser) -> None:
    """A mention may leave out what is required."""
    for action in parser._actions:
        action.required = False
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                _forgive(inner)
        elif action.option_strings:
            action.nargs = "?" if action.nargs is None else action.nargs
        elif action.nargs != argparse.REMAINDER:
            action.nargs = "*"
