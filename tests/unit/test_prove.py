"""Whether a proven row still counts, judged in small git repositories: what opens a row, and what does not."""

import ast
import subprocess
from pathlib import Path

import pytest

from nim_stack.base.documents import Json
from tests.prove.evidence import Evidence, summary
from tests.prove.history import History
from tests.prove.judging import Judge, Verdict
from tests.prove.matrices import FOLDER, MATRICES, paths

ROOT = Path(__file__).parents[2]
CODE = '"""What it does."""\n\nfrom other import helper\n\n\ndef answer() -> int:\n    return helper(6) * 7\n'
COVERS = ("code",)


class Clone:
    """A git repository with one covered folder, one that is not, and evidence."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q")
        self.write("code/answer.py", CODE)
        self.write("elsewhere/other.py", "def helper(number: int) -> int:\n    return number\n")
        self.write("evidence/small.json", "{}")
        self.proven = self.commit()

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
        return subprocess.run(
            ["git", *identity, *words], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout.strip()

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def move(self, old: str, new: str) -> None:
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "m")
        return self.git("rev-parse", "HEAD")

    def verdict(self, covers: tuple[str, ...] = COVERS, **record: object) -> Verdict:
        """Of a row that held at the first commit, unless the record says something else."""
        return Judge(History(self.root)).verdict({"held": True, "commit": self.proven, **record}, covers)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    folder = tmp_path / "clone"
    folder.mkdir()
    return Clone(folder)


def test_a_row_is_current_while_nothing_that_it_covers_has_changed(clone: Clone) -> None:
    assert clone.verdict() == Verdict("current", f"proven at {clone.proven[:10]}")
    clone.write("elsewhere/other.py", "helper = abs\n")
    clone.write("code/README.md", "A page.\n")
    clone.write("code/__init__.py", '"""The room."""\n')
    clone.write("code/answer.py", CODE.replace("What it does.", "What the function does.").replace("* 7", "* 7  # why"))
    clone.commit()
    assert clone.verdict().state == "current"


def test_a_change_opens_the_row_and_says_which_path_since_which_commit(clone: Clone) -> None:
    clone.write("code/answer.py", CODE + "\n# a remark\n")
    clone.commit()
    clone.write("code/answer.py", CODE.replace("7", "8"))
    changed = clone.commit()
    clone.write("code/answer.py", CODE.replace("7", "8") + "\n# a remark\n")
    clone.commit()
    assert clone.verdict() == Verdict("open", f"code/answer.py has changed since {changed[:10]}")
    clone.write("code/answer.py", CODE)
    assert clone.verdict().state == "current", "it is the proven code again"


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("code/answer.py", CODE.replace("6", "5"), "has changed"),
        ("code/new.py", "value = 1\n", "is new"),
        ("code/figures.yaml", "a: 1\n", "is new"),
        ("code/answer.py", None, "is gone"),
    ],
)
def test_what_is_not_committed_counts_as_well(clone: Clone, path: str, text: str | None, why: str) -> None:
    if text is None:
        (clone.root / path).unlink()
    else:
        clone.write(path, text)
    assert clone.verdict() == Verdict("open", f"{path} {why} and not committed")


def test_every_byte_counts_of_what_is_not_python(clone: Clone) -> None:
    clone.write("code/figures.yaml", "a: 1\n")
    proven = clone.commit()
    clone.write("code/figures.yaml", "a: 1  # a remark\n")
    assert clone.verdict(commit=proven).state == "open"


def test_a_file_that_only_moved_opens_nothing(clone: Clone) -> None:
    clone.move("elsewhere/other.py", "deep/down/other.py")
    clone.move("code/answer.py", "room/inner/reply.py")
    clone.write("room/inner/reply.py", CODE.replace("from other", "from deep.down.other").replace("What", "All that"))
    clone.commit()
    assert clone.verdict(("room",)).state == "current"
    assert clone.verdict(("code", "room")).state == "current"
    clone.move("room/inner/reply.py", "room/outer.py")
    clone.commit()
    assert clone.verdict(("room",)).state == "current", "and moved once more"


def test_a_file_that_moved_and_changed_opens_the_row_at_the_commit_of_the_change(clone: Clone) -> None:
    clone.move("code/answer.py", "room/answer.py")
    clone.commit()
    clone.write("room/answer.py", CODE.replace("6", "5"))
    changed = clone.commit()
    assert clone.verdict(("room",)) == Verdict("open", f"room/answer.py is new since {changed[:10]}")


@pytest.mark.parametrize(
    "line", ["from other import helpers as helper", "from other import helper, more", "import helper.answer"]
)
def test_another_imported_name_is_a_change(clone: Clone, line: str) -> None:
    clone.write("code/answer.py", CODE.replace("from other import helper", line))
    assert clone.verdict().state == "open"


def test_what_was_left_behind_by_a_move_and_is_gone_opens_the_row(clone: Clone) -> None:
    clone.write("code/second.py", "value = 1\n")
    proven = clone.commit()
    clone.move("code/answer.py", "room/answer.py")
    clone.git("rm", "-q", "code/second.py")
    gone = clone.commit()
    assert clone.verdict(("room",), commit=proven) == Verdict("open", f"code/second.py is gone since {gone[:10]}")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        pytest.param(None, "never proven", id="there is none"),
        pytest.param({"held": False, "commit": "a" * 40}, "did not hold at aaaaaaaaaa", id="it did not hold"),
        pytest.param(
            {"held": True, "commit": "a" * 40},
            "proven at aaaaaaaaaa, which is not in the history",
            id="its commit is not in the history",
        ),
        pytest.param(
            {"held": True, "commit": "HEAD"}, "proven with changes that no commit has", id="its commit is a name"
        ),
        pytest.param(
            {"held": True, "commit": "a" * 40 + " and changes"},
            "proven with changes that no commit has",
            id="it was made with changes",
        ),
    ],
)
def test_evidence_that_nobody_could_make_again_is_open(clone: Clone, record: Json | None, why: str) -> None:
    assert Judge(History(clone.root)).verdict(record, COVERS) == Verdict("open", why)


def test_a_commit_of_another_branch_is_not_in_the_history(clone: Clone) -> None:
    clone.git("checkout", "-q", "-b", "other")
    elsewhere = clone.commit()
    clone.git("checkout", "-q", "-")
    assert clone.verdict(commit=elsewhere) == Verdict(
        "open", f"proven at {elsewhere[:10]}, which is not in the history"
    )


def test_without_history_nothing_is_judged(clone: Clone, tmp_path: Path) -> None:
    clone.commit()
    shallow = tmp_path / "shallow"
    clone.git("clone", "-q", "--depth", "1", f"file://{clone.root}", str(shallow))
    record = {"held": True, "commit": clone.proven}
    found = Judge(History(shallow)).verdict(record, COVERS)
    assert found == Verdict("not judged", f"the history of this shallow clone does not reach to {clone.proven[:10]}")
    newest = {"held": True, "commit": clone.git("rev-parse", "HEAD")}
    assert Judge(History(shallow)).verdict(newest, COVERS).state == "current"
    exported = clone.root / "exported"  # inside of a clone, whose history is not its own
    exported.mkdir()
    assert Judge(History(exported)).verdict(record, COVERS) == Verdict(
        "not judged", "this tree has no git history that can be read"
    )
    with pytest.raises(LookupError, match="is no git clone"):
        Evidence(exported).commit()


@pytest.mark.parametrize("path", ["code/answer.py", "new.py", "evidence/notes.txt"])
def test_only_a_clean_tree_has_a_commit_to_prove(clone: Clone, path: str) -> None:
    assert Evidence(clone.root).commit() == clone.proven
    clone.write("evidence/small.json", '{"rows": {}}')
    clone.write("evidence/new.json", "{}")
    assert Evidence(clone.root).commit() == clone.proven, "what a run writes is no change of the code"
    clone.write(path, "value = 1\n")
    with pytest.raises(LookupError, match=f"not committed: {path}"):
        Evidence(clone.root).commit()


def test_the_list_counts_rows_and_groups_reasons() -> None:
    changed, unknown = Verdict("open", "a.py has changed since b"), Verdict("not judged", "no history")
    verdicts = {("faults", "a"): Verdict("current", "proven at c"), ("faults", "b"): changed, ("faults", "c"): changed}
    lines = summary({**verdicts, ("impact", "d"): unknown}, reasons=True)
    assert [line.split() for line in lines[1:]] == [
        ["faults", "3", "1", "2", "0"],
        ["2", "open:", "a.py", "has", "changed", "since", "b", "(b;", "c)"],
        ["impact", "1", "0", "0", "1"],
        ["1", "not", "judged:", "no", "history", "(d)"],
    ]
    assert len(summary(verdicts, reasons=False)) == 2


@pytest.mark.parametrize("matrix", MATRICES)
def test_what_a_matrix_covers_is_there(matrix: str) -> None:
    assert [path for path in paths(matrix) if not (ROOT / path).exists()] == []


def _imported(path: str) -> set[str]:
    """Files of tests/prove that a file there imports, and those that they import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tests.prove"):
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
            files = {f"{name.replace('.', '/')}.py" for name in names}
            found |= {file for file in files if (ROOT / file).is_file()}
    return found.union(*map(_imported, found))


def test_a_matrix_covers_the_code_of_its_rows() -> None:
    used = {matrix: _imported(f"{FOLDER}/{matrix}/test_{matrix}.py") for matrix in MATRICES}
    assert f"{FOLDER}/requests.py" in used["lifecycle"], "through another file"
    for matrix, files in used.items():
        assert [file for file in files if not file.startswith(tuple(paths(matrix)))] == []


def test_each_folder_with_rows_is_a_matrix() -> None:
    assert {test.parent.name for test in (ROOT / FOLDER).glob("*/test_*.py")} == MATRICES.keys()
