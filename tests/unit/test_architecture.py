"""The rooms: what import-linter cannot say. The contracts in pyproject.toml say that arrows point one way."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.conftest import ROOT

LIBRARY = ROOT / "nim_stack"
SERVE = ROOT / "container" / "nim_serve"
POLICY = ROOT / "policy" / "nim_policy"
MOST_ENTRIES = 14
MOST_LINES = 400


def folders() -> Iterator[Path]:
    for root in (LIBRARY, SERVE, POLICY):
        yield from (path.parent for path in sorted(root.rglob("__init__.py")))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_a_newcomer_sees_the_architecture_at_the_top() -> None:
    entries = {path.name for path in LIBRARY.iterdir()} - {"__init__.py", "__pycache__", "py.typed", "_config"}
    assert len(entries) <= MOST_ENTRIES, sorted(entries)


@pytest.mark.parametrize("folder", list(folders()), ids=name)
def test_a_folder_says_what_belongs_in_it_and_what_it_may_use(folder: Path) -> None:
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    assert len(said.split()) >= 8, f"{name(folder)} does not say what belongs in it"
    assert re.search(r"\b(may use|may import|imports? the standard library alone)\b", said), (
        f"{name(folder)} does not say what it may use"
    )


@pytest.mark.parametrize("root", [LIBRARY, SERVE, POLICY, ROOT / "lab", ROOT / "tests"], ids=name)
def test_a_file_has_one_idea(root: Path) -> None:
    lines = {name(file): len(file.read_text().splitlines()) for file in root.rglob("*.py")}
    assert {file: count for file, count in lines.items() if count > MOST_LINES} == {}


def test_the_number_of_groups_is_read_as_the_least_and_the_most_alone() -> None:
    """`replicas` is one of two ways to say it, and with an autoscaler it is the wrong one."""
    read = [
        f"{name(file)}:{node.lineno}"
        for file in LIBRARY.rglob("*.py")
        if not file.is_relative_to(LIBRARY / "settings")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "replicas" and _of_settings(node.value)
    ]
    assert read == []


def _of_settings(value: ast.expr) -> bool:
    return (isinstance(value, ast.Name) and value.id == "settings") or (
        isinstance(value, ast.Attribute) and value.attr == "settings"
    )


def test_that_lint_would_see_it() -> None:
    for text, is_settings in (("plan.settings.replicas", True), ("settings.replicas", True), ("group.replicas", False)):
        expression = ast.parse(text, mode="eval").body
        assert isinstance(expression, ast.Attribute)
        assert _of_settings(expression.value) is is_settings
