"""Matrices go on where they ended, keep what failed, and have evidence for every row that is said to be proven."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.console import LabError
from lab.prove import matrix as proving
from lab.prove.cli import MATRICES
from lab.prove.matrix import Matrix, prove

NOT_PROVEN_YET: frozenset[str] = frozenset()
"""Matrices that are written, with rows that have no evidence so far."""


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> Matrix:
    """One row that holds, one that fails the first time, one that is measured after them."""
    monkeypatch.setattr(proving, "EVIDENCE", tmp_path / "evidence")
    monkeypatch.setattr(proving, "REPO", tmp_path)
    monkeypatch.setattr(proving, "_stamp", lambda: {"commit": "c", "date": "d"})

    def row(name: str, fails: int = 0) -> Any:
        def run() -> dict[str, Any]:
            calls.append(name)
            assert calls.count(name) > fails, "not yet"
            return {"times": calls.count(name)}

        return run

    rows = {"one": row("one"), "two": row("two", fails=1), "three": row("three")}
    return Matrix("small", "a title", rows, lambda: calls.append("prepare"), lambda: calls.append("finish"))


def test_a_row_that_fails_is_written_down_and_the_others_go_on(small: Matrix, calls: list[str]) -> None:
    assert not prove(small)
    assert calls == ["prepare", "one", "two", "three", "finish"]
    assert small.open_rows() == ["two"]
    record = json.loads(small.file.read_text())["rows"]["two"]
    assert (record["held"], "not yet" in record["failure"]) == (False, True)


def test_another_run_proves_what_is_open_alone(small: Matrix, calls: list[str]) -> None:
    prove(small)
    calls.remove("prepare")
    assert prove(small)
    assert calls[-3:] == ["prepare", "two", "finish"]
    assert small.open_rows() == []
    del calls[:]
    assert prove(small)
    assert calls == [], "nothing is prepared when nothing is open"
    assert prove(small, again=True) is False  # the counts began anew


def test_evidence_of_rows_that_are_no_more_is_dropped(small: Matrix) -> None:
    prove(small, ["one"])
    less = Matrix("small", "a title", {"three": small.rows["three"]})
    assert less.evidence() == {}


def test_an_unknown_row_is_named_with_the_known_ones(small: Matrix, calls: list[str]) -> None:
    with pytest.raises(LabError, match="small has no row four; it has: one, two, three"):
        prove(small, ["four"])
    assert calls == []


@pytest.mark.parametrize("matrix", [m for m in MATRICES if m.name not in NOT_PROVEN_YET], ids=lambda m: m.name)
def test_every_row_has_evidence_that_it_holds(matrix: Matrix) -> None:
    assert matrix.open_rows() == [], f"prove them: lab/lab prove {matrix.name}"


def test_what_is_excused_is_open_indeed() -> None:
    for matrix in MATRICES:
        assert bool(matrix.open_rows()) == (matrix.name in NOT_PROVEN_YET)


def test_evidence_of_the_run_itself_is_no_change_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", *words], cwd=tmp_path, check=True)

    monkeypatch.setattr(proving, "REPO", tmp_path)
    evidence = tmp_path / "evidence" / "small.json"
    evidence.parent.mkdir()
    for file in (evidence, tmp_path / "code"):
        file.write_text("1")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "m")
    evidence.write_text("2")
    assert not proving._stamp()["commit"].endswith(" and changes")
    (tmp_path / "code").write_text("2")
    assert proving._stamp()["commit"].endswith(" and changes")
