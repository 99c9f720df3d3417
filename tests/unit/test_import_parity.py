"""Every name of the chart and the operator has a row, every row a setting or a reason, and the page has all rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from nim_stack.cli.main import main
from nim_stack.importing import parity, variables
from nim_stack.importing.helm.rows import ROWS
from nim_stack.importing.rows import Row
from nim_stack.settings import StackSettings
from tests.unit.import_examples import ALL_ROWS, IDS, TABLES, draft_of

NAMES = Path(__file__).parent / "parity"
FILES = [table for table in TABLES if table != "variables"]


def _names(file: str, part: str = "") -> set[str]:
    """Names of a list, or of one of the parts that a heading begins."""
    parts = (NAMES / f"{file}.txt").read_text().split("\n\n")[1:]
    lines = [line for lines in parts if part in lines for line in lines.splitlines()]
    return {line for line in lines if not line.startswith("#")}


@pytest.mark.parametrize("file", FILES)
def test_every_name_has_one_row_and_every_row_a_name(file: str) -> None:
    sources = [row.source for row in TABLES[file]]
    assert len(sources) == len(set(sources))
    assert set(sources) == _names(file)


def test_a_value_is_marked_with_the_chart_that_alone_is_known_to_have_it() -> None:
    old, new = _names("helm-values", "# chart 1."), _names("helm-values", "# chart 2.0")
    for row in ROWS:
        there = {"1.x": row.source in old, "2.0": row.source in new}
        assert there == {chart: row.chart in ("", chart) for chart in there}, row.source


def _settings(kind: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, info in kind.model_fields.items():
        path = f"{prefix}{info.alias or to_camel(name)}"
        found.add(path)
        for inner in (info.annotation, *get_args(info.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                found |= _settings(inner, f"{path}.")
    return found


@pytest.mark.parametrize(("file", "row"), ALL_ROWS, ids=IDS)
def test_a_row_names_settings_that_exist_or_says_why_there_are_none(file: str, row: Row) -> None:
    assert set(row.settings) <= _settings(StackSettings)
    assert row.settings or len(row.says) > 10


def test_the_page_is_that_of_the_rows(
    written_file: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """`nim-stack import table --markdown > docs/parity.md` writes it."""
    assert main(["import", "table", "--markdown"]) == 0
    printed = capsys.readouterr().out
    assert printed == parity.page()
    written_file("docs/parity.md", printed)
    assert main(["import", "table"]) == 0
    assert "storage.existingClaim" in capsys.readouterr().out


VARIABLES: dict[str, tuple[Any, Any]] = {
    "NIM_MODEL_PATH": ("hf://a/b", "hf://a/b"),
    "NIM_MODEL_NAME": ("hf://a/b", "hf://a/b"),
    "NIM_MODEL_PROFILE": ("vllm-bf16-tp8-pp1", "vllm-bf16-tp8-pp1"),
    "NIM_TENSOR_PARALLEL_SIZE": ("8", 8),
    "NIM_PIPELINE_PARALLEL_SIZE": (2, 2),
    "NIM_SERVED_MODEL_NAME": ("chat", "chat"),
    "NIM_MAX_MODEL_LEN": ("8192", 8192),
    "NIM_PASSTHROUGH_ARGS": (
        "--max-num-seqs 64 --chat-template 'a b'",
        ["--max-num-seqs", "64", "--chat-template", "a b"],
    ),
    "NIM_LOG_LEVEL": ("debug", "DEBUG"),
    "NIM_SERVER_PORT": ("9000", 9000),
    "NIM_REPOSITORY_OVERRIDE": ("https://mirror.example/nim", "https://mirror.example/nim"),
    "NIM_DISABLE_MODEL_DOWNLOAD": ("1", True),
    "HF_HUB_OFFLINE": (1, True),
    "HF_ENDPOINT": ("https://hub.example", "https://hub.example"),
    "NGC_API_KEY": ({"secretKeyRef": {"name": "ngc", "key": "other"}}, {"name": "ngc", "key": "other"}),
    "HF_TOKEN": ({"secretKeyRef": {"name": "hub", "key": "HF_TOKEN"}}, "hub"),
}


@pytest.mark.parametrize("row", variables.ROWS, ids=lambda row: row.source)
def test_a_variable_goes_to_its_setting_or_is_told_of(row: Row) -> None:
    given, value = VARIABLES[row.source] if row.settings else ("1", None)
    key = "valueFrom" if isinstance(given, dict) else "value"
    draft = draft_of("variables", [{"name": row.source.replace("*", "X"), key: given}])
    (entry,) = [entry for entry in draft.entries if row.source in entry.by]
    if row.settings:
        assert (entry.setting, draft.get(row.settings[0])) == (row.settings[0], value)
    else:
        assert (entry.kind, entry.why) == ("changed" if row.changes else "dropped", row.says)
