"""Following a page from top to bottom, as far as that goes without a cluster and a network.

Files that a page copies, writes or shows under their name (`# Pulumi.<stack>.yaml` as first line of a block) are made,
`pulumi stack init` and `pulumi config set` do to the stack file what Pulumi does, and `nim-stack` runs.
"""

import io
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path

import pytest
import yaml

from nim_stack.cli.main import main
from tests.unit.docs.pages import ROOT, Page, Piece
from tests.unit.docs.programs import CHECKS, PULUMI, is_whole, program
from tests.unit.docs.shell import Command, commands

UNIT = ROOT / "tests" / "unit"
INLINE = CHECKS.keys() | {"python"}
NOT_RUN = {
    "diagnose": "reads a cluster; it runs with --from",
    "doctor": "reads a cluster",
    "recover": "reads a stack's state and a cluster",
    "smoke": "makes a Job in a cluster",
}
"""Commands of nim-stack that are parsed alone, with the reason."""
OUTCOMES = {"impact": {0, 3}}
"""Where a sample decides: 3 says that something needs approval. All others: 0, or what the line's comment says."""


class Follower:
    """A copy of what a reader of the page has, and where they are in it."""

    def __init__(self, page: Page, here: Path, patch: pytest.MonkeyPatch) -> None:
        self.page, self.patch = page, patch
        for path in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "pyproject.toml"):
            shutil.copy(ROOT / path, here)
        for path in ("examples", "schema", "docs"):
            shutil.copytree(ROOT / path, here / path)
        _samples(here)
        folder = page.path.parent
        self.here = here / folder.relative_to(ROOT) if (folder / "Pulumi.yaml").is_file() else here
        self.stack: str | None = None
        self.ran: list[str] = []

    def follow(self) -> None:
        """Every block, then every command in the text."""
        with chdir(self.here):
            for block in self.page.blocks:
                if block.language == "yaml":
                    self._show(block)
                elif block.language == "":
                    for command in commands(block):
                        self.do(command)
            for command in mentions(self.page):
                if _is_about_something(command):
                    self.do(command)

    def do(self, command: Command) -> None:
        """What one command does to the files here, or to the reader's terminal."""
        name, words = program(command.words)
        if name == "nim-stack" and (words[0] not in NOT_RUN or "--from" in words):
            self._nim_stack(command, list(words))
        elif name == "cd":
            os.chdir(words[0])
        elif name == "cp":
            shutil.copy(words[0], words[1])
        elif name == "pip":
            named = Path(words[-1])
            assert named.is_file() if "-r" in words else (named / "pyproject.toml").is_file(), command
        elif name == "pulumi":
            self._pulumi(list(words))

    def _nim_stack(self, command: Command, words: list[str]) -> None:
        said = re.search(r"exit code (\d)", command.comment)
        expected = {int(said[1])} if said else OUTCOMES.get(words[0], {0})
        self.patch.setattr("sys.stdin", io.StringIO((UNIT / "previews" / "nothing.json").read_text()))
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        assert code in expected, f"{command}: exit code {code} instead of {expected}"
        self.ran.append(shlex.join(command.words))

    def _pulumi(self, words: list[str]) -> None:
        name, positional = PULUMI.positional(words)
        if name == "stack init":
            self.stack = positional[0]
        if name != "config set" or self.stack is None:
            return
        file = Path(f"Pulumi.{self.stack}.yaml")
        document = (yaml.safe_load(file.read_text()) if file.exists() else None) or {}
        project = yaml.safe_load(Path("Pulumi.yaml").read_text())["name"]
        *above, key = positional[0].split(".") if "--path" in words else [positional[0]]
        place = document.setdefault("config", {})
        for name in above:
            place = place.setdefault(f"{project}:{name}" if name == above[0] else name, {})
        key = key if above else f"{project}:{key}"
        place[key] = {"secure": "AAAB"} if "--secret" in words else positional[1]
        file.write_text(yaml.safe_dump(document))

    def _show(self, block: Piece) -> None:
        """A file that the reader is to write. What Pulumi put there before, it keeps."""
        named = re.match(r"# (Pulumi\.\w+\.yaml)\b", block.text)
        if named is None:
            return
        file, shown = Path(named[1]), yaml.safe_load(block.text)
        before = yaml.safe_load(file.read_text()) if file.exists() else {}
        shown["config"] = (before or {}).get("config", {}) | shown["config"]
        file.write_text(yaml.safe_dump(shown))


def mentions(page: Page) -> Iterator[Command]:
    """Commands in the text."""
    for span in page.spans:
        yield from mentioned(span)


def mentioned(span: Piece) -> Iterator[Command]:
    """Commands of a program with a check of its own, and more than its name."""
    first, _, rest = span.text.partition(" ")
    if first in INLINE and rest:
        plain = re.sub(r"<[\w -]+>|…", "PLACEHOLDER", span.text)
        if not plain.startswith(f"{first} PLACEHOLDER"):  # which command it is, the reader or the program says
            yield from commands(Piece(span.page, span.line, plain))


def _is_about_something(command: Command) -> bool:
    """A mention such as `nim-stack plan --search` is no command line that a reader would enter."""
    says = ">" in command.where.text or any(not word.startswith("-") for word in command.words[2:])
    return says and "PLACEHOLDER" not in command.words and is_whole(command.words)


def _samples(here: Path) -> None:
    """Files that the pages take for given: what other programs printed."""
    given: dict[str, Callable[[], str]] = {
        "values.yaml": lambda: (UNIT / "imports" / "helm-page-example-1.yaml").read_text(),
        "nimcache.yaml": lambda: (UNIT / "imports" / "nimservice-ray.yaml").read_text().split("\n---\n")[0],
        "nimservice.yaml": lambda: (UNIT / "imports" / "nimservice-ray.yaml").read_text().split("\n---\n")[1],
        "preview.json": lambda: (UNIT / "previews" / "max-model-len-with-sames.json").read_text(),
        "seen.json": lambda: (UNIT / "snapshots" / "healthy-serving.json").read_text(),
    }
    for name, text in given.items():
        (here / name).write_text(text())
