"""Every row of the tables drives the import, and without its row a value is unknown."""

from typing import Any

import pytest

from nim_stack.importing import rows as rows_module
from nim_stack.importing import variables
from nim_stack.importing.draft import Draft, Entry
from nim_stack.importing.helm import rows as helm_rows
from nim_stack.importing.helm import values as helm
from nim_stack.importing.operator import objects, rows
from nim_stack.importing.rows import Document, Handler, Row, apply, judged
from tests.unit.import_examples import ALL_ROWS, IDS, PREFIX, TABLES, drafts_of

PLACES = {
    "helm-values": (helm, "ROWS"),
    "nimservice-fields": (objects, "SERVICE_ROWS"),
    "nimcache-fields": (objects, "CACHE_ROWS"),
    "variables": (variables, "ROWS"),
}
REST = {"variables": "env", "podSecurityContext": "podSecurityContext"}
"""Rows that take what has no row of its own, by the table or by what stands above it."""


def _owed(draft: Draft, name: str) -> list[Entry]:
    return [entry for entry in draft.entries if name in entry.by]


@pytest.mark.parametrize(("table", "row"), ALL_ROWS, ids=IDS)
def test_a_value_goes_by_its_row_to_every_setting_that_the_row_names(table: str, row: Row) -> None:
    name = PREFIX.get(table, "") + row.source
    written = set()
    for draft, without in drafts_of(table, row):
        entries = _owed(draft, name)
        assert entries != _owed(without, name), "the value makes no difference"
        written |= {entry.setting for entry in entries if entry.setting and draft.get(entry.setting) is not None}
        if not row.settings:
            assert {(entry.kind, entry.why) for entry in entries} == {
                ("changed" if row.changes else "dropped", row.says)
            }
    assert set(row.settings) <= written
    assert all(any(f"{named}.".startswith(f"{setting}.") for named in row.settings) for setting in written)


@pytest.mark.parametrize(("table", "row"), ALL_ROWS, ids=IDS)
def test_without_its_row_a_value_is_unknown(table: str, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or it goes where everything goes that has no row."""
    module, constant = PLACES[table]
    monkeypatch.setattr(module, constant, tuple(other for other in TABLES[table] if other is not row))
    name = PREFIX.get(table, "") + row.source
    rest = REST.get(table) or REST.get(row.source.partition(".")[0])
    for draft, _ in drafts_of(table, row):
        assert _owed(draft, name) == []
        unknown = [entry.source for entry in draft.entries if entry.kind == "unknown"]
        if rest is None or rest == row.source:
            assert any(name.startswith(source) or source.startswith(f"{name}.") for source in unknown), unknown
        else:
            assert _owed(draft, rest)


@pytest.mark.parametrize(
    ("orders", "tables"),
    [
        ([helm_rows.ORDER], [helm_rows.ROWS]),
        ([rows.SERVICE_ORDER, rows.LAST], [rows.SERVICE_ROWS]),
        ([rows.CACHE_ORDER, rows.LAST], [rows.CACHE_ROWS]),
        ([rows.SERVICE_ORDER, rows.CACHE_ORDER, rows.LAST], [rows.SERVICE_ROWS, rows.CACHE_ROWS]),
    ],
    ids=["helm", "service", "cache", "no handler of the operator without a row"],
)
def test_every_handler_of_a_row_has_its_place_in_the_order(orders: list[Any], tables: list[Any]) -> None:
    called = [handler for order in orders for handler in order]
    named = [handler for table in tables for row in table for handler in row.by]
    assert all(handler in called for handler in named)
    if len(tables) == 2 or tables == [helm_rows.ROWS]:
        assert all(handler in named for handler in called)


def test_a_handler_cannot_write_a_setting_that_its_row_does_not_name() -> None:
    def handler(own: rows_module.Fields) -> None:
        own["given"].take("hf://a/b", "model")

    table = (judged(handler, "given", "profile"),)
    order: tuple[Handler, ...] = (handler,)
    with pytest.raises(LookupError, match="no row of given names the setting model"):
        apply(order, Document(Draft("it"), {"given": 1}, table))


def test_what_a_handler_writes_by_a_name_without_a_row_goes_nowhere() -> None:
    def handler(own: rows_module.Fields) -> None:
        assert own["other"].value is None
        own["other"].take("hf://a/b", "model")

    draft = Draft("it")
    apply((handler,), Document(draft, {"given": 1, "other": 2}, (judged(handler, "given", "profile"),)))
    assert (draft.settings, draft.entries) == ({}, [])
