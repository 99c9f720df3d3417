"""The rooms: what import-linter cannot say. The contracts in pyproject.toml say that arrows point one way."""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from nim_stack.base import names
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


NAMES = LIBRARY / "base" / "names.py"
LONG = 8
"""A constant that is no longer than this is a common word as well, unless it has a `/` or a `.`."""
OTHER_FACTS = {
    ("nim_stack/importing/helm/storage.py", "/model-store"): "the chart's default, which stays when the mount changes"
}


def repeated(text: str, constants: Collection[str]) -> Iterator[tuple[int, str]]:
    """Line and value of every literal that is one of these constants; what stands alone is a docstring."""
    tree = ast.parse(text)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in constants and id(node) not in docstrings:
            yield node.lineno, str(node.value)


def constants_of_names() -> set[str]:
    """All but the path `/v1`, with which the version of an API of Kubernetes ends as well."""
    found = {value for key, value in vars(names).items() if key.isupper() and isinstance(value, str)}
    return {value for value in found if "/" in value or "." in value or len(value) > LONG} - {names.API}


def test_a_name_stands_once_in_names_and_is_written_nowhere_else() -> None:
    """The programs are left out: they run in a pod, where this package is not."""
    files = [file for file in LIBRARY.rglob("*.py") if file != NAMES and "programs" not in file.parts]
    found = {
        (name(file), value): line for file in files for line, value in repeated(file.read_text(), constants_of_names())
    }
    assert {place: line for place, line in found.items() if place not in OTHER_FACTS} == {}
    assert found.keys() >= OTHER_FACTS.keys(), "an exception that is no longer needed"


def test_a_repeated_name_would_be_seen() -> None:
    text = '"""nvidia.com/gpu"""\nLABEL = "nvidia.com/gpu"\nWORDS = "no nvidia.com/gpu is free"\n'
    assert list(repeated(text, constants_of_names())) == [(2, names.GPU_RESOURCE)]


def test_the_types_of_documents_are_defined_once() -> None:
    defined = [
        f"{name(file)}: {target.id}"
        for root in (LIBRARY, ROOT / "lab", ROOT / "tests")
        for file in root.rglob("*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in ("Json", "Manifest")
    ]
    assert sorted(defined) == ["nim_stack/base/documents.py: Json", "nim_stack/base/documents.py: Manifest"]
