"""`nim-stack init`: what it writes is planned, nothing is replaced unasked, and nothing is written by halves."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack import __version__
from nim_stack.cli.main import main
from nim_stack.cli.starting import library, writing
from nim_stack.cli.starting.python import PROGRAM, workflow
from nim_stack.settings.files.errors import StackFileError

ROOT = Path(__file__).parents[2]
SETTINGS = ["--model", "llama-3.1-405b-instruct", "--nodes", "2", "--gpu", "h100", "--storage-class", "shared"]


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def init(folder: Path, *options: str, settings: list[str] = SETTINGS) -> int:
    return main(["init", str(folder), *settings, *options])


def test_what_it_writes_is_a_stack_that_is_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "below" / "team-llm"
    assert init(folder, "--stack", "prod") == 0
    assert "pulumi config set --secret ngcApiKey\n" in capsys.readouterr().out
    command = ["plan", "-C", str(folder), "-s", "prod", "--json"]
    assert main([*command, "--assume", "ngcApiKey"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["model"], plan["nodes"], plan["gpu"]) == ("llama-3.1-405b-instruct", 2, "h100")
    assert main(command) == 1  # without the key that the steps give


def test_the_files_are_those_of_this_project(tmp_path: Path) -> None:
    assert init(tmp_path, "--name", "team-llm", "--stack", "prod", "--requirement", "nim-stack==9.9") == 0
    files = tree(tmp_path)
    assert files.keys() == {
        ".github/workflows/nim-stack.yml",
        ".gitignore",
        "Pulumi.prod.yaml",
        "Pulumi.yaml",
        "README.md",
        "__main__.py",
        "pulumi-stack.schema.json",
        "requirements.txt",
    }
    ours = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    project = yaml.safe_load(files["Pulumi.yaml"])
    assert project["name"] == "team-llm"
    assert project["requiredPulumiVersion"] == ours["requiredPulumiVersion"]
    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}
    assert files["__main__.py"] == PROGRAM == (ROOT / "__main__.py").read_text()
    assert files["pulumi-stack.schema.json"] == (ROOT / "schema/pulumi-stack.schema.json").read_text()
    assert files["Pulumi.prod.yaml"].startswith("# yaml-language-server: $schema=./pulumi-stack.schema.json\n")
    assert yaml.safe_load(files["Pulumi.prod.yaml"])["config"].keys() == {"team-llm:nim"}
    assert files["requirements.txt"] == "nim-stack==9.9\n"


def test_the_workflow_uses_the_actions_of_this_project() -> None:
    ours = [ROOT / ".github/workflows/nim-stack.yml", ROOT / ".github/actions/stack/action.yml"]
    known = {line.split("uses: ")[1] for path in ours for line in path.read_text().splitlines() if "uses: " in line}
    used = [line.split("uses: ")[1] for line in workflow().splitlines() if "uses: " in line]
    assert len(used) == 5
    assert set(used) <= known
    jobs = yaml.safe_load(workflow())["jobs"]
    assert "secrets." not in str(jobs["plan"])
    assert "head.repo.full_name == github.repository" in jobs["preview"]["if"]
    assert [step["run"] for job in jobs.values() for step in job["steps"] if "${{" in step.get("run", "")] == []
    version = "pulumi-version: "
    assert workflow().partition(version)[2].split()[0] == ours[1].read_text().partition(version)[2].split()[0]


def test_a_program_in_yaml_has_the_settings_and_the_keys_that_they_need(tmp_path: Path) -> None:
    assert init(tmp_path, "--name", "nim-from-yaml", "--language", "yaml") == 0
    written = yaml.safe_load((tmp_path / "Pulumi.yaml").read_text())
    example = yaml.safe_load((ROOT / "examples/yaml/Pulumi.yaml").read_text())
    settings = example["resources"]["chat"]["properties"]["settings"]
    del settings["name"], settings["namespace"], written["description"], example["description"]
    assert written == example
    assert not (tmp_path / "Pulumi.dev.yaml").exists()


def test_a_program_in_typescript_is_as_the_example(tmp_path: Path) -> None:
    assert init(tmp_path, "--name", "nim-from-typescript", "--language", "typescript") == 0
    example = ROOT / "examples/typescript"
    for name in ("package.json", "tsconfig.json"):
        assert json.loads((tmp_path / name).read_text()) == json.loads((example / name).read_text())
    program, text = ((folder / "index.ts").read_text() for folder in (tmp_path, example))
    for line in text.splitlines():
        if line.strip() and not line.strip().startswith(("name:", "namespace:", "storage:")):
            assert line in program.splitlines()
    assert '        storage: {\n            storageClass: "shared",\n        },\n' in program


def test_a_model_that_needs_no_key_asks_for_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ["--model", "hf://team/model", "--image", "registry.example/nim:1", "--nodes", "2", "--claim", "weights"]
    sizes = ["--gpus-per-node", "8", "--tp", "8", "--pp", "2"]
    assert init(tmp_path, "--json", "--language", "typescript", settings=[*own, *sizes]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["keys"] == []
    assert not [step for step in said["next"] if "config set" in step]
    assert "config" not in (tmp_path / "index.ts").read_text()


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["for people", "for programs"])
def test_what_the_plan_refuses_is_not_written(
    form: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = ["--model", "llama-3.1-405b-instruct", "--nodes", "1", "--gpu", "h100", "--storage-class", "shared"]
    assert init(tmp_path / "new", *form, settings=refused) == 1
    said = capsys.readouterr()
    assert "NIM" in (said.out if form else said.err)
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_there_are_all_named_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").symlink_to("nowhere")
    assert init(tmp_path, "--name", "x") == 2
    assert ".gitignore, README.md already" in capsys.readouterr().err
    assert tree(tmp_path) == {"README.md": "mine"}
    assert init(tmp_path, "--name", "x", "--force") == 0
    assert tree(tmp_path)["README.md"].startswith("# x\n")
    assert not (tmp_path / ".gitignore").is_symlink()


@pytest.mark.parametrize(
    ("option", "name"),
    [("--name", "team llm"), ("--name", "a" * 101), ("--stack", "acme/prod"), ("--stack", "..")],
    ids=["a space in the project", "a project of 101 letters", "an organization", "the folder above"],
)
def test_a_name_that_pulumi_refuses_is_refused(
    option: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(tmp_path, option, name) == 2
    assert option in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ends", [KeyboardInterrupt, OSError(28, "No space left on device")], ids=["ctrl-c", "full"])
@pytest.mark.parametrize("number", range(6), ids=lambda number: f"at move {number}")
def test_what_is_ended_in_the_middle_leaves_the_folder_as_it_was(
    number: int, ends: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files are there and moved away, one is new and has folders of its own: five moves in all."""
    (tmp_path / "a").write_text("old a")
    (tmp_path / "b").write_text("old b")
    before, moves, replace = tree(tmp_path), 0, Path.replace

    def counted(path: Path, goal: Path) -> Path:
        nonlocal moves
        moves += 1
        if moves == number + 1:
            raise ends
        return replace(path, goal)

    monkeypatch.setattr(Path, "replace", counted)
    texts = {"a": "new a", "deep/er/c": "new c", "b": "new b"}
    if number == 5:
        writing.write_files(tmp_path, texts, force=True)
        assert tree(tmp_path) == texts
        return
    with pytest.raises(KeyboardInterrupt if ends is KeyboardInterrupt else StackFileError):
        writing.write_files(tmp_path, texts, force=True)
    assert tree(tmp_path) == before
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}


@pytest.mark.parametrize(
    ("noted", "required"),
    [
        (None, f"nim-stack=={__version__}"),
        ({"url": "file:///src/nim", "dir_info": {}}, "nim-stack @ file:///src/nim"),
        (
            {
                "url": "https://git.example/nim.git",
                "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "v1"},
            },
            "nim-stack @ git+https://git.example/nim.git@abc",
        ),
        (
            {"url": "https://files.example/nim.tar.gz", "archive_info": {}, "subdirectory": "lib"},
            "nim-stack @ https://files.example/nim.tar.gz#subdirectory=lib",
        ),
    ],
    ids=["from an index", "from a folder", "from a repository", "from an archive"],
)
def test_the_library_is_required_from_where_it_came(
    noted: dict[str, Any] | None, required: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return json.dumps(noted) if noted else None

    monkeypatch.setattr(library, "distribution", {"nim-stack": Installed()}.__getitem__)
    assert library.requirement() == required


def test_a_requirement_of_this_machine_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path, "--name", "x", "--requirement", "nim-stack @ file:///src/nim") == 0
    assert "names a file or folder of this machine" in capsys.readouterr().out
    assert (tmp_path / "requirements.txt").read_text().startswith("# ")
