"""A matrix of things to prove, row by row: run what has no evidence yet, and write each result down at once.

Evidence is a file a matrix, evidence/<matrix>.json: for each row whether it held, what was measured, commit and date.
A run that is broken off goes on where it ended.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.console import LabError, say, step
from lab.paths import REPO

Json = dict[str, Any]
EVIDENCE = REPO / "evidence"


@dataclass(frozen=True)
class Matrix:
    """Rows by name; each proves its thing, returns what it measured, and raises when it does not hold."""

    name: str
    title: str
    rows: Mapping[str, Callable[[], Json]]
    prepare: Callable[[], None] = lambda: None
    """Called once before the first row that runs."""
    finish: Callable[[], None] = lambda: None

    @property
    def file(self) -> Path:
        return EVIDENCE / f"{self.name}.json"

    def evidence(self) -> dict[str, Json]:
        """What is written down, by row; rows that the matrix no longer has are left out."""
        if not self.file.exists():
            return {}
        kept: dict[str, Json] = json.loads(self.file.read_text())["rows"]
        return {row: record for row, record in kept.items() if row in self.rows}

    def open_rows(self) -> list[str]:
        """Rows without evidence that they hold."""
        held = self.evidence()
        return [row for row in self.rows if not held.get(row, {}).get("held")]


def prove(matrix: Matrix, only: Iterable[str] = (), again: bool = False) -> bool:
    """Run the open rows (all of them with `again`), or those named; returns whether all that ran held.

    Raises:
        LabError: a named row is not one of the matrix.
    """
    wanted = list(only)
    if unknown := sorted(set(wanted) - set(matrix.rows)):
        raise LabError(f"{matrix.name} has no row {', '.join(unknown)}; it has: {', '.join(matrix.rows)}")
    rows = wanted or (list(matrix.rows) if again else matrix.open_rows())
    if not rows:
        say(f"{matrix.name}: all {len(matrix.rows)} rows are proven ({matrix.file.relative_to(REPO)})")
        return True
    say(f"{matrix.name}: {len(rows)} of {len(matrix.rows)} rows to prove")
    matrix.prepare()
    try:
        held = [_row(matrix, row) for row in rows]
    finally:
        matrix.finish()
    say(f"{matrix.name}: {sum(held)} of {len(held)} held")
    return all(held)


def _row(matrix: Matrix, row: str) -> bool:
    started, record = time.monotonic(), _stamp()
    try:
        with step(f"{matrix.name}: {row}"):
            record |= {"held": True, "measured": matrix.rows[row]()}
    except (AssertionError, LabError) as failure:
        record |= {"held": False, "failure": str(failure)[-2000:]}
        say(f"    {str(failure)[-2000:]}")
    record["seconds"] = round(time.monotonic() - started, 1)
    _write(matrix, {**matrix.evidence(), row: record})
    return bool(record["held"])


def _write(matrix: Matrix, rows: Mapping[str, Json]) -> None:
    matrix.file.parent.mkdir(exist_ok=True)
    document = {
        "matrix": matrix.name,
        "title": matrix.title,
        "rows": {row: rows[row] for row in matrix.rows if row in rows},
    }
    scratch = matrix.file.with_suffix(".part")
    scratch.write_text(json.dumps(document, indent=2) + "\n")
    scratch.rename(matrix.file)


def _stamp() -> Json:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=REPO, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", ".", ":!evidence")
    return {
        "commit": git("rev-parse", "HEAD") + (" and changes" if changed else ""),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
