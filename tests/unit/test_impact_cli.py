"""The command `nim-stack impact`: exit codes, forms, and files that are no preview."""

import io
import json
from pathlib import Path

import pytest

from nim_stack.cli.main import main
from nim_stack.operations.impact.pages import escape
from tests.unit.previews import HERE, lws, preview, step


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["impact", *map(str, arguments)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.parametrize(
    ("name", "code"), [("nothing", 0), ("key-rotated", 0), ("max-model-len", 3), ("refused", 1), ("drift-only", 0)]
)
def test_exit_codes(name: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    for form in ([], ["--markdown"], ["--json"]):
        assert run(capsys, HERE / f"{name}.json", *form)[0] == code


def test_what_needs_approval_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    changed = HERE / "max-model-len.json"
    assert run(capsys, changed, "--approve-on", "gpus,deletion")[0] == 0
    assert run(capsys, changed, "--approve-on", "gpus,outage")[0] == 3
    code, out, _ = run(capsys, changed, "--approve-on", "none")
    assert code == 0
    assert "needs no approval" in out
    assert "serves nothing for about 5 min" in out


def test_reasons_alone(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, HERE / "max-model-len.json", "--reasons")
    assert code == 3
    assert [line.partition(": ")[0] for line in out.splitlines()] == ["outage"]
    assert run(capsys, HERE / "nothing.json", "--reasons")[:2] == (0, "")


def test_reasons_are_sorted(capsys: pytest.CaptureFixture[str]) -> None:
    """The order of the steps is the engine's, and another in each preview."""
    lines = run(capsys, HERE / "destroy.json", "--reasons")[1].splitlines()
    assert len(lines) > 1
    assert lines == sorted(lines)


def test_a_kind_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(capsys, HERE / "nothing.json", "--approve-on", "outages")
    assert ended.value.code == 2
    assert "outages: use some of outage, deletion, gpus" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("Previewing update (dev):", "not JSON"),
        (
            '{"preludeEvent": {}}\n{"summaryEvent": {}}',
            "a stream of engine events? `pulumi preview --json --show-sames`",
        ),
        ("[]", "not a preview"),
        ("{}", "it has neither steps nor diagnostics"),
        ('{"steps": {}}', "not a preview"),
        ('{"steps": [{"op": "update"}, 1, {"op": "update", "urn": "u", "newState": 1}]}', None),
    ],
)
def test_files_that_are_no_preview(
    text: str, why: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.json").write_text(text)
    code, out, err = run(capsys, tmp_path / "p.json")
    assert "Traceback" not in err
    if why is None:
        assert code == 0
    else:
        assert (code, out) == (2, "")
        assert why in err


def test_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, tmp_path / "none.json")[0] == 2


def test_a_preview_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO((HERE / "first.json").read_text()))
    code, out, _ = run(capsys, "-")
    assert code == 3
    assert "gpus: impact/nim holds 2 GPUs instead of 0" in out


def test_programs_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(run(capsys, HERE / "max-model-len.json", "--json")[1])
    assert document["needsApproval"]
    assert document["gpus"] == {"before": 2, "after": 2, "atMost": 2, "allGroups": True}
    (group,) = document["groups"]
    assert (group["newRevision"], group["rolls"], group["servingAtWorst"], group["outage"]) == (True, 1, 0, True)
    assert group["seconds"] == {"usual": 300, "atMost": 1500, "pulumiTimeout": 1500}
    assert group["why"] == [{"of": "both roles", "field": "NIM_MAX_MODEL_LEN", "before": "512", "after": "256"}]


def test_a_comment_begins_with_the_mark_by_which_it_is_found_again(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, HERE / "max-model-len.json", "--markdown")[1].splitlines()
    assert lines[0] == "<!-- nim-stack impact impact -->"
    assert lines[2] == "### stack impact: needs approval (outage); 1 to update"
    assert "| impact/nim | 1 | 2 | 2 | 2 | rolls, with an outage |" in lines


def test_values_cannot_become_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "`x` | @everyone <img src=//e> [a](http://e) --> **b**\n# c"
    after = lws(env=[{"name": "EVIL", "value": evil}])
    (tmp_path / "p.json").write_text(preview(step("update", lws(), after)))
    out = run(capsys, tmp_path / "p.json", "--markdown")[1]
    line = next(line for line in out.splitlines() if "EVIL" in line)
    for markup in ("`x`", " | ", "@everyone", "<img", "[a]", "http://", "**b**", "-->"):
        assert markup not in line
    assert escape("a_b & c") == r"a\_b &amp; c"


def test_a_long_list_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    after = lws(env=[{"name": f"V{number}", "value": "x" * 500} for number in range(100)])
    (tmp_path / "p.json").write_text(preview(step("update", lws(), after)))
    out = run(capsys, tmp_path / "p.json", "--markdown")[1]
    assert "and 80 more" in out
    assert len(out) < 10_000
