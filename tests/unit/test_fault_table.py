"""The tables of faults on the page about healing are those of the evidence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.prove.evidence import Evidence
from tests.prove.faults import table
from tests.prove.faults.test_faults import ROWS

ROOT = Path(__file__).parents[2]
HEALING = ROOT / "docs" / "healing.md"


def test_the_tables_of_the_page_are_those_of_the_evidence(written_file: Callable[[str, str], None]) -> None:
    text = table.tables(Evidence(ROOT).rows("faults"), list(ROWS))
    written_file("docs/healing.md", table.with_tables(HEALING.read_text(), text))


def test_a_row_without_evidence_says_so_and_one_that_failed_too() -> None:
    record = {"held": True, "date": "2026-01-02T03:04:05Z", "measured": {"noticed_s": 1.5, "bound_s": 20.0}}
    text = table.tables({"a": record, "b": {**record, "held": False}}, ["a", "b", "c", "peer: d"])
    lines = {line.split(" | ")[0].strip("| "): line for line in text.splitlines()}
    assert "1.5" in lines["a"]
    assert "did not hold" in lines["b"]
    assert "1.5" not in lines["b"]
    assert "not measured yet" in lines["c"]
    assert "not measured yet" in lines["d"]


def test_a_page_without_the_marks_is_not_written() -> None:
    with pytest.raises(ValueError, match="measured: begin"):
        table.with_tables("# A page\n", "text")
