"""The GitHub Actions workflow: it parses, pins what it uses, and calls only what exists."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.toolchain import build
from nim_stack.cli import main as command

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/nim-stack.yml").read_text())
ACTION = yaml.safe_load((ROOT / ".github/actions/stack/action.yml").read_text())
SECRETS = re.compile(r"\$\{\{ *secrets\.")


def steps() -> Iterator[dict[str, Any]]:
    for job in WORKFLOW["jobs"].values():
        yield from job["steps"]
    yield from ACTION["runs"]["steps"]


def scripts() -> list[str]:
    return [step["run"] for step in steps() if "run" in step]


def calls(name: str) -> list[list[str]]:
    """Arguments of each call of a program, up to what the shell does with its output."""
    found = re.findall(rf"^\s*(?:\S*/)?{re.escape(name)} ([^|>\n]*)", "\n".join(scripts()), re.M)
    return [shlex.split(words) for words in found]


def test_actions_are_pinned_by_commit_or_are_this_repositorys() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert len(used) >= 10
    for uses in used:
        local = uses.startswith("./") and (ROOT / uses / "action.yml").is_file()
        assert local or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", uses), uses


def test_no_expression_is_part_of_a_script() -> None:
    """What a pull request says would be part of the program otherwise."""
    assert [script for script in scripts() if "${{" in script] == []


def test_scripts_are_bash() -> None:
    for script in scripts():
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_what_runs_of_a_fork_has_no_secrets_and_every_other_job_an_environment() -> None:
    for name, job in WORKFLOW["jobs"].items():
        assert bool(SECRETS.search(str(job))) == ("environment" in job), name
    assert "environment" not in WORKFLOW["jobs"]["check"]
    assert "head.repo.full_name == github.repository" in WORKFLOW["jobs"]["preview"]["if"]
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_targets_of_make_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    assert {"check", "venv"} == {words[0] for words in calls("make")} <= set(targets)


def test_commands_of_nim_stack_exist() -> None:
    found = calls("python -m nim_stack.cli")
    assert {words[0] for words in found} == {"plan", "impact"}
    for words in found:
        command._parser().parse_args(words)


def test_options_of_pulumi_exist() -> None:
    found = calls("pulumi")
    assert sorted(words[0] for words in found) == ["preview", "preview", "preview", "up"]
    if not build.PULUMI.path.exists():
        pytest.skip("the lab's pulumi is not built")
    for words in found:
        text = subprocess.run(
            [build.PULUMI.path, words[0], "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert [word for word in words if word.startswith("--") and not re.search(rf"{word}\b", text)] == []
