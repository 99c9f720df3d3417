"""Commands in what the program says: a cure that is pasted works."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.docs.cli_table import UsageError
from tests.unit.docs.follow import mentioned
from tests.unit.docs.pages import ROOT, Piece
from tests.unit.docs.programs import check, is_whole

SOURCES = sorted((ROOT / "nim_stack").rglob("*.py"))


def messages(path: Path) -> Iterator[Piece]:
    """Inline code of every text in a source, without docstrings; values become placeholders."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "PLACEHOLDER" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent | parts:
            text = node.value
        else:
            continue
        for code in re.findall(r"`([^`\n]+)`", text):
            yield Piece(str(path.relative_to(ROOT)), node.lineno, code)


def test_each_command_in_a_message_is_one_that_its_program_takes() -> None:
    found = [command for path in SOURCES for code in messages(path) for command in mentioned(code)]
    assert len(found) > 40
    wrong = []
    for command in found:
        try:
            check(command.words, is_whole(command.words))
        except UsageError as error:
            wrong.append(f"{command.where}: {error}")
    assert wrong == []


def test_a_message_is_seen_as_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.docs.test_messages.ROOT", tmp_path)
    source = tmp_path / "a.py"
    source.write_text('"""`pulumi not`."""\nx = f"Run `pulumi {y} -s {z}` or "\nw = "see `make up`"\n')
    assert [piece.text for piece in messages(source)] == ["pulumi PLACEHOLDER -s PLACEHOLDER", "make up"]
