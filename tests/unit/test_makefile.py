"""The Makefile: its help has every target, and an environment that works is not emptied for one that cannot be made."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Makefile").read_text()


def make(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a shell, also when it is make that runs the tests."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    return subprocess.run(["make", *words], cwd=directory, env=outside, capture_output=True, text=True, check=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with an environment that is older than the lock files."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "kept").touch()
    return tmp_path


def python(directory: Path, refuses: str) -> Path:
    """A Python that fails on programs with this word."""
    path = directory / "python-of-the-test"
    path.write_text(f'#!/bin/sh\ncase "$*" in *{refuses}*) exit 1;; esac\nexec {sys.executable} "$@"\n')
    path.chmod(0o755)
    return path


def test_help_lists_every_target() -> None:
    targets = re.findall(r"^([a-z-]+):", TEXT, re.MULTILINE)
    lines = make(ROOT, "help").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["make", target] for target in targets]
    assert all(len(line.split()) > 3 for line in lines)
    assert make(ROOT).stdout.splitlines() == lines


def test_the_hooks_run_what_lint_runs() -> None:
    (hooks,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    ran = [hook["entry"] for hook in hooks["hooks"]]
    (line,) = re.findall(r"^lint:.*\n\t@(.*)$", TEXT, re.MULTILINE)
    linted = line.replace("$(PY)", "$(VENV)/bin/python").replace("$(VENV)", ".venv").split(" && ")
    assert ran == [command.removesuffix(" .") for command in linted]
    assert all(hook["language"] == "system" and not hook["pass_filenames"] for hook in hooks["hooks"])


def test_every_target_that_is_no_file_is_phony() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", TEXT, re.MULTILINE)
    assert sorted(phony.split()) == sorted(re.findall(r"^([a-z-]+):", TEXT, re.MULTILINE))


def test_no_package_of_the_system_is_installed() -> None:
    """It is said what to install, with its name; installing it is the reader's decision."""
    commands = [line for line in TEXT.splitlines() if line.startswith("\t")]
    assert [line for line in commands if re.search(r"(apt-get|dnf|apk|brew) ", re.sub(r'echo "[^"]*"', "", line))] == []


@pytest.mark.parametrize(
    ("refuses", "said"),
    [
        (
            "ensurepip",
            "has no module venv or ensurepip, and nothing was changed: install them (Debian: apt-get install",
        ),
        ("version_info", "Python 3.11 or newer is needed: set PYTHON=/path/to/python3.11"),
    ],
    ids=["a Python without ensurepip", "a Python that is too old"],
)
def test_the_environment_is_kept_when_no_new_one_can_be_made(refuses: str, said: str, clone: Path) -> None:
    done = make(clone, "venv", f"PYTHON={python(clone, refuses)}")
    assert done.returncode != 0
    assert said in done.stderr
    assert (clone / ".venv" / "kept").exists()


def test_an_environment_that_is_a_link_is_refused_and_what_it_leads_to_is_kept(clone: Path) -> None:
    (clone / ".venv").rename(clone / "elsewhere")
    (clone / ".venv").symlink_to("elsewhere")
    done = make(clone, "venv")
    assert done.returncode != 0
    assert ".venv is a link, and what it leads to would be emptied: remove the link" in done.stderr
    assert (clone / "elsewhere" / "kept").exists()


def test_the_environment_is_made_by_the_python_below_the_one_that_is_active(clone: Path) -> None:
    """`python3` of an activated environment is a link inside of what is emptied."""
    base, active = clone / "base", clone / "active"
    base.write_text(f'#!/bin/sh\necho "$@" > {clone}/asked\nexit 1\n')
    active.write_text(f'#!/bin/sh\ncase "$*" in *_base_executable*) echo {base};; esac\n')
    for program in (base, active):
        program.chmod(0o755)
    assert make(clone, "venv", f"PYTHON={active}").returncode != 0
    assert (clone / "asked").read_text() == "-m venv --clear .venv\n"
