"""The rows of the tables, and the one loop that applies them.

A row names a value of the other deployer, how that value is read, the settings it goes to, and the handlers that decide
about it. A handler gets the values of exactly those rows that name it, and can write no setting that they do not name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from nim_stack.importing.converters import as_is, is_on, is_placeholder, is_unset
from nim_stack.importing.draft import Draft

Read = Callable[[Any], Any]
Handler = Callable[["Fields"], None]
"""Decides about the values of the rows that name it."""
By = Handler | tuple[Handler, ...] | None
"""The handlers of a row; None for that of rows that need no other value."""


@dataclass(frozen=True)
class Row:
    """One name of the other deployer, and what becomes of its value. `[]` stands for each item of a list."""

    source: str
    settings: tuple[str, ...] = ()
    """Paths below `nim`; none when the value is not offered."""
    says: str = ""
    """Why it is not offered, or what is different here."""
    read: Read = as_is
    """Brings the value into the setting's form. Raises ValueError, with the reason, when it has none."""
    by: tuple[Handler, ...] = ()
    """Called in the order that stands beside the table, not in the order given here."""
    chart: str = ""
    """1.x or 2.0 when only that chart is known to have it, empty when both have it."""
    changes: bool = False
    """Whether it goes to no setting because the stack does another thing in its place."""


def plain() -> Handler:
    """A handler of its own place in the order, by which each row alone decides about its value."""
    return partial(Fields.apply)


def moved(source: str, setting: str, read: Read = as_is, says: str = "", chart: str = "", by: By = None) -> Row:
    """The value goes to one setting, and `says` is told with it; `by` is a plain handler, `each` without it."""
    return Row(source, (setting,), says, read, _handlers(by), chart)


def judged(by: By, source: str, settings: str, read: Read = as_is, says: str = "", chart: str = "") -> Row:
    """Handlers decide by other values whether and how the value goes to the settings, which blanks separate."""
    return Row(source, tuple(settings.split()), says, read, _handlers(by), chart)


def left(source: str, says: str, chart: str = "", changes: bool = False, by: By = None) -> Row:
    """The value is not offered."""
    return Row(source, (), says, as_is, _handlers(by), chart, changes)


def _handlers(by: By) -> tuple[Handler, ...]:
    return by if isinstance(by, tuple) else (by or each,)


@dataclass(frozen=True)
class Document:
    """A mapping of the other deployer, and the rows that say what its names mean."""

    draft: Draft
    tree: Mapping[str, Any]
    rows: Sequence[Row]
    prefix: str = ""
    """Put before the names when the user is told of them."""
    chart: str = ""
    """For values of a chart: 1.x or 2.0."""
    known_by: str = ""
    """By what it is known to be that chart."""
    beside: "Document | None" = None
    """The object that this one names, None when it is not given."""

    def get(self, path: str) -> Any:
        """The value of a row's name, None when it is not there or no row has this name."""
        return next(values_at(self.tree, path)) if any(row.source == path for row in self.rows) else None


def apply(order: Sequence[Handler], *documents: Document) -> None:
    """Call every handler once for each document that has rows of it."""
    for handler in order:
        for document in documents:
            own = {row.source: row for row in document.rows if handler in row.by}
            if own:
                handler(Fields(document, own, document.tree))


def values_at(tree: Any, path: str) -> Iterator[Any]:
    """The values of a name: one, None when it is not there; with `[]` one of each item of the list."""
    head, _, rest = path.partition(".")
    there = tree.get(head.removesuffix("[]")) if isinstance(tree, Mapping) else None
    items = (there if isinstance(there, list) else []) if head.endswith("[]") else [there]
    for item in items:
        yield from values_at(item, rest) if rest else (item,)


@dataclass(frozen=True)
class Field:
    """The value of a name, and its way into the draft."""

    draft: Draft
    name: str
    """As the user is told of it."""
    value: Any
    """None when it is not there."""
    row: Row
    """For a name above those of rows: a row with all of their settings."""
    by: tuple[str, ...]
    """The rows that an entry is owed to; none when nothing stands there."""

    def __bool__(self) -> bool:
        """Whether there is a value that says something."""
        return not is_unset(self.value)

    @property
    def is_on(self) -> bool:
        """Whether it is a switch that is on."""
        return is_on(self.value)

    def told(self, value: Any) -> "Field":
        """The same field, of which the user is told another value: a part of it, a default, or a switch as a truth."""
        return replace(self, value=value)

    def apply(self) -> None:
        """Do what the row says by itself; a switch that is off says nothing of what is not offered."""
        if self and self.row.settings:
            self.read(why=self.row.says)
        elif self and self.row.changes:
            self.change(self.row.says)
        elif self and self.value is not False:
            self.drop(self.row.says)

    def read(self, *settings: str, why: str = "") -> None:
        """Write the value, if there is one, as the row reads it to the named settings, by default to all of the row.
        Lists and mappings are added to, and a value that cannot be read is not taken."""
        if not self:
            return
        try:
            value = self.value if is_placeholder(self.value) else self.row.read(self.value)
        except ValueError as error:
            self.drop(str(error))
            return
        for setting in settings or self.row.settings:
            (self.add if isinstance(value, list | dict) else self.take)(value, setting, why)

    def take(self, value: Any, setting: str = "", why: str = "") -> None:
        """Write another value than the given one to the named setting, by default to the first of the row."""
        self.draft.take(self.name, self.value, self._known(setting), value, why, by=self.by)

    def add(self, value: Any, setting: str = "", why: str = "") -> None:
        """Add a list or a mapping to that of the named setting, by default of the row's first."""
        self.draft.add(self.name, self.value, self._known(setting), value, why, by=self.by)

    def ask(self, setting: str, why: str) -> None:
        """The value leaves open what the user must give."""
        self.draft.ask(self._known(setting), why, by=self.by)

    def change(self, why: str) -> None:
        """The stack does another thing in its place."""
        self.draft.change(self.name, self.value, why, by=self.by)

    def drop(self, why: str) -> None:
        """The value is not taken."""
        self.draft.drop(self.name, self.value, why, by=self.by)

    def _known(self, setting: str) -> str:
        """The setting, which must be one that the row names or one that holds it.

        Raises:
            LookupError: a handler writes what its row does not name.
        """
        wanted = setting or next(iter(self.row.settings), "")
        if self.by and not any(f"{name}.".startswith(f"{wanted}.") for name in self.row.settings):
            raise LookupError(f"no row of {self.name} names the setting {wanted}")
        return wanted


@dataclass(frozen=True)
class Fields:
    """The fields of one handler, of a whole document or of a part of it."""

    document: Document
    own: Mapping[str, Row]
    """Rows of the handler by their source."""
    tree: Any
    base: str = ""
    """Stands before all names here."""

    @property
    def draft(self) -> Draft:
        """Where the settings come together."""
        return self.document.draft

    def __getitem__(self, path: str) -> Field:
        """The field of a name, which is that of a row or stands above names of rows. Any other name has no value, and
        what is written by it goes nowhere."""
        source, prefix = self.base + path, self.document.prefix
        inside = (f"{source}.", f"{source}[]")
        rows = {name: row for name, row in self.own.items() if name == source or name.startswith(inside)}
        if not rows:
            return Field(Draft(""), prefix + source, None, Row(source), ())
        settings = dict.fromkeys(setting for row in rows.values() for setting in row.settings)
        row, value = self.own.get(source) or Row(source, tuple(settings)), next(values_at(self.tree, path))
        by = [name for name, row in rows.items() if name == source or (row.settings and self._has(name))]
        return Field(self.draft, prefix + source, value, row, tuple(prefix + name for name in by))

    def _has(self, source: str) -> bool:
        return not all(is_unset(value) for value in values_at(self.tree, source.removeprefix(self.base)))

    def __iter__(self) -> Iterator[Field]:
        """The fields of all rows, without those inside lists."""
        for source in self.own:
            if source.startswith(self.base) and "[]" not in source[len(self.base) :]:
                yield self[source[len(self.base) :]]

    def at(self, path: str) -> "Fields":
        """The part below a name."""
        return replace(self, tree=next(values_at(self.tree, path)), base=f"{self.base}{path}.")

    def items(self, path: str) -> "list[Fields]":
        """Those items of a list that are mappings."""
        found = values_at(self.tree, f"{path}[]")
        return [replace(self, tree=item, base=f"{self.base}{path}[].") for item in found if isinstance(item, dict)]

    def apply(self) -> None:
        """Let each row decide about its value."""
        for found in self:
            found.apply()


each = plain()
"""The handler of all rows that need no other value and no place of their own in the order."""
