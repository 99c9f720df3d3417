"""What a row of the tables is, and a document read by its rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from nim_stack.importing.draft import Draft
from nim_stack.importing.forms import as_is, is_unset

Read = Callable[[Any], Any]


@dataclass(frozen=True)
class Row:
    """One name of the other deployer, and what becomes of it. `[]` stands for each item of a list."""

    source: str
    settings: tuple[str, ...] = ()
    """Where it goes, as paths below `nim`; none when it is not offered."""
    says: str = ""
    """Why it is not offered, or what is different here."""
    read: Read | None = None
    """Brings the value into our form; without it the row is the business of a function of the importer."""
    chart: str = ""
    """1.x or 2.0 when only that chart is known to have it."""
    changes: bool = False
    """Whether it goes to no setting because the stack does another thing in its place."""


def moved(source: str, setting: str, read: Read = as_is, says: str = "", chart: str = "") -> Row:
    """The value goes to one setting."""
    return Row(source, (setting,), says, read, chart)


def judged(source: str, *settings: str, says: str = "", chart: str = "") -> Row:
    """Which setting it goes to, and as what, depends on other values."""
    return Row(source, settings, says, None, chart)


def left(source: str, says: str, chart: str = "", changes: bool = False) -> Row:
    """Not offered."""
    return Row(source, (), says, as_is, chart, changes)


class Document:
    """A mapping of the other deployer, with the rows that say what its names mean."""

    def __init__(self, tree: Mapping[str, Any], rows: Sequence[Row], prefix: str = "") -> None:
        self._tree = tree
        self._rows = {row.source: row for row in rows}
        self.prefix = prefix
        """Put before its names when the user is told of them."""

    def get(self, path: str) -> Any:
        """The value of a name, None when it is not there."""
        place: Any = self._tree
        for part in path.split("."):
            place = place.get(part) if isinstance(place, Mapping) else None
        return place

    def has(self, path: str) -> bool:
        return not is_unset(self.get(path))

    def named(self, path: str) -> str:
        return f"{self.prefix}{path}"

    def says(self, path: str) -> str:
        """What the row of a name says of it."""
        return self._rows[path].says

    def move(self, draft: Draft) -> None:
        """Apply all rows that need no judgement."""
        for row in self._rows.values():
            value = self.get(row.source)
            if row.read is None or is_unset(value):
                continue
            if row.settings:
                draft.read(self.named(row.source), value, row.settings[0], row.read, row.says)
            elif row.changes:
                draft.change(self.named(row.source), value, row.says)
            elif value is not False:
                draft.drop(self.named(row.source), value, row.says)

    def unknown(self) -> Iterator[tuple[str, Any, list[str]]]:
        """Names that no row has, each with its value and the rows' names that are close to it."""
        yield from self._unknown(self._tree, "")

    def _unknown(self, tree: Mapping[Any, Any], above: str) -> Iterator[tuple[str, Any, list[str]]]:
        for key, value in tree.items():
            path = f"{above}.{key}" if above else str(key)
            if path in self._rows or value is None:
                continue
            inside = [source for source in self._rows if source.startswith((f"{path}.", f"{path}[]"))]
            if isinstance(value, Mapping) and inside:
                yield from self._unknown(value, path)
            elif isinstance(value, list) and inside:
                for item in value:
                    if isinstance(item, Mapping):
                        yield from self._unknown(item, f"{path}[]")
                    else:
                        yield self.named(f"{path}[]"), item, []
            else:
                yield self.named(path), value, self._close(path)

    def _close(self, path: str) -> list[str]:
        """Names that are spelt alike: as far as this one goes, as a whole, or in their last part."""
        depth, last = path.count(".") + 1, path.rpartition(".")[2]
        beside = {".".join(source.split(".")[:depth]) for source in self._rows}
        ends: dict[str, str] = {source.rpartition(".")[2]: source for source in reversed(self._rows)}
        found = get_close_matches(path, sorted(beside), n=2, cutoff=0.8)
        found += [ends[end] for end in get_close_matches(last, ends, n=1, cutoff=0.85)]
        return [self.named(source) for source in dict.fromkeys(found)]
