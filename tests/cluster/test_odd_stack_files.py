"""Odd stack files, read by the command `pulumi` itself: it accepts and refuses the same ones as this package.

They need the command, its host for Python and a folder as its backend, and no cluster.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from lab.paths import REPO
from lab.toolchain import build
from nim_stack.cli.main import main
from nim_stack.settings.files.project import find_project
from nim_stack.settings.files.selected import selected_stack, workspace_file
from nim_stack.settings.files.stack import read_stack
from tests.unit.files.odd import ODD, PROJECT, Odd

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Engine:
    """A project with a stack `dev` in a backend of its own."""

    folder: Path
    variables: dict[str, str]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = shutil.which("pulumi") or str(build.ensure(build.PULUMI))
        path = [str(Path(sys.executable).parent), os.environ.get("PATH", "/usr/bin:/bin")]
        if shutil.which("pulumi-language-python") is None:
            path.append(str(build.ensure(build.LANGUAGE).parent))
        environment = {**os.environ, **self.variables, "PATH": ":".join(path), "PYTHONPATH": str(REPO)}
        return subprocess.run(
            [command, *words, "--non-interactive"],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    root = tmp_path_factory.mktemp("odd")
    for name in ("project", "backend", "home"):
        (root / name).mkdir()
    (root / "project" / "Pulumi.yaml").write_text(PROJECT)
    variables = {
        "PULUMI_BACKEND_URL": f"file://{root / 'backend'}",
        "PULUMI_HOME": str(root / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "x",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    found = Engine(root / "project", variables)
    made = found.run("stack", "init", "dev")
    assert made.returncode == 0, made.stderr
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.delenv("PULUMI_STACK", raising=False)
        yield found


@pytest.mark.parametrize("odd", [pytest.param(odd, id=odd.what) for odd in ODD])
def test_pulumi_makes_of_a_file_what_is_said_of_it(odd: Odd, engine: Engine) -> None:
    (engine.folder / "Pulumi.dev.yaml").write_bytes(odd.content)
    done = engine.run("config", "--json", "--stack", "dev")
    assert (done.returncode != 0) is (odd.refused is not None), done.stderr
    if odd.refused is None:
        entry = json.loads(done.stdout).get("team-llm:nim", {})
        assert json.loads(entry.get("value") or "{}") == (odd.settings or {})
        assert read_stack("dev", engine.folder).settings == (odd.settings or {})


def test_the_selected_stack_is_in_the_file_where_it_is_looked_for(engine: Engine) -> None:
    project = find_project(engine.folder)
    assert project is not None
    assert workspace_file(project).is_file()
    assert selected_stack(project).stack == "organization/team-llm/dev"


def test_pulumi_takes_a_key_and_the_same_key_without_its_project_by_chance(engine: Engine) -> None:
    """Why such a file is refused: one value of the two is used, in no order that a file could say."""
    (engine.folder / "Pulumi.dev.yaml").write_text("config:\n  nim: {nodes: 2}\n  team-llm:nim: {nodes: 3}\n")
    found = json.loads(engine.run("config", "--json", "--stack", "dev").stdout)
    assert found["team-llm:nim"]["objectValue"]["nodes"] in (2, 3)
    assert len(found) == 1


SMALL = {
    "model": "hf://org/tiny",
    "gpusPerNode": 1,
    "image": "registry.example/open-nim:1",
    "storage": {"storageClass": "s"},
}


@pytest.mark.parametrize(
    ("nodes", "code"),
    [
        pytest.param("2", 0, id="a number"),
        pytest.param("0o2", 0, id="an octal number"),
        pytest.param("0", 1, id="a number that is too small"),
        pytest.param("1:30", 1, id="a time of YAML 1.1"),
        pytest.param("yes", 1, id="a truth value of YAML 1.1"),
        pytest.param("2024-01-01", 1, id="a date"),
        pytest.param("2\n    nodes: 4", 2, id="a key that is there twice"),
    ],
)
def test_a_preview_refuses_what_the_plan_refuses_in_the_same_words(
    nodes: str, code: int, engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(engine.folder)
    monkeypatch.delenv("PWD", raising=False)
    (engine.folder / "__main__.py").write_text("from nim_stack import read_stack_config\n\nread_stack_config()\n")
    body = yaml.safe_dump(SMALL).replace("\n", "\n    ").rstrip()
    (engine.folder / "Pulumi.dev.yaml").write_text(f"config:\n  team-llm:nim:\n    {body}\n    nodes: {nodes}\n")
    assert main(["plan", "-s", "dev"]) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if "  - Pulumi.dev.yaml:" in line]
    done = engine.run("preview", "--stack", "dev", "--color", "never")
    assert (done.returncode != 0) is (code != 0), done.stdout + done.stderr
    assert len(lines) == (1 if code == 1 else 0)
    assert all(line.strip() in done.stdout + done.stderr for line in lines)
