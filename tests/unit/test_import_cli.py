"""`nim-stack import` as a command: files, exit codes, and the commands that the migration pages show."""

import io
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from nim_stack.cli.main import main
from nim_stack.cli.stack_files import read_stack_file
from nim_stack.plan import plan_deployment
from tests.unit.import_samples import SAMPLES

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = str(SAMPLES / "helm-page-example-1.yaml")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["import", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_without_a_file_the_stack_is_printed_and_the_account_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "helm", EXAMPLE)
    assert code == 0
    settings = yaml.safe_load(out)["config"]["nim-stack:nim"]
    assert plan_deployment(settings).tensor_parallel == 8
    assert out.startswith("# Imported by `nim-stack import` from values of the nim-llm chart")
    assert "multiNode.workers = 1 → nodes = 2: chart 2.0" in err
    assert "planned: model meta/llama-3.1-405b-instruct" in err


def test_a_stack_that_the_plan_refuses_is_written_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.yaml"
    code, out, err = run(capsys, "helm", str(SAMPLES / "helm-page-example-2.yaml"), "-o", str(file))
    assert (code, out) == (1, "")
    assert "NIM002 nim.model" in err
    assert "# Still to give: model" in file.read_text()
    assert yaml.safe_load(file.read_text())["config"]["nim-stack:nim"]["tensorParallel"] == 16


def test_options_take_the_place_of_values(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--model", "llama-3.1-405b-instruct", "--gpu", "h200", "--namespace", "llm", "--claim", "weights"]
    options += ["--name", "chat", "--nodes", "2", "--image", "registry.example/open-nim:1"]
    _, out, _ = run(capsys, "helm", str(SAMPLES / "helm-page-example-2.yaml"), *options)
    settings = yaml.safe_load(out)["config"]["nim-stack:nim"]
    assert (settings["gpu"], settings["namespace"], settings["createNamespace"]) == ("h200", "llm", False)
    assert (settings["storage"], settings["name"]) == ({"existingClaim": "weights"}, "chat")


def test_programs_get_settings_and_account_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "helm", EXAMPLE, "--json")
    found = json.loads(out)
    assert (code, found["feasible"]) == (0, True)
    assert found["settings"]["nodes"] == 2
    (workers,) = [entry for entry in found["entries"] if entry["source"] == "multiNode.workers"]
    assert (workers["kind"], workers["given"], workers["setting"], workers["value"]) == ("changed", 1, "nodes", 2)
    assert {problem["severity"] for problem in found["problems"]} <= {"warning"}


def test_keys_of_the_stack_file_count_and_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Pulumi.llama.yaml"
    file.write_text("encryptionsalt: v1:x\nconfig:\n  nim-stack:ngcApiKey: {secure: AAAB}\n")
    minimal = str(SAMPLES / "helm-page-minimal.yaml")
    assert run(capsys, "helm", minimal)[0] == 1
    code, _, err = run(capsys, "helm", minimal, "-s", "org/nim-stack/llama", "-C", str(tmp_path))
    assert code == 0
    assert f"written: {file}" in err
    assert yaml.safe_load(file.read_text())["encryptionsalt"] == "v1:x"
    stack = read_stack_file("llama", tmp_path)
    assert stack.keys == {"ngcApiKey"}
    assert stack.settings["model"] == "llama-3.1-405b-instruct"


def test_settings_that_are_there_are_replaced_by_force_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Pulumi.a.yaml"
    before = "config:\n  nim-stack:nim: {model: mine}\n  nim-stack:hfToken: {secure: AAAB}\n"
    file.write_text(before)
    code, _, err = run(capsys, "helm", EXAMPLE, "-o", str(file))
    assert code == 2
    assert "--force replaces them" in err
    assert file.read_text() == before
    assert run(capsys, "helm", EXAMPLE, "-o", str(file), "--force")[0] == 0
    config = yaml.safe_load(file.read_text())["config"]
    assert config["nim-stack:nim"]["model"] == "llama-3.1-405b-instruct"
    assert config["nim-stack:hfToken"] == {"secure": "AAAB"}


def test_what_helm_prints_is_read_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"USER-SUPPLIED VALUES:\n{Path(EXAMPLE).read_text()}"))
    code, _, err = run(capsys, "helm", "-")
    assert code == 0
    assert "unknown" not in err


@pytest.mark.parametrize("version", ["1.x", "1.7.0", "v1"])
def test_the_chart_can_be_said(version: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "helm", EXAMPLE, "--chart-version", version)
    assert yaml.safe_load(out)["config"]["nim-stack:nim"]["nodes"] == 1


@pytest.mark.parametrize(
    ("arguments", "content", "text"),
    [
        pytest.param(["helm", "none.yaml"], None, "cannot be read (No such file", id="no file"),
        pytest.param(["helm", "a.yaml"], b"a: [", "is not YAML", id="no YAML"),
        pytest.param(["helm", "a.yaml"], b"a: \xe9", "a.yaml is not UTF-8 text", id="no UTF-8"),
        pytest.param(["helm", "a.yaml"], b"- a\n", "is not a mapping of values", id="a list"),
        pytest.param(["helm", "a.yaml"], b"", "is not a mapping of values", id="an empty file"),
        pytest.param(["helm", "a.yaml"], b"a: 1\n---\nb: 2\n", "has 2 documents", id="two documents"),
        pytest.param(
            ["helm", "a.yaml"],
            b"apiVersion: v1\nkind: Pod\n",
            "is a Pod, not a values file",
            id="a Pod in place of values",
        ),
        pytest.param(
            ["nimservice", "a.yaml"],
            b"apiVersion: v1\nkind: Pod\n",
            "here are 0 (found: Pod)",
            id="a Pod in place of a NIMService",
        ),
        pytest.param(
            ["helm", "a.yaml", "--chart-version", "new"],
            b"a: 1\n",
            "it is 1.x or 2.0",
            id="a chart version of no known form",
        ),
        pytest.param(
            ["helm", "a.yaml", "-o", "a.yaml"],
            b"config: 3\n",
            "a.yaml:1:1: config is not a mapping",
            id="a target that is not a stack file",
        ),
        pytest.param(
            ["helm", "a.yaml", "-o", "none/b.yaml"],
            b"a: 1\n",
            "cannot be written (No such file",
            id="a target in a directory that is not there",
        ),
    ],
)
def test_what_cannot_be_read_has_exit_code_2(
    arguments: list[str],
    content: bytes | None,
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("a.yaml").write_bytes(content)
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert text in err


SHOWN = [
    pytest.param(page, line, id=f"{page} {line}")
    for page in ("migration-helm.md", "migration-operator.md")
    for block in re.findall(r"```\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("nim-stack import")
]


@pytest.mark.parametrize(("page", "line"), SHOWN)
def test_the_commands_of_the_migration_pages_work(
    page: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    second = "--model" in line
    shutil.copy(SAMPLES / f"helm-page-example-{2 if second else 1}.yaml", "values.yaml")
    cache, service = (SAMPLES / "nimservice-ray.yaml").read_text().split("\n---\n")
    Path("nimcache.yaml").write_text(cache)
    Path("nimservice.yaml").write_text(service)
    Path("Pulumi.llama.yaml").write_text("config: {nim-stack:ngcApiKey: {secure: AAAB}}\n")
    code = main(shlex.split(line)[1:])
    err = capsys.readouterr().err
    assert code == (1 if second else 0), err
    assert "NIM070" in err if second else "refused" not in err
    if "-s llama" in line:
        settings = read_stack_file("llama", Path()).settings
        assert settings["name"] == "llama-nim"
        assert settings["storage"]["existingClaim"] in ("llama-nim-llm", "llama-cache-pvc")
        assert main(["plan", "-s", "llama"]) == 0


def test_the_migration_pages_show_commands() -> None:
    assert len(SHOWN) == 5
