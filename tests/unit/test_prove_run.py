"""A run of rows by pytest: it goes on where it ended, writes each row at once, and refuses a tree that is not clean."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab import prove
from lab.cli import parser
from lab.console import LabError
from nim_stack.base.documents import Json

ROOT = Path(__file__).parents[2]
PROVE = ("-m", "prove")
INI = "[pytest]\nmarkers = prove\n  timeout\naddopts = -m 'not prove' -p no:cacheprovider\n"
CONFTEST = """
from tests.prove import matrices
matrices.MATRICES["small"] = matrices.Matrix("a title", ("code",))
from tests.prove.conftest import *
"""
ROWS = """
import os, pathlib, pytest

pytestmark = pytest.mark.prove
CLONE = pathlib.Path(__file__).parents[1]

@pytest.fixture(scope="module", autouse=True)
def prepared():
    print("prepared")
    yield
    print("finished")

@pytest.mark.parametrize("row", ["one, idle", "two", "three"])
def test_row(row, record_property):
    print(f"ran<{row}>")
    assert (row, (CLONE / "code").read_text()) != ("two", "bad"), "not yet"
    record_property("measured", {"row": row})
"""


class Rows:
    """A clone with one matrix of three rows, of which `two` fails while its code is bad."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "small").mkdir()
        self.write("bad")
        (root / "pytest.ini").write_text(INI)
        (root / "conftest.py").write_text(CONFTEST)
        (root / ".gitignore").write_text("__pycache__\n")
        self.git("init", "-q")
        self.commit()

    def write(self, code: str, then: str = "") -> None:
        """The code, and what the row `two` does at last."""
        (self.root / "code").write_text(code)
        (self.root / "small" / "test_small.py").write_text(ROWS + (f"    if row == 'two': {then}\n" if then else ""))

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "m")
        return self.git("rev-parse", "HEAD")

    def run(self, *words: str) -> tuple[int, list[str], str]:
        """Exit code of pytest in the clone, the rows that it ran, and its output."""
        command = [sys.executable, "-m", "pytest", "-s", "-rs", "--color=no", *words]
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, cwd=self.root, env=environ, capture_output=True, text=True, check=False)
        text = done.stdout + done.stderr
        return done.returncode, re.findall("ran<([^{}<>]*)>", text), text

    def written(self) -> dict[str, Json]:
        file = self.root / "evidence" / "small.json"
        rows: dict[str, Json] = json.loads(file.read_text())["rows"] if file.exists() else {}
        return rows


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return Rows(tmp_path)


def test_a_row_that_fails_is_written_down_and_the_others_go_on(rows: Rows) -> None:
    code, ran, _ = rows.run(*PROVE)
    assert (code, ran) == (1, ["one, idle", "two", "three"])
    found = rows.written()
    assert {row: record["held"] for row, record in found.items()} == {"one, idle": True, "two": False, "three": True}
    assert {record["commit"] for record in found.values()} == {rows.git("rev-parse", "HEAD")}
    assert found["three"]["measured"] == {"row": "three"}
    assert "not yet" in found["two"]["failure"]
    assert "measured" not in found["two"]


def test_another_run_proves_what_is_open_alone(rows: Rows) -> None:
    rows.run(*PROVE)
    rows.commit()
    code, ran, text = rows.run(*PROVE)
    assert (code, ran) == (1, ["two"]), "a commit of evidence alone opens no row"
    assert text.count("prepared") == text.count("finished") == 1
    rows.write("good")
    changed = rows.commit()
    code, ran, _ = rows.run(*PROVE)
    assert (code, ran) == (0, ["one, idle", "two", "three"]), "all rows are about what has changed"
    assert {record["commit"] for record in rows.written().values()} == {changed}
    code, ran, text = rows.run(*PROVE)
    assert (code, ran, "prepared" in text) == (0, [], False), "nothing is prepared when nothing is open"
    assert f"proven at {changed[:10]}" in text
    code, ran, _ = rows.run(*PROVE, "--again", "-k", "two")
    assert (code, ran) == (0, ["two"])
    assert list(rows.written()) == ["one, idle", "two", "three"], "the others are kept, in their places"


def test_a_row_is_written_before_the_next_one_runs(rows: Rows) -> None:
    rows.write("good", then="os._exit(9)")
    rows.commit()
    assert rows.run(*PROVE)[0] == 9
    assert list(rows.written()) == ["one, idle"]


def test_a_tree_that_is_not_clean_is_refused_before_the_first_row(rows: Rows) -> None:
    rows.write("good")
    (rows.root / "new").write_text("")
    code, ran, text = rows.run(*PROVE)
    assert (code, ran, rows.written()) == (pytest.ExitCode.USAGE_ERROR, [], {})
    assert "no row can be proven: not committed: code, new" in text


def test_a_row_during_which_the_code_changes_is_not_written(rows: Rows) -> None:
    rows.write("good", then="(CLONE / 'new').write_text('')")
    rows.commit()
    code, ran, text = rows.run(*PROVE)
    assert (code, ran, list(rows.written())) == (1, ["one, idle", "two"], ["one, idle"])
    assert "test_row[two] has run and is not written down: not committed: new" in text


def test_a_row_during_which_something_is_committed_is_not_written(rows: Rows) -> None:
    commit = "git -c user.name=n -c user.email=e commit -q --allow-empty -m m"
    rows.write("good", then=f"os.system('{commit}')")
    rows.commit()
    code, ran, text = rows.run(*PROVE)
    assert (code, ran, list(rows.written())) == (1, ["one, idle", "two"], ["one, idle"])
    assert "test_row[two] has run and is not written down: the commit is no longer" in text


def test_the_list_runs_nothing_and_a_release_needs_every_row(rows: Rows) -> None:
    code, ran, text = rows.run(*PROVE, "--list")
    assert (code, ran, "3 open: never proven" in text) == (0, [], True)
    assert rows.run(*PROVE, "--release")[:2] == (1, [])
    rows.write("good")
    rows.commit()
    rows.run(*PROVE)
    code, ran, text = rows.run(*PROVE, "--list", "--release")
    assert (code, ran) == (0, [])
    assert re.search(r"small +3 +3 +0 +0", text)


def test_other_runs_leave_rows_out_and_warn_of_open_ones(rows: Rows) -> None:
    (rows.root / "test_other.py").write_text("def test_other(): pass")
    rows.write("good")
    rows.commit()
    code, ran, text = rows.run()
    assert (code, ran, "1 passed, 3 deselected" in text) == (0, [], True)
    assert re.search(r"small +3 +0 +3 +0", text)
    rows.run(*PROVE)
    code, ran, text = rows.run()
    assert (code, "long matrices" in text) == (0, False)


def test_evidence_is_of_rows_that_there_are() -> None:
    words = [sys.executable, "-m", "pytest", "-q", "--collect-only", *PROVE, "tests/prove"]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    there = set(re.findall(r"^tests/prove/(\w+)/test_\w+\.py::\w+\[(.*)\]$", said, re.MULTILINE))
    assert {matrix for matrix, _ in there} == set(prove.matrices())
    files = {matrix: ROOT / "evidence" / f"{matrix}.json" for matrix in prove.matrices()}
    kept = {(matrix, row) for matrix, file in files.items() for row in json.loads(file.read_text())["rows"]}
    assert kept - there == set(), "these rows are no more: take them out of evidence/"


def test_the_command_of_the_lab_knows_the_matrices() -> None:
    given = parser().parse_args(["prove", "nothing", "--list"])
    with pytest.raises(LabError, match="there is no matrix nothing; there are: defects, failures, faults"):
        prove.run(given)
