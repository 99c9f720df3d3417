"""The evidence of a clone: for each row whether it held, what was measured, at which commit and when."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nim_stack.base.documents import Json
from tests.prove.history import History
from tests.prove.judging import Judge, Verdict
from tests.prove.matrices import MATRICES, paths

FEW = 3


class Evidence:
    """The files evidence/<matrix>.json of a clone, and the rows that were asked for so far."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._judge = Judge(History(root))
        self._asked: dict[tuple[str, str], None] = {}

    def verdict(self, matrix: str, row: str) -> Verdict:
        """Whether the row is proven for the files as they were when the row was first asked for."""
        self._asked[matrix, row] = None
        return self._judge.verdict(self.rows(matrix).get(row), paths(matrix))

    def verdicts(self) -> dict[tuple[str, str], Verdict]:
        """Of all rows that were asked for, by matrix and row, with what has been written since."""
        return {names: self.verdict(*names) for names in list(self._asked)}

    def rows(self, matrix: str) -> dict[str, Json]:
        """What is written down, by row; empty when there is no file."""
        file = self._file(matrix)
        kept: dict[str, Json] = json.loads(file.read_text())["rows"] if file.exists() else {}
        return kept

    def commit(self) -> str:
        """The full hash of the commit whose files are here now.

        Raises:
            LookupError: there is no history, or something is not committed.
        """
        return History(self._root).clean_commit()

    def write(self, matrix: str, row: str, commit: str, found: Mapping[str, Any]) -> None:
        """Put what was found in the place of what the row has, or after all other rows.

        Args:
            commit: the one that the row was run at.
            found: `held`, `seconds`, and what was `measured` or the `failure`.

        Raises:
            LookupError: the files are others now than at the commit, so that nobody could say what was proven.
        """
        if self.commit() != commit:
            raise LookupError(f"the commit is no longer {commit}")
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        rows = {**self.rows(matrix), row: {"commit": commit, "date": date, **found}}
        document = {"matrix": matrix, "title": MATRICES[matrix].title, "rows": rows}
        file = self._file(matrix)
        file.parent.mkdir(exist_ok=True)
        scratch = file.with_suffix(".part")
        scratch.write_text(json.dumps(document, indent=2) + "\n")
        scratch.rename(file)

    def _file(self, matrix: str) -> Path:
        return self._root / "evidence" / f"{matrix}.json"


def summary(verdicts: Mapping[tuple[str, str], Verdict], reasons: bool) -> list[str]:
    """A line for each matrix, and with `reasons` one for each reason, with its rows: a few by name, many by number."""
    lines = [f"{'matrix':14}{'rows':>5}{'current':>9}{'open':>6}{'not judged':>12}"]
    for matrix in dict.fromkeys(matrix for matrix, _ in verdicts):
        of_it = {row: verdict for (of, row), verdict in verdicts.items() if of == matrix}
        count = Counter(verdict.state for verdict in of_it.values())
        numbers = f"{count['current']:>9}{count['open']:>6}{count['not judged']:>12}"
        lines.append(f"{matrix:14}{len(of_it):>5}{numbers}")
        lines += _reasons(of_it) if reasons else []
    return lines


def _reasons(verdicts: Mapping[str, Verdict]) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for row, verdict in verdicts.items():
        if verdict.state != "current":
            by_reason.setdefault(f"{verdict.state}: {verdict.why}", []).append(row)
    few = {reason: f" ({'; '.join(rows)})" if len(rows) <= FEW else "" for reason, rows in by_reason.items()}
    return [f"{len(rows):>6} {reason}{few[reason]}" for reason, rows in by_reason.items()]
