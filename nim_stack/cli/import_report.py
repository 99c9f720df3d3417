"""An import told to people and to programs, and the stack file that it writes."""

from collections.abc import Iterator
from textwrap import indent, wrap
from typing import Any

import yaml

from nim_stack.base.tables import table
from nim_stack.importing.draft import Entry
from nim_stack.importing.result import Import
from nim_stack.plan import summary

_WIDEST = 48
_ENTRY = ("kind", "source", "given", "setting", "value", "why")
_HEADS = {
    "taken": "taken",
    "changed": "changed in meaning",
    "dropped": "not taken",
    "unknown": "unknown, and not taken",
    "leaked": "keys in clear, not taken",
    "asked": "still to give",
}


def page(found: Import) -> str:
    """What `nim-stack import` prints to a terminal: what became of each value, and what the plan says."""
    parts = [part for part in (_taken(found), *_told(found)) if part]
    for head, problems in (("refused by the plan", found.problems), ("warnings of the plan", found.warnings)):
        if problems:
            parts.append("\n".join([head, *(f"  {problem}" for problem in problems)]))
    if found.plan is not None:
        parts.append(f"planned: {', '.join(f'{name} {value}' for name, value in summary(found.plan).items())}")
    return "\n\n".join(parts)


def _taken(found: Import) -> str:
    rows = [(entry.source, _shown(entry.given), entry.setting, _shown(entry.value)) for entry in found.of("taken")]
    return f"{_HEADS['taken']}\n{indent(table(('from', 'value', 'setting', 'as'), rows), '  ')}" if rows else ""


def _told(found: Import) -> Iterator[str]:
    for kind in ("changed", "dropped", "unknown", "leaked", "asked"):
        lines = [f"  {line}" for line in _grouped(found.of(kind))]
        if lines:
            yield "\n".join([_HEADS[kind], *lines])


def _grouped(entries: list[Entry]) -> Iterator[str]:
    """Entries with the same reason in one line."""
    by_reason: dict[tuple[str, str | None], list[Entry]] = {}
    for entry in entries:
        by_reason.setdefault((entry.why, entry.setting), []).append(entry)
    for (why, _), group in by_reason.items():
        names = ", ".join(dict.fromkeys(_named(entry) for entry in group))
        target = group[0]
        goes = f" → {target.setting} = {_shown(target.value)}" if target.setting else ""
        yield f"{names}{goes}: {why}"


def _named(entry: Entry) -> str:
    return entry.source if entry.given is None else f"{entry.source} = {_shown(entry.given)}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True, width=10**6).strip()
    text = text.removesuffix("\n...").replace("\n", " ")
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def document(found: Import, source: str) -> dict[str, Any]:
    """What `nim-stack import --json` prints."""
    return {
        "source": source,
        "feasible": found.works,
        "settings": found.settings,
        "entries": [{name: getattr(entry, name) for name in _ENTRY} for entry in found.entries],
        "problems": [problem.document for problem in (*found.problems, *found.warnings)],
    }


def stack_file(found: Import, source: str, key: str, others: dict[str, Any]) -> str:
    """The text of a stack file.

    Args:
        found: what was imported.
        source: what it was imported from.
        key: the key of the settings, such as `team-llm:nim`.
        others: what else the file has: keys, and what decrypts them.
    """
    config = {**(others.get("config") or {}), key: found.settings}
    text = yaml.safe_dump({**others, "config": config}, sort_keys=False, width=110, allow_unicode=True)
    return "".join(f"# {line}\n" for line in _header(found, source)) + text


def _header(found: Import, source: str) -> Iterator[str]:
    yield f"Imported by `nim-stack import` from {source}."
    for kind, head in (("asked", "Still to give"), ("changed", "Changed in meaning"), ("unknown", "Unknown there")):
        names = ", ".join(dict.fromkeys(entry.source for entry in found.of(kind)))
        if names:
            yield from wrap(f"{head}: {names}", 110, subsequent_indent="  ", break_long_words=False)
    if found.of("leaked"):
        yield "Keys that stood there in clear are not here: revoke them, and `pulumi config set --secret` new ones."
