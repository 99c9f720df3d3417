"""The TypedDicts of the settings: as the code makes them, and what a type checker says of a user's program."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nim_stack.settings import typed, typed_source
from nim_stack.settings.shapes import ROOT, settings_objects
from tests.unit.conftest import ROOT as REPOSITORY

PROGRAM = """
from nim_stack import NimStack, StackSettingsDict

settings: StackSettingsDict = {
    "model": "llama-3.1-405b-instruct",
    "nodes": 2,
    "storage": {"storageClass": "shared"},
    "service": {"type": "ClusterIP"},
}
NimStack("chat", {"settings": settings})
"""


def test_the_committed_types_are_what_the_code_makes(written_file: Callable[[str, str], None]) -> None:
    written_file(typed_source.FILE, typed_source.text())


def test_they_have_the_fields_of_the_settings() -> None:
    fields = settings_objects()[ROOT].fields
    assert typed.StackSettingsDict.__required_keys__ == {"model"}
    assert typed.StackSettingsDict.__annotations__.keys() == fields.keys()


def check(program: str, folder: Path) -> str:
    """What mypy says of a program, with the rules of this repository."""
    file = folder / "program.py"
    file.write_text(program)
    words = ["-m", "mypy", "--config-file", str(REPOSITORY / "pyproject.toml"), str(file)]
    return subprocess.run([sys.executable, *words], cwd=REPOSITORY, capture_output=True, text=True, check=False).stdout


def test_a_program_without_a_mistake_passes(tmp_path: Path) -> None:
    assert check(PROGRAM, tmp_path).startswith("Success")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        pytest.param('"nodes"', '"nodess"', 'Extra key "nodess" for TypedDict "StackSettingsDict"', id="a setting"),
        pytest.param('"storageClass"', '"storageclass"', 'Extra key "storageclass"', id="a setting inside a mapping"),
        pytest.param('"ClusterIP"', '"ClusterIp"', "Incompatible types", id="a word"),
        pytest.param("2,", '"two",', "Incompatible types", id="a number"),
        pytest.param('"model"', '"modell"', 'Missing key "model"', id="a required setting"),
    ],
)
def test_a_mistake_is_a_red_line_before_the_program_runs(right: str, wrong: str, said: str, tmp_path: Path) -> None:
    assert PROGRAM.count(right) == 1
    assert said in check(PROGRAM.replace(right, wrong), tmp_path)
