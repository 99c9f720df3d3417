"""The GitHub Actions workflows, of a stack and of the project: they parse, pin what they use, and call what exists.

They were never run on GitHub: what only its runners would show is not tested.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import nim_stack
from lab.toolchain import build
from nim_stack.cli import main as command
from tests.unit.previews import HERE as PREVIEWS

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/nim-stack.yml").read_text())
CHECKS = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text())
RELEASE = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
ACTIONS = {
    path.parent.name: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/actions").glob("*/action.yml")
}
SECRETS = re.compile(r"\$\{\{ *secrets\.")


def steps() -> Iterator[dict[str, Any]]:
    for job in (job for workflow in (WORKFLOW, CHECKS, RELEASE) for job in workflow["jobs"].values()):
        yield from job["steps"]
    for action in ACTIONS.values():
        yield from action["runs"]["steps"]


def scripts() -> list[str]:
    return [step["run"] for step in steps() if "run" in step]


def calls(name: str) -> list[list[str]]:
    """Arguments of each call of a program, up to what the shell does with its output; what it computes is a number."""
    text = re.sub(r"\$\(\([^)]*\)\)", "340", "\n".join(scripts()))
    found = re.findall(rf"^\s*(?:\S*/)?{re.escape(name)} ([^|>\n]*)", text, re.M)
    return [shlex.split(words) for words in found]


def test_actions_are_pinned_by_commit_or_are_this_repositorys() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert len(used) >= 10
    for uses in used:
        local = uses.startswith("./") and (ROOT / uses / "action.yml").is_file()
        assert local or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", uses), uses


def test_no_expression_is_part_of_a_script() -> None:
    """What a pull request says would be part of the program otherwise."""
    programs = [*scripts(), *(step["with"]["script"] for step in steps() if "script" in step.get("with", {}))]
    assert [program for program in programs if "${{" in program] == []


def test_scripts_are_bash() -> None:
    for script in scripts():
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_what_runs_of_a_fork_has_no_secrets_and_every_other_job_an_environment() -> None:
    for name, job in WORKFLOW["jobs"].items():
        assert bool(SECRETS.search(str(job))) == ("environment" in job), name
    assert "environment" not in WORKFLOW["jobs"]["plan"]
    assert "head.repo.full_name == github.repository" in WORKFLOW["jobs"]["preview"]["if"]
    assert WORKFLOW["permissions"] == CHECKS["permissions"] == {"contents": "read"}


def test_the_checks_know_no_secret_and_no_stack() -> None:
    text = (ROOT / ".github/workflows/checks.yml").read_text()
    assert SECRETS.search(text) is None
    assert "PULUMI" not in text
    assert all("environment" not in job and "permissions" not in job for job in CHECKS["jobs"].values())


def test_the_workflow_of_a_stack_is_idle_without_one() -> None:
    """A job without the condition itself waits for one that has it."""
    jobs = WORKFLOW["jobs"]

    def idle(name: str) -> bool:
        return "vars.PULUMI_STACK != ''" in jobs[name].get("if", "") or (
            "needs" in jobs[name] and idle(jobs[name]["needs"])
        )

    assert [name for name in jobs if not idle(name)] == []


def test_all_workflows_use_the_same_version_of_an_action() -> None:
    used = {uses for step in steps() if (uses := step.get("uses", "")) and not uses.startswith("./")}
    assert len(used) == len({uses.partition("@")[0] for uses in used})


def test_every_folder_with_a_pinned_action_is_kept_up_to_date() -> None:
    (update,) = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    assert update["package-ecosystem"] == "github-actions"
    assert set(update["directories"]) == {"/", *(f"/.github/actions/{name}" for name in ACTIONS)}


@pytest.mark.parametrize("form", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.stem)
def test_a_form_for_issues_has_what_github_requires(form: Path) -> None:
    """A name, a description, and a body in which each question has a label and an id of its own."""
    document = yaml.safe_load(form.read_text())
    assert document.keys() == {"name", "description", "body"}
    questions = [part for part in document["body"] if part["type"] != "markdown"]
    assert questions
    assert len({part["id"] for part in questions}) == len(questions)
    assert all(part["attributes"]["label"] for part in questions)
    assert any(part.get("validations", {}).get("required") for part in questions)


def test_the_checks_run_on_every_python_that_the_packages_name() -> None:
    tested = CHECKS["jobs"]["check"]["strategy"]["matrix"]["python"]
    assert tested == sorted(tested, key=lambda version: int(version.partition(".")[2]))
    for file in (ROOT / "pyproject.toml", ROOT / "container" / "pyproject.toml"):
        project = tomllib.loads(file.read_text())["project"]
        assert project["requires-python"] == f">={tested[0]}"
        prefix = "Programming Language :: Python :: "
        named = [entry.removeprefix(prefix) for entry in project["classifiers"] if entry.startswith(prefix)]
        assert named == tested[: len(named)]


def test_a_release_is_published_from_a_tag_by_the_one_job_that_has_an_identity() -> None:
    """And without a secret. YAML reads the key `on` as true."""
    assert RELEASE[True] == {"push": {"tags": ["v*"]}}
    assert SECRETS.search(str(RELEASE)) is None
    assert RELEASE["permissions"] == {"contents": "read"}
    build, publish = RELEASE["jobs"]["build"], RELEASE["jobs"]["publish"]
    assert not build.keys() & {"environment", "permissions"}
    assert (publish["needs"], publish["environment"]) == ("build", "release")
    assert publish["permissions"] == {"contents": "read", "id-token": "write"}
    assert "was never run" in (ROOT / ".github/workflows/release.yml").read_text()


def test_a_release_is_what_was_tested() -> None:
    """The version is that of the tag, and the files that are published are those that the first job built."""
    first, second = ([step.get("run", "") for step in RELEASE["jobs"][name]["steps"]] for name in ("build", "publish"))
    assert {"make check", "make release-check"} <= set(first)
    assert any('test "$GITHUB_REF_NAME" = "v$version"' in script for script in first)
    digest = "(cd dist && sha256sum -- * | sort | sha256sum | cut -d ' ' -f 1)"
    assert any(f'"digests=${digest}"'[:-1] in script for script in first)
    order = [next(n for n, script in enumerate(second) if word in script) for word in (digest, " sign dist", "publish")]
    assert order == sorted(order)


def test_a_version_that_is_not_the_tag_ends_the_release(tmp_path: Path) -> None:
    [script] = [step["run"] for step in RELEASE["jobs"]["build"]["steps"] if "GITHUB_REF_NAME" in step.get("run", "")]
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    fake(tmp_path / ".venv" / "bin", "python", f'exec {sys.executable} "$@"')
    assert run_script(tmp_path, script, GITHUB_REF_NAME=f"v{nim_stack.__version__}").returncode == 0
    assert run_script(tmp_path, script, GITHUB_REF_NAME="v99.0.0").returncode == 1


def test_targets_of_make_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    assert {"check", "release-check", "venv"} == {words[0] for words in calls("make")} <= set(targets)


def test_commands_of_nim_stack_exist() -> None:
    found = calls("python -m nim_stack.cli")
    assert {words[0] for words in found} == {"plan", "impact"}
    for words in found:
        command._parser().parse_args(words)


def test_options_of_pulumi_exist() -> None:
    found = calls("pulumi")
    assert sorted(words[0] for words in found) == ["preview", "preview", "up"]
    if not build.PULUMI.path.exists():
        pytest.skip("the lab's pulumi is not built")
    for words in found:
        text = subprocess.run(
            [build.PULUMI.path, words[0], "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert [word for word in words if word.startswith("--") and not re.search(rf"{word}\b", text)] == []


def fake(directory: Path, name: str, script: str) -> None:
    """A program that is found before the real one."""
    (directory / name).write_text(f"#!/bin/bash\n{script}\n")
    (directory / name).chmod(0o755)


def run_script(directory: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """As GitHub runs it."""
    environment = {**os.environ, "PATH": f"{directory}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
    )


def impact_of(directory: Path, preview: str, exit_code: int = 0) -> dict[str, str]:
    """Outputs of the action `impact` when Pulumi prints this and ends so."""
    (directory / "printed.json").write_text(preview)
    fake(directory, "pulumi", f"cat printed.json; exit {exit_code}")
    fake(directory, "python", f'exec {sys.executable} "$@"')
    (directory / "output").unlink(missing_ok=True)
    places = {"GITHUB_OUTPUT": str(directory / "output"), "GITHUB_STEP_SUMMARY": str(directory / "summary")}
    [only] = ACTIONS["impact"]["runs"]["steps"]
    found = run_script(directory, only["run"], PULUMI_STACK="dev", **places)
    assert found.returncode == 0, found.stderr
    return dict(line.split("=", 1) for line in (directory / "output").read_text().splitlines())


@pytest.mark.parametrize(
    ("name", "exit_code", "code"), [("nothing", 0, "0"), ("max-model-len", 0, "3"), ("refused", 255, "1")]
)
def test_the_verdict_of_a_preview(name: str, exit_code: int, code: str, tmp_path: Path) -> None:
    assert impact_of(tmp_path, (PREVIEWS / f"{name}.json").read_text(), exit_code)["code"] == code
    assert "nim-stack impact" in (tmp_path / "summary").read_text()


@pytest.mark.parametrize("name", ["nothing", "max-model-len"])
def test_a_preview_that_failed_without_a_word_in_the_file_failed(name: str, tmp_path: Path) -> None:
    assert impact_of(tmp_path, (PREVIEWS / f"{name}.json").read_text(), exit_code=255)["code"] == "1"


def test_no_preview_at_all(tmp_path: Path) -> None:
    assert impact_of(tmp_path, "", exit_code=1)["code"] == "2"


def test_the_same_reasons_in_another_order_have_the_same_digest(tmp_path: Path) -> None:
    text = (PREVIEWS / "destroy.json").read_text()
    turned = json.loads(text)
    turned["steps"].reverse()
    first, second = impact_of(tmp_path, text), impact_of(tmp_path, json.dumps(turned))
    assert first == second
    assert first["reasons"] != impact_of(tmp_path, (PREVIEWS / "max-model-len.json").read_text())["reasons"]


def up_steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = WORKFLOW["jobs"]["up"]["steps"]
    return found


@pytest.mark.parametrize(
    ("judged", "now", "applied", "says"),
    [
        ("0", "0", True, ""),
        ("3 outage", "0", True, ""),
        ("3 outage", "3 outage", True, ""),
        ("0", "3 outage", False, "Re-run all jobs"),
        ("3 gpus", "3 outage", False, "Re-run all jobs"),
        ("0", "1", False, "preview failed"),
        ("3 outage", "1 outage", False, "preview failed"),
        ("0", "2", False, "preview failed"),
        ("0", "", False, "preview failed"),
    ],
)
def test_an_update_is_applied_only_as_it_was_judged(
    judged: str, now: str, applied: bool, says: str, tmp_path: Path
) -> None:
    """Another update may have ended since; nobody would have approved the outage that this one has now."""
    (tmp_path / "reasons.txt").write_text("outage: llm/llama-405b serves nothing\n")
    (judged_code, _, judged_reasons), (code, _, reasons) = judged.partition(" "), now.partition(" ")
    given = {"CODE": code, "REASONS": reasons, "JUDGED_CODE": judged_code, "JUDGED_REASONS": judged_reasons}
    [check] = [step for step in up_steps() if "JUDGED_CODE" in step.get("env", {})]
    found = run_script(tmp_path, check["run"], **given)
    assert (found.returncode == 0) == applied
    assert says in found.stdout


def test_the_judgement_is_the_last_step_before_the_update() -> None:
    newest, impact, check, up = up_steps()[-4:]
    assert "context.sha" in newest["with"]["script"]
    assert (impact["id"], impact["uses"]) == ("impact", "./.github/actions/impact")
    judged, now = "${{ needs.judge.outputs.%s }}", "${{ steps.impact.outputs.%s }}"
    assert check["env"] == {
        "CODE": now % "code",
        "REASONS": now % "reasons",
        "JUDGED_CODE": judged % "code",
        "JUDGED_REASONS": judged % "reasons",
    }
    assert "pulumi up" in up["run"]
    assert WORKFLOW["jobs"]["judge"]["outputs"] == {"code": now % "code", "reasons": now % "reasons"}
    assert ACTIONS["impact"]["outputs"].keys() == {"code", "reasons"}
    assert all("if" not in step and "continue-on-error" not in step for step in up_steps())


def test_an_update_is_interrupted_before_its_job_is_killed(tmp_path: Path) -> None:
    """Once, so that the engine ends its way, and the step fails."""
    up = WORKFLOW["jobs"]["up"]
    assert up["timeout-minutes"] == "${{ fromJSON(vars.UP_MINUTES || '360') }}"
    assert WORKFLOW["env"]["UP_MINUTES"] == "${{ vars.UP_MINUTES || '360' }}"
    script = up_steps()[-1]["run"]
    # Without it there are two signals, but those may arrive as one, and the fake would not tell.
    assert "--foreground" in script
    assert '"$((UP_MINUTES - 15))m"' in script
    fake(tmp_path, "pulumi", "left=99; trap 'echo interrupted; left=5' INT; while ((left--)); do sleep 0.1; done")
    found = run_script(tmp_path, script.replace("))m", "))s"), UP_MINUTES="17", PULUMI_STACK="dev")
    assert (found.returncode, found.stdout) == (124, "interrupted\n")


def test_the_checks_refuse_a_stack_that_a_hosted_runner_cannot_wait_for() -> None:
    [check] = [step["run"] for step in WORKFLOW["jobs"]["plan"]["steps"] if "cli plan" in step.get("run", "")]
    assert '--up-within "$((UP_MINUTES - 20))"' in check
