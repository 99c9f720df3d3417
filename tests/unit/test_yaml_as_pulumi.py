"""Stack files are read as Pulumi reads them: the same are refused, and the same have the same values."""

import time
from pathlib import Path

import pytest

from nim_stack.cli.main import main
from nim_stack.settings.files.errors import StackFileError
from nim_stack.settings.files.stack import read_stack
from tests.unit.files.odd import ODD, PROJECT, Odd, body


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    return tmp_path


@pytest.mark.parametrize("odd", [pytest.param(odd, id=odd.what) for odd in ODD if odd.refused is None])
def test_what_pulumi_accepts_has_the_values_that_a_program_gets(odd: Odd, project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_bytes(odd.content)
    assert read_stack("dev", project).settings == (odd.settings or {})


@pytest.mark.parametrize("odd", [pytest.param(odd, id=odd.what) for odd in ODD if odd.refused is not None])
def test_what_pulumi_refuses_is_refused_in_one_line_with_exit_code_2(
    odd: Odd, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "Pulumi.dev.yaml").write_bytes(odd.content)
    assert main(["plan", "-s", "dev", "-C", str(project)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert odd.refused is not None
    assert odd.refused in line


def test_a_key_with_and_without_its_project_is_refused_since_pulumi_takes_one_by_chance(project: Path) -> None:
    """The command `pulumi` 3.259 gave 2 three times and 3 three times in six runs: it goes through a map of Go."""
    (project / "Pulumi.dev.yaml").write_text("config:\n  nim: {nodes: 2}\n  team-llm:nim: {nodes: 3}\n")
    with pytest.raises(StackFileError, match=r":3:3: team-llm:nim is there twice, first in line 2"):
        read_stack("dev", project)


_BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 10)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)
IMMENSE = [
    pytest.param(b"[" * 100_000, id="a nest of lists"),
    pytest.param(b"a: " + b"{a: " * 500, id="a nest of mappings"),
    pytest.param(body(_BOMB), id="aliases that stand for a billion values"),
    pytest.param(body("labels:\n" + "".join(f"  k{n}: v\n" for n in range(200_000))), id="200,000 labels"),
    pytest.param(body("labels:\n" + "".join(f"  k{n}: v\n" for n in range(15_000))), id="15,000 labels"),
]


@pytest.mark.parametrize("content", IMMENSE)
def test_a_file_that_is_immense_is_refused_at_once(
    content: bytes, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "Pulumi.dev.yaml").write_bytes(content)
    start = time.process_time()
    assert main(["plan", "-s", "dev", "-C", str(project)]) == 2
    assert time.process_time() - start < 5
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("content", IMMENSE)
def test_values_of_a_chart_that_are_immense_are_refused_at_once(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "values.yaml").write_bytes(content)
    start = time.process_time()
    assert main(["import", "helm", str(tmp_path / "values.yaml")]) == 2
    assert time.process_time() - start < 5
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_as_many_labels_as_are_read_are_judged_in_bounded_time(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = "".join(f"    k{n}: v\n" for n in range(9_000))
    text = f"model: hf://org/tiny\nnodes: 2\nstorage: {{storageClass: s}}\npods:\n  labels:\n{labels}"
    (project / "Pulumi.dev.yaml").write_bytes(body(text))
    start = time.process_time()
    assert main(["plan", "-s", "dev", "-C", str(project), "--assume", "ngcApiKey"]) in (0, 1)
    assert time.process_time() - start < 30
    assert capsys.readouterr()


def test_a_folder_in_place_of_a_stack_file_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Pulumi.dev.yaml").mkdir()
    assert main(["plan", "-s", "dev", "-C", str(project)]) == 2
    assert capsys.readouterr().err.endswith("Pulumi.dev.yaml is no file.\n")


@pytest.mark.parametrize(
    "arguments",
    [pytest.param(["impact", "-"], id="a preview"), pytest.param(["import", "helm", "-"], id="values of a chart")],
)
def test_standard_input_that_is_closed_is_said(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert main(arguments) == 2
    assert "standard input is closed: name a file" in capsys.readouterr().err


def test_a_preview_with_values_too_deep_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "preview.json").write_text('{"steps": ' + "[" * 200_000)
    assert main(["impact", str(tmp_path / "preview.json")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
