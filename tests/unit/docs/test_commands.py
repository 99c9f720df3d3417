"""Commands on the pages: each is one that its program takes, and a page can be followed from top to bottom."""

import subprocess
from pathlib import Path

import pytest

from tests.unit.docs.cli_table import UsageError
from tests.unit.docs.follow import Follower, mentions
from tests.unit.docs.pages import PAGES, Page, Piece
from tests.unit.docs.programs import CHECKS, NOT_CHECKED, check, is_whole
from tests.unit.docs.shell import Command, commands

LANGUAGES = {
    "": "commands",
    "yaml": "settings or an object",
    "python": "a program",
    "json": "parameters of policies",
    "text": "output",
    "mermaid": "a picture",
}
BY_NAME = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])


def shell_blocks() -> list[Piece]:
    return [block for page in PAGES for block in page.blocks if block.language == ""]


@BY_NAME
def test_a_block_says_what_it_is(page: Page) -> None:
    """Without a language it is commands, so that nothing is left unchecked by an oversight."""
    for block in page.blocks:
        assert block.language in LANGUAGES, f"{block}: {block.language} is none of {', '.join(LANGUAGES)}"
        if block.language == "text":
            first_words = {line.split()[0] for line in block.text.splitlines() if line.strip()}
            assert not first_words & CHECKS.keys(), f"{block}: these are commands"


@pytest.mark.parametrize("block", shell_blocks(), ids=str)
def test_a_block_of_commands_is_bash(block: Piece) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{block}: {done.stderr}"


@BY_NAME
def test_each_command_is_one_that_its_program_takes(page: Page) -> None:
    wrong = []
    for command in [command for block in page.blocks if block.language == "" for command in commands(block)]:
        wrong += _refused(command, whole=True)
    for command in mentions(page):
        wrong += _refused(command, whole=is_whole(command.words))
    assert wrong == []


def _refused(command: Command, whole: bool) -> list[str]:
    try:
        check(command.words, whole)
    except UsageError as error:
        return [f"{command.where}: {error}"]
    return []


@BY_NAME
def test_a_page_can_be_followed(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Follower(page, tmp_path, monkeypatch).follow()


def test_what_is_not_checked_is_used() -> None:
    """An entry that no page needs is an exemption that waits for a mistake."""
    used = {command.program for block in shell_blocks() for command in commands(block)}
    assert set(NOT_CHECKED) <= used
