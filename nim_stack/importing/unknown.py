"""Names that no row has, and settings that nothing gave."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from nim_stack.importing.draft import Draft
from nim_stack.importing.rows import Document


def note_unknown(document: Document, what: str) -> None:
    """Tell of every name in a document that no row has; `what` is the kind of name that it would be."""
    sources = [row.source for row in document.rows]
    for path, value in _unknown(document.tree, "", sources):
        close = [] if path.endswith("[]") else [document.prefix + source for source in _close(path, sources)]
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        document.draft.unknown(document.prefix + path, value, f"no {what}{hint}")


def ask_missing(draft: Draft, settings: Iterable[tuple[str, str]]) -> None:
    """Ask for those settings that have no value and were not asked for already; each comes with the reason."""
    for setting, why in settings:
        if draft.get(setting) is None and not any(e.kind == "asked" and e.source == setting for e in draft.entries):
            draft.ask(setting, why)


def _unknown(tree: Mapping[Any, Any], above: str, sources: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        path = f"{above}.{key}" if above else str(key)
        if path in sources or value is None:
            continue
        inside = any(source.startswith((f"{path}.", f"{path}[]")) for source in sources)
        if isinstance(value, Mapping) and inside:
            yield from _unknown(value, path, sources)
        elif isinstance(value, list) and inside:
            for item in value:
                yield from _unknown(item, f"{path}[]", sources) if isinstance(item, Mapping) else [(f"{path}[]", item)]
        else:
            yield path, value


def _close(path: str, sources: Sequence[str]) -> list[str]:
    """Names that are spelt alike: as far as this one goes, as a whole, or in their last part."""
    depth, last = path.count(".") + 1, path.rpartition(".")[2]
    beside = {".".join(source.split(".")[:depth]) for source in sources}
    ends: dict[str, str] = {source.rpartition(".")[2]: source for source in reversed(sources)}
    found = get_close_matches(path, sorted(beside), n=2, cutoff=0.8)
    found += [ends[end] for end in get_close_matches(last, ends, n=1, cutoff=0.85)]
    return list(dict.fromkeys(found))
