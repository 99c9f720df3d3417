"""The command: what it prints, its exit codes, and that it starts without Pulumi and fast."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nim_stack
from nim_stack.cli.main import main
from nim_stack.rules import all_rules
from nim_stack.rules.page import page

ROOT = Path(__file__).parents[2]
FITTING = ["plan", "--model", "llama-3.1-405b-instruct", "--gpu", "h100", "--nodes", "2"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_of_this_repository_is_planned(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "plan", "-s", stack, "-C", str(ROOT))
    assert (code, err) == (0, "")
    assert "2 nodes × " in out


def test_options_alone_are_planned(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *FITTING)
    assert code == 0
    assert "tensor parallel 8 × pipeline parallel 2" in out
    assert "632,563 tokens" in out


def test_options_replace_what_the_stack_says(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "plan", "-s", "prod", "-C", str(ROOT), "--nodes", "4", "--json")
    assert json.loads(out)["pipelineParallel"] == 4


def test_a_refusal_has_exit_code_1_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *FITTING[:-1], "1")
    assert (code, out) == (1, "")
    assert "NIM042 nim.nodes = 1" in err


def test_programs_get_the_plan_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *FITTING, "--json")
    plan: dict[str, Any] = json.loads(out)
    assert code == 0
    assert (plan["feasible"], plan["tensorParallel"], plan["pipelineParallel"], plan["nodes"]) == (True, 8, 2, 2)
    seconds = plan["seconds"]
    assert seconds["joinDeadline"] < seconds["startupProbe"] < seconds["pulumiTimeout"]
    assert plan["bytesPerTokenBetweenNodes"] == {"tensorParallel": 8_257_536, "pipelineParallel": 65_536}


def test_a_plan_that_waits_longer_than_there_is_time_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Two groups of the stack prod: 293 minutes (docs/impact.md)."""
    two = ["plan", "-s", "prod", "-C", str(ROOT), "--replicas", "2", "--json", "--up-within"]
    code, out, err = run(capsys, *two, "290")
    assert code == 1
    assert json.loads(out)["seconds"]["pulumiTimeout"] > 290 * 60
    assert "`pulumi up` may wait 293 minutes for the groups, and has 290" in err
    assert "Set nim.wait: false" in err
    assert run(capsys, *two, "293")[0] == 0


def test_a_plan_that_is_not_waited_for_is_always_in_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "Pulumi.prod.yaml").read_text()
    (tmp_path / "Pulumi.prod.yaml").write_text(f"{text}    wait: false\n")
    assert run(capsys, "plan", "-s", "prod", "-C", str(tmp_path), "--up-within", "1")[0] == 0


def test_programs_get_a_refusal_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *FITTING, "--tp", "3", "--json")
    refusal: dict[str, Any] = json.loads(out)
    assert (code, refusal["feasible"]) == (1, False)
    assert {"NIM022", "NIM023"} <= {problem["code"] for problem in refusal["problems"]}


def test_the_search_ranks_what_is_feasible(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "plan", "--search", "--model", "llama-3.1-405b-instruct", "--gpu", "h200", "--json")
    found = json.loads(out)
    assert code == 0
    assert [found[0][key] for key in ("nodes", "tensorParallel", "pipelineParallel")] == [1, 8, 1]
    assert found[0]["reason"].startswith("8 GPUs, one node; 3.3 sequences of 131072 tokens")
    assert [entry["gpus"] for entry in found] == sorted(entry["gpus"] for entry in found)
    splits = {(entry["nodes"], entry["tensorParallel"], entry["pipelineParallel"]) for entry in found}
    assert {(2, 8, 2), (2, 16, 1)} <= splits
    assert all(entry["gpus"] == entry["tensorParallel"] * entry["pipelineParallel"] for entry in found)


def test_a_search_without_a_model_goes_through_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "plan", "--search", "--gpu", "h200", "--most-nodes", "1", "--json")
    assert code == 0
    assert {"deepseek-r1", "minimax-m2"} <= {entry["model"] for entry in json.loads(out)}


def test_a_search_that_finds_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("plan", "--search", "--model", "kimi-k2-instruct", "--gpu", "l40s", "--most-nodes", "1")
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    assert "None of kimi-k2-instruct fits on up to 1 nodes of l40s." in err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param(["plan"], "Say what to plan: -s <stack>, or --model", id="nothing to plan"),
        pytest.param(
            ["plan", "-s", "none", "-C", str(ROOT)], "Stacks here: dev, prod.", id="a stack that is not there"
        ),
        pytest.param(
            ["plan", "--search"],
            "--search needs a --gpu of the catalogue: a100-40gb, ",
            id="a search without a GPU type",
        ),
        pytest.param(
            ["plan", "--search", "--gpu", "h100", "--model", "x"],
            "--search needs a --model of the catalogue: deepseek-",
            id="a search for a model that is not in the catalogue",
        ),
    ],
)
def test_a_command_line_that_says_too_little(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert text in err


def test_keys_of_a_stack_file_count_and_must_be_encrypted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Pulumi.a.yaml").write_text(
        "config:\n  nim-stack:nim: {model: llama-3.1-405b-instruct, nodes: 2, storage: {storageClass: s}}\n"
        "  nim-stack:ngcApiKey: {secure: AAAB}\n"
    )
    assert run(capsys, "plan", "-s", "org/project/a", "-C", str(tmp_path))[0] == 0
    (tmp_path / "Pulumi.b.yaml").write_text("config:\n  nim-stack:nim: {}\n  nim-stack:hfToken: hf_clear\n")
    code, _, err = run(capsys, "plan", "-s", "b", "-C", str(tmp_path))
    assert code == 1
    assert "NIM004 hfToken: it stands in the stack file in clear" in err
    assert "hf_clear" not in err


@pytest.mark.parametrize(("command", "text"), [("models", "deepseek-r1"), ("gpus", "NVIDIA-H200"), ("fabrics", "efa")])
def test_the_catalogue_is_listed(command: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert text in run(capsys, command)[1]
    entries = json.loads(run(capsys, command, "--json")[1])
    assert all(entry["sources"] for entry in entries)


def test_the_page_on_rules_is_that_of_the_rules(
    written_file: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    written_file("docs/rules.md", page())
    assert run(capsys, "rules", "--markdown")[1] == page()
    assert "NIM042  error" in run(capsys, "rules")[1]


def test_a_rule_is_explained_by_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    (rule,) = (rule for rule in all_rules() if rule.code == "NIM022")
    code, out, err = run(capsys, "rules", "nim022", "NIM022")
    assert (code, err) == (0, "")
    head, *lines = out.splitlines()
    assert head == f"NIM022 (error): {rule.title}"
    assert " ".join(line.strip() for line in lines) == f"Cause: {rule.cause} Cure: {rule.cure}"
    assert max(map(len, out.splitlines())) <= 100


def test_rules_are_explained_in_the_order_in_which_their_codes_are_given(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "rules", "NIM060", "NIM003")[1]
    assert [part.split()[0] for part in out.split("\n\n")] == ["NIM060", "NIM003"]
    sections = run(capsys, "rules", "NIM060", "NIM003", "--markdown")[1]
    assert [line for line in sections.splitlines() if line.startswith("#")] == ["## NIM060", "## NIM003"]
    assert all(part.strip() in page() for part in sections.split("## ")[1:])


def test_a_code_that_no_rule_has_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "rules", "NIM999", "NIM042", "x")
    assert (code, out) == (2, "")
    assert err == "No rule has the code NIM999, X. `nim-stack rules` lists every rule.\n"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"nim-stack {nim_stack.__version__}\n"
    assert re.fullmatch(r"\d+\.\d+\.\d+", nim_stack.__version__)


def test_the_command_starts_without_pulumi() -> None:
    code = (
        "import sys; from nim_stack.cli.main import main; main(['plan', '--model', 'deepseek-r1', '--nodes', '2']); "
        "print([name for name in sys.modules if name.startswith(('pulumi', 'grpc'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
