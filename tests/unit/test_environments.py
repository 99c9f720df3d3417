"""A stack with Pulumi ESC environments: what they bring is asked of the command `pulumi`, or said to be not known.

The command here is a stand-in that answers as pulumi 3.259 does (`configValueJSON` in `cmd/pulumi/config`): an
environment needs Pulumi Cloud, which no test may reach.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack.cli.main import main
from tests.unit.conftest import TINY
from tests.unit.rule_cases_file import ENVIRONMENT_UNKNOWN

LICENSED = TINY | {"image": "nvcr.io/nim/nvidia/model-free-nim:2.0.2"}
KEY = {"team-llm:ngcApiKey": {"secret": True}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PWD", raising=False)
    (tmp_path / "Pulumi.yaml").write_text("name: team-llm\nruntime: python\n")
    return tmp_path


def stack(project: Path, nim: Any, environment: Any = ("team/dev",)) -> None:
    config = {} if nim is None else {"team-llm:nim": nim}
    document = {"environment": list(environment) if isinstance(environment, tuple) else environment, "config": config}
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document, sort_keys=False))


def stand_in(project: Path, printed: str, code: int = 0) -> None:
    """A command `pulumi` that prints this, and keeps the words with which it was called."""
    (project / "bin").mkdir()
    file = project / "bin" / "pulumi"
    file.write_text(
        f"#!{sys.executable}\nimport json, pathlib, sys\n"
        f"pathlib.Path({str(project / 'called.json')!r}).write_text(json.dumps(sys.argv[1:]))\n"
        f"print({printed!r}, file=sys.stderr if {code} else sys.stdout)\nsys.exit({code})\n"
    )
    file.chmod(0o755)


def answer(project: Path, nim: Any, **more: Any) -> None:
    values = {"team-llm:nim": {"value": json.dumps(nim), "objectValue": nim, "secret": False}}
    stand_in(project, json.dumps(values | more))


def test_a_key_that_an_environment_brings_is_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack(project, LICENSED)
    answer(project, LICENSED, **KEY)
    assert main(["plan", "-s", "dev"]) == 0
    assert "NIM006" not in capsys.readouterr().out
    called = json.loads((project / "called.json").read_text())
    assert called[:4] == ["config", "--json", "--stack", "dev"]
    assert "--open" not in called


def test_a_key_that_no_environment_brings_is_missing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack(project, LICENSED)
    answer(project, LICENSED)
    assert main(["plan", "-s", "dev"]) == 1
    assert "NIM070 ngcApiKey" in capsys.readouterr().err


def test_a_key_that_an_environment_brings_in_clear_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(project, LICENSED)
    answer(project, LICENSED, **{"team-llm:ngcApiKey": {"value": "in-clear", "secret": False}})
    assert main(["plan", "-s", "dev"]) == 1
    said = capsys.readouterr().err
    assert "NIM004 ngcApiKey" in said
    assert "in-clear" not in said


def test_settings_that_an_environment_brings_are_planned(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack(project, {"namespace": "mine"})
    answer(project, TINY | {"namespace": "mine"})
    assert main(["render", "-s", "dev"]) == 0
    assert "namespace: mine" in capsys.readouterr().out


NOT_KNOWN = [
    pytest.param(None, "the command `pulumi` is not there", id="without the command"),
    pytest.param(("no login", 255), "the command `pulumi` failed: no login", id="without a login"),
    pytest.param(("no JSON", 0), "printed something else than a configuration", id="with another answer"),
]


@pytest.mark.parametrize(("printed", "why"), NOT_KNOWN)
def test_a_key_that_an_environment_may_bring_is_not_known_and_no_refusal(
    printed: tuple[str, int] | None, why: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(project, LICENSED)
    if printed:
        stand_in(project, *printed)
    assert main(["plan", "-s", "dev", "--json"]) == 0
    (found,) = [p for p in json.loads(capsys.readouterr().out)["problems"] if p["code"] == "NIM006"]
    assert (found["file"], found["line"], found["severity"]) == ("Pulumi.dev.yaml", 2, "warning")
    assert "(team/dev)" in found["why"]
    assert why in found["why"]
    assert found["why"].endswith("the plan is made as if they bring ngcApiKey")


def test_a_key_that_is_not_needed_is_not_taken_to_be_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack(project, TINY)
    assert main(["render", "-s", "dev"]) == 0
    printed = capsys.readouterr()
    case = ENVIRONMENT_UNKNOWN
    assert f"warning: Pulumi.dev.yaml:2:1: {case.code} {case.message}" in printed.err.splitlines()
    assert "the Secrets" not in printed.out


@pytest.mark.parametrize(
    "nim", [pytest.param({"model": "hf://org/tiny"}, id="some settings"), pytest.param(None, id="no settings")]
)
def test_settings_that_an_environment_may_bring_are_not_judged(
    nim: Any, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(project, nim)
    assert main(["plan", "-s", "dev"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("Pulumi.dev.yaml is not judged. Pulumi.dev.yaml:2:1: NIM006 environment: ")
    assert "What an environment may change:" in printed.err
    assert main(["plan", "-s", "dev", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["feasible"] is None
    assert document["problems"][0]["code"] == "NIM006"


def test_what_the_file_says_and_cannot_work_is_refused_all_the_same(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stack file counts more than its environments."""
    stack(project, LICENSED | {"nodes": 0})
    assert main(["plan", "-s", "dev"]) == 1
    assert "NIM003 nim.nodes = 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({"imports": ["team/dev"]}, id="a mapping that imports one"),
        pytest.param({"imports": [{"team/dev": {"merge": False}}]}, id="a mapping that imports one with options"),
        pytest.param({"values": {"pulumiConfig": {"nim": {}}}}, id="one that is written in the file"),
    ],
)
def test_an_environment_in_each_of_its_forms_is_not_known(
    environment: Any, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(project, LICENSED, environment)
    assert main(["plan", "-s", "dev"]) == 0
    assert ("(team/dev)" if "imports" in environment else "(written in the file)") in capsys.readouterr().out


def test_an_assumed_key_is_not_said_to_be_brought(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack(project, LICENSED)
    assert main(["plan", "-s", "dev", "--assume", "ngcApiKey"]) == 0
    assert "as if they bring" not in capsys.readouterr().out


def test_the_command_knows_the_selected_stack_where_the_backend_decides(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(project, TINY, None)
    from tests.unit.test_project_files import select

    monkeypatch.setenv("PULUMI_HOME", str(project / "home"))
    for name in ("PULUMI_STACK", "PULUMI_BACKEND_URL"):
        monkeypatch.delenv(name, raising=False)
    select(project, stacks={"https://a": "dev", "https://b": "prod"})
    stand_in(project, "acme/team-llm/dev")
    assert main(["plan"]) == 0
    assert json.loads((project / "called.json").read_text())[:2] == ["stack", "--show-name"]
    assert os.environ["PATH"] == str(project / "bin")
