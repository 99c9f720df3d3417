"""The command in a Pulumi project of any name: which file it reads, which stack it takes, and what the file says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack.cli.main import main
from nim_stack.settings.files.project import find_project
from nim_stack.settings.files.selected import workspace_file
from tests.unit.conftest import TINY

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project `team-llm` with a stack `dev`; nothing of Pulumi is known of this machine."""
    for name in ("PULUMI_STACK", "PULUMI_BACKEND_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))
    folder = tmp_path / "project"
    (folder / "program").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: team-llm\nruntime: python\n")
    stack(folder, {"team-llm:nim": TINY})
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def stack(folder: Path, config: dict[str, Any], name: str = "dev", **more: Any) -> None:
    (folder / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": config, **more}, sort_keys=False))


def select(folder: Path, **kept: Any) -> None:
    """As `pulumi stack select` keeps it."""
    project = find_project(folder)
    assert project is not None
    file = workspace_file(project)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(kept))


@pytest.mark.parametrize("command", ["plan", "render"])
@pytest.mark.parametrize("below", [pytest.param("", id="in its folder"), pytest.param("program", id="in one below")])
def test_the_stack_of_a_project_with_another_name_is_read(command: str, below: str, project: Path, run: Run) -> None:
    code, out, _ = run(command, "-s", "dev", "-C", str(project / below))
    assert code == 0
    assert "registry.example/open-nim:1" in out


@pytest.mark.parametrize(
    "more",
    [
        pytest.param("stackConfigDir: stacks", id="its name"),
        pytest.param("config: stacks", id="its old name"),
        pytest.param("main: program\nstackConfigDir: stacks", id="its name beside the folder of the program"),
    ],
)
def test_the_folder_of_stack_files_is_that_of_the_project(more: str, project: Path, run: Run) -> None:
    (project / "Pulumi.yaml").write_text(f"name: team-llm\nruntime: python\n{more}\n")
    (project / "stacks").mkdir()
    stack(project / "stacks", {"team-llm:nim": TINY | {"namespace": "from-the-folder"}})
    assert "namespace: from-the-folder" in run("render", "-s", "dev", "-C", str(project))[1]


def test_a_project_file_that_ends_in_yml_has_stack_files_that_do(project: Path, run: Run) -> None:
    (project / "Pulumi.yaml").rename(project / "Pulumi.yml")
    assert run("plan", "-s", "dev", "-C", str(project))[0] == 2
    (project / "Pulumi.dev.yaml").rename(project / "Pulumi.dev.yml")
    assert run("plan", "-s", "dev", "-C", str(project))[0] == 0


def test_a_collection_of_stack_files_inside_a_project_is_read_as_it_is(project: Path, run: Run) -> None:
    (project / "examples").mkdir()
    stack(project / "examples", {"nim-stack:nim": TINY}, "tcp")
    assert run("plan", "-s", "tcp", "-C", str(project / "examples"))[0] == 0


def test_settings_under_the_name_of_another_project_are_named(project: Path, run: Run) -> None:
    stack(project, {"nim-stack:nim": TINY})
    code, _, err = run("plan", "-s", "dev", "-C", str(project))
    assert code == 2
    assert "Pulumi.dev.yaml:2:3: the settings stand under nim-stack:nim, and the project is called team-llm" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("runtime: python\n", "Pulumi.yaml:1:1: the project has no name", id="without a name"),
        pytest.param("name: [\n", "Pulumi.yaml:2:1: it is not YAML", id="no YAML"),
        pytest.param("- a\n", "Pulumi.yaml is not a mapping", id="a list"),
        pytest.param("name: a\nname: b\n", "Pulumi.yaml:2:1: the key name is there twice", id="two names"),
        pytest.param(
            "name: team-llm\nconfig:\n  nim: {model: x}\n",
            "Pulumi.yaml:3:9: config.nim.model is no part of a declaration",
            id="settings in place of a declaration",
        ),
    ],
)
def test_a_project_that_pulumi_refuses_is_refused(text: str, said: str, project: Path, run: Run) -> None:
    (project / "Pulumi.yaml").write_text(text)
    code, _, err = run("plan", "-s", "dev", "-C", str(project))
    assert (code, len(err.splitlines())) == (2, 1)
    assert said in err


@pytest.mark.parametrize(
    "declared",
    [
        pytest.param({"type": "object", "default": TINY}, id="with a type"),
        pytest.param({"default": TINY}, id="without a type"),
        pytest.param({"value": TINY}, id="as a value"),
    ],
)
def test_a_default_of_the_project_counts_where_the_stack_has_none(
    declared: dict[str, Any], project: Path, run: Run
) -> None:
    document = {"name": "team-llm", "runtime": "python", "config": {"nim": declared}}
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(document))
    stack(project, {})
    assert "namespace: nim" in run("render", "-s", "dev", "-C", str(project))[1]
    stack(project, {"team-llm:nim": TINY | {"namespace": "mine"}})
    assert "namespace: mine" in run("render", "-s", "dev", "-C", str(project))[1]


def test_a_mistake_in_a_default_is_placed_in_the_file_of_the_project(project: Path, run: Run) -> None:
    (project / "Pulumi.yaml").write_text(
        "name: team-llm\nruntime: python\nconfig:\n  nim:\n    type: object\n    default:\n      nodes: 0\n"
    )
    stack(project, {})
    assert "Pulumi.yaml:7:7: NIM003 nim.nodes = 0" in run("plan", "-s", "dev", "-C", str(project))[2]


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param({"stack": "acme/team-llm/dev"}, id="in the old form"),
        pytest.param({"stacks": {"file://~": "organization/team-llm/dev"}}, id="for one backend"),
        pytest.param({"stacks": {"a": "dev", "b": "dev"}}, id="for two backends"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "render"])
def test_the_selected_stack_is_taken_without_an_option(
    kept: dict[str, Any], command: str, project: Path, run: Run
) -> None:
    select(project, **kept)
    assert run(command, "-C", str(project))[0] == 0


def test_the_environment_and_the_option_count_more_than_the_selected_stack(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    select(project, stack="none")
    monkeypatch.setenv("PULUMI_STACK", "dev")
    assert run("plan", "-C", str(project))[0] == 0
    monkeypatch.setenv("PULUMI_STACK", "none")
    assert run("plan", "-s", "dev", "-C", str(project))[0] == 0


def test_the_backend_of_the_environment_says_which_stack_is_selected(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    select(project, stacks={"file:///a": "dev", "file:///b": "prod"})
    code, _, err = run("plan", "-C", str(project))
    assert code == 2
    assert "which of the selected stacks it is depends on the backend: dev, prod" in err
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///a")
    assert run("plan", "-C", str(project))[0] == 0


@pytest.mark.parametrize("command", ["plan", "render", "doctor", "smoke", "diagnose", "recover"])
def test_without_a_stack_each_command_says_why_none_is_known(command: str, project: Path, run: Run) -> None:
    code, _, err = run(command, "-C", str(project))
    assert code == 2
    assert "no stack of the project team-llm is selected (`pulumi stack select`)" in err
    assert "-s <stack>" in err


def test_the_name_and_the_namespace_of_the_command_line_count_more(project: Path, run: Run) -> None:
    code, out, _ = run("render", "-s", "dev", "-C", str(project), "--namespace", "other", "--name", "chat")
    assert code == 0
    assert {item["metadata"].get("namespace", "other") for item in yaml.safe_load_all(out)} == {"other"}
    code, out, _ = run("plan", "-s", "dev", "-C", str(project), "--name", "Not-A-Name")
    assert code == 1


def test_a_key_may_be_assumed_for_a_plan(project: Path, run: Run) -> None:
    stack(project, {"team-llm:nim": TINY | {"image": "nvcr.io/nim/nvidia/model-free-nim:2.0.2"}})
    assert "NIM070" in run("plan", "-s", "dev", "-C", str(project))[2]
    assert run("plan", "-s", "dev", "-C", str(project), "--assume", "ngcApiKey")[0] == 0


@pytest.mark.parametrize("command", ["smoke", "diagnose", "doctor"])
def test_a_program_that_holds_its_settings_is_told_to_name_its_deployment(
    command: str, project: Path, run: Run
) -> None:
    stack(project, {"team-llm:region": "eu"})
    code, _, err = run(command, "-s", "dev", "-C", str(project))
    assert code == 2
    assert "Pulumi.dev.yaml has no team-llm:nim." in err
    assert "--namespace <namespace> --name <name>" in err


def test_doctor_says_that_it_needs_settings_of_a_deployment_that_is_only_named(project: Path, run: Run) -> None:
    code, _, err = run("doctor", "--namespace", "llm", "--name", "chat", "-C", str(project))
    assert code == 2
    assert "llm/chat has no settings in a stack file, and the command compares the cluster with settings" in err


@pytest.mark.parametrize(
    ("options", "file"),
    [
        pytest.param(["-s", "new"], "Pulumi.new.yaml", id="a stack"),
        pytest.param(["-o", "{project}/program/of-a-file.yaml"], "program/of-a-file.yaml", id="a file"),
    ],
)
def test_an_import_writes_the_key_of_the_project_that_it_writes_into(
    options: list[str], file: str, project: Path, run: Run
) -> None:
    (project / "values.yaml").write_text("image: {repository: registry.example/open-nim, tag: '1'}\n")
    where = [option.format(project=project) for option in options]
    run("import", "helm", str(project / "values.yaml"), *where, "-C", str(project / "program"))
    document = yaml.safe_load((project / file).read_text())
    assert document["config"].keys() == {"team-llm:nim"}
    assert document["config"]["team-llm:nim"]["image"] == "registry.example/open-nim:1"


def test_an_import_keeps_what_the_file_has_and_replaces_the_key_in_each_of_its_forms(project: Path, run: Run) -> None:
    (project / "values.yaml").write_text("image: {repository: registry.example/open-nim, tag: '1'}\n")
    stack(project, {"nim": TINY, "team-llm:hfToken": {"secure": "AAAB"}}, encryptionsalt="v1:x")
    values = str(project / "values.yaml")
    assert "--force" in run("import", "helm", values, "-s", "dev", "-C", str(project))[2]
    run("import", "helm", values, "-s", "dev", "-C", str(project), "--force")
    document = yaml.safe_load((project / "Pulumi.dev.yaml").read_text())
    assert document["encryptionsalt"] == "v1:x"
    assert document["config"].keys() == {"team-llm:hfToken", "team-llm:nim"}
