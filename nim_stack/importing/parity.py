"""The page docs/parity.md: every name of the other deployers, and what becomes of it. Written from the rows."""

from collections.abc import Sequence

from nim_stack.importing import variables
from nim_stack.importing.helm import rows as helm_rows
from nim_stack.importing.operator import rows as operator_rows
from nim_stack.importing.rows import Row

_HEAD = """# Parity

Every value that the nim-llm chart documents and every field of the NIM Operator's NIMService and NIMCache, and the
setting that takes its place, or why there is none. `nim-stack import` goes by the same rows.

The names are those of tests/unit/parity, which say where they come from. Paths are below `nim` in the stack file.
This page is written from the rows themselves (`nim-stack import table --markdown > docs/parity.md`).
"""
_SECTIONS: tuple[tuple[str, str, Sequence[Row]], ...] = (
    ("Values of the nim-llm chart", "1.x and 2.0 mark what only that chart is known to have.", helm_rows.ROWS),
    ("NIMService", "", operator_rows.SERVICE_ROWS),
    ("NIMCache", "", operator_rows.CACHE_ROWS),
    (
        "Environment variables",
        "Of `env` there, or of `spec.env`. All others go to `env` as they are, unless they look like a key in clear.",
        variables.ROWS,
    ),
)


def page() -> str:
    """The page docs/parity.md in Markdown: for each name of the other deployer, what takes its place here."""
    return _HEAD + "".join(_section(*section) for section in _SECTIONS)


def rows() -> list[tuple[str, str, str]]:
    """Name, what takes its place, and what is to be said of it."""
    return [(row.source, place(row), row.says) for _, _, found in _SECTIONS for row in found]


def place(row: Row) -> str:
    """The settings that take the place of a row's value, or that there are none."""
    return ", ".join(row.settings) or "not offered"


def _section(title: str, about: str, found: Sequence[Row]) -> str:
    lines = "".join(f"| `{row.source}` | {row.chart} | {_cell(row)} |\n" for row in found)
    head = f"\n## {title}\n\n" + (f"{about}\n\n" if about else "")
    return head + "| there | chart | here |\n|---|---|---|\n" + lines


def _cell(row: Row) -> str:
    says = row.says.replace("|", "\\|").replace("<", "\\<")
    if not row.settings:
        return f"not offered, because {says}"
    settings = ", ".join(f"`{setting}`" for setting in row.settings)
    return f"{settings}: {says}" if says else settings
