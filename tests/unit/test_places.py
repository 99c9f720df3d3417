"""Each problem of a stack file has the file, line and column of its setting, in text and for programs."""

import json
from pathlib import Path

import pytest

from nim_stack.cli.main import main

SMALL = """\
config:
  team-llm:nim:
    model: hf://org/tiny
    nodes: 2
    gpusPerNode: 1
    image: registry.example/open-nim:1
    storage: {storageClass: shared}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: team-llm\nruntime: python\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PWD", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(("nodes: 2", "nodes: 0"), "Pulumi.dev.yaml:4:5: NIM003 nim.nodes = 0", id="a wrong value"),
        pytest.param(("nodes: 2", "nodez: 2"), "Pulumi.dev.yaml:4:5: NIM001 nim.nodez", id="an unknown setting"),
        pytest.param(("    model: hf://org/tiny\n", ""), "Pulumi.dev.yaml:2:3: NIM002 nim.model", id="a missing one"),
        pytest.param(
            ("{storageClass: shared}", "{storageClass: Shared!}"),
            "Pulumi.dev.yaml:7:15: NIM003 nim.storage.storageClass",
            id="a value inside braces",
        ),
        pytest.param(
            ("storage:", "env:\n      - {name: A, value: b}\n      - {name: 5x, value: b}\n    storage:"),
            "Pulumi.dev.yaml:9:10: NIM003 nim.env.1.name",
            id="an item of a list",
        ),
        pytest.param(
            ("storage:", "pods:\n      labels: {a.example/b: 'no good'}\n    storage:"),
            "Pulumi.dev.yaml:8:16: NIM003 nim.pods.labels.a.example/b",
            id="a key with dots",
        ),
        pytest.param(
            ("registry.example/open-nim:1", "nvcr.io/nim/nvidia/model-free-nim:2.0.2"),
            "Pulumi.dev.yaml:1:1: NIM070 ngcApiKey",
            id="a missing key, at the configuration",
        ),
        pytest.param(
            ("  team-llm:nim:", "  team-llm:hfToken: hf_clear\n  team-llm:nim:"),
            "Pulumi.dev.yaml:2:3: NIM004 hfToken",
            id="a key in clear",
        ),
        pytest.param(
            ("storage:", "servedModelName: {secure: AAAB}\n    storage:"),
            "Pulumi.dev.yaml:7:5: NIM005 nim.servedModelName",
            id="something encrypted inside the settings",
        ),
    ],
)
def test_a_problem_has_the_place_of_its_setting_or_of_the_nearest_parent(
    change: tuple[str, str], line: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Pulumi.dev.yaml").write_text(SMALL.replace(*change))
    assert main(["plan", "-s", "dev"]) == 1
    assert f"\n  - {line}" in capsys.readouterr().err
    assert main(["plan", "-s", "dev", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["problems"]
    assert any(line.startswith(f"{one['file']}:{one['line']}:{one['column']}: {one['code']} ") for one in found)


def test_a_file_of_another_folder_is_named_as_the_caller_would(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sub").mkdir()
    (folder / "Pulumi.yaml").rename(folder / "sub" / "Pulumi.yaml")
    (folder / "sub" / "Pulumi.dev.yaml").write_text(SMALL.replace("nodes: 2", "nodes: 0"))
    main(["plan", "-s", "dev", "-C", "sub"])
    assert "  - sub/Pulumi.dev.yaml:4:5: NIM003" in capsys.readouterr().err


def test_a_setting_of_the_command_line_has_no_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Pulumi.dev.yaml").write_text(SMALL)
    assert main(["plan", "-s", "dev", "--nodes", "0"]) == 1
    assert "\n  - NIM003 nim.nodes = 0" in capsys.readouterr().err


def test_a_warning_has_its_place_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Pulumi.dev.yaml").write_text(SMALL)
    assert main(["render", "-s", "dev"]) == 0
    assert capsys.readouterr().err.startswith("warning: Pulumi.dev.yaml:3:5: NIM072 nim.model")


def test_a_setting_in_snake_case_is_a_warning_that_names_the_right_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Pulumi.dev.yaml").write_text(SMALL.replace("gpusPerNode", "gpus_per_node"))
    assert main(["plan", "-s", "dev", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["gpusPerNode"] == 1
    (found,) = [problem for problem in plan["problems"] if problem["code"] == "NIM007"]
    assert (found["severity"], found["path"], found["line"]) == ("warning", "nim.gpus_per_node", 5)
    assert found["instead"].startswith("Did you mean gpusPerNode?")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        pytest.param(
            ("{storageClass: shared}", "{storage_class: shared}"), "nim.storage.storage_class", id="inside a mapping"
        ),
        pytest.param(
            ("storage:", "env:\n      - {name: A, value_from: {fieldRef: {fieldPath: status.podIP}}}\n    storage:"),
            "nim.env.0.value_from",
            id="inside a list",
        ),
    ],
)
def test_settings_below_others_are_warned_about_too(
    change: tuple[str, str], path: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Pulumi.dev.yaml").write_text(SMALL.replace(*change))
    assert main(["plan", "-s", "dev", "--json"]) == 0
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert path in [problem["path"] for problem in problems if problem["code"] == "NIM007"]


def test_a_setting_in_both_spellings_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Pulumi.dev.yaml").write_text(SMALL.replace("gpusPerNode: 1", "gpusPerNode: 1\n    gpus_per_node: 8"))
    assert main(["plan", "-s", "dev"]) == 1
    assert (
        "Pulumi.dev.yaml:6:5: NIM001 nim.gpus_per_node = 8: there is no such setting. Did you mean gpusPerNode?"
        in capsys.readouterr().err
    )
