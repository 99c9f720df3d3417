"""The settings as they come together, and an account of every value that was met."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from nim_stack.importing.converters import is_placeholder, is_unset
from nim_stack.settings import Settings, StackSettings

By = tuple[str, ...]
Kind = Literal["taken", "changed", "dropped", "unknown", "leaked", "asked"]


@dataclass(frozen=True)
class Entry:
    """What became of one value."""

    kind: Kind
    source: str
    """Its name there; the name of the setting when the kind is asked."""
    given: Any = None
    setting: str | None = None
    value: Any = None
    """What was written into the settings; None when nothing was."""
    why: str = ""
    by: By = ()
    """The rows that it is owed to; none for what stands in no table, such as an option of the command line."""


class Draft:
    """Settings under construction. Whoever sets one first decides; the command line comes first."""

    def __init__(self, keys_kept_by: str) -> None:
        """Begin without settings.

        Args:
            keys_kept_by: what still holds a key that was given in clear, when the import is over.
        """
        self.keys_kept_by = keys_kept_by
        self.entries: list[Entry] = []
        self.settings: dict[str, Any] = {}
        self.startup_seconds: int | None = None
        """Seconds that a start may take there, None when that is not said."""
        self._origins: dict[str, str] = {}

    def get(self, setting: str) -> Any:
        """The value of a setting by its path below `nim`, None when nothing has set it."""
        place: Any = self.settings
        for part in setting.split("."):
            place = place.get(part) if isinstance(place, Mapping) else None
        return place

    def take(self, source: str, given: Any, setting: str, value: Any, why: str = "", *, by: By = ()) -> None:
        """Set a setting. With a reason, its meaning or value is another one than there."""
        if is_placeholder(value):
            self.ask(setting, f"{source} is the placeholder {value}", by=by)
            return
        there = self.get(setting)
        if there is not None and there != value:
            origin = self._origins.get(setting, "another value")
            self.drop(source, given, f"{setting} is {there!r} already, by {origin}", by=by)
            return
        self._set(setting, value)
        self._origins.setdefault(setting, source)
        self.entries.append(Entry("changed" if why else "taken", source, given, setting, value, why, by))

    def add(self, source: str, given: Any, setting: str, value: Any, why: str = "", *, by: By = ()) -> None:
        """Add the items of a list or a mapping to those that are there."""
        if is_unset(value):
            return
        there, added = self.get(setting), value
        if isinstance(there, dict) and isinstance(value, dict):
            value = {**value, **there}
        elif isinstance(there, list) and isinstance(value, list):
            value = [*there, *(item for item in value if item not in there)]
        self._set(setting, value)
        self._origins.setdefault(setting, source)
        self.entries.append(Entry("changed" if why else "taken", source, given, setting, added, why, by))

    def change(self, source: str, given: Any, why: str, *, by: By = ()) -> None:
        """The stack does another thing in its place."""
        self.entries.append(Entry("changed", source, given, why=why, by=by))

    def drop(self, source: str, given: Any, why: str, *, by: By = ()) -> None:
        """The value is not taken."""
        self.entries.append(Entry("dropped", source, given, why=why, by=by))

    def unknown(self, source: str, given: Any, why: str) -> None:
        """The name is not known."""
        self.entries.append(Entry("unknown", source, given, why=why))

    def leak(self, source: str, cure: str) -> None:
        """A key in clear: its value goes nowhere, not even into the report."""
        why = f"a key in clear, which {self.keys_kept_by} keeps: revoke it, then {cure}"
        self.entries.append(Entry("leaked", source, why=why))

    def ask(self, setting: str, why: str, *, by: By = ()) -> None:
        """Something that the user must still give."""
        self.entries.append(Entry("asked", setting, why=why, by=by))

    def remove(self, setting: str, why: str) -> None:
        """Take a setting, which is there, back out, and say why in the entries that wrote it."""
        *parents, last = setting.split(".")
        place = self.settings
        for part in parents:
            place = place[part]
        place.pop(last)
        for position, entry in enumerate(self.entries):
            if entry.setting == setting:
                self.entries[position] = replace(entry, kind="changed", setting=None, value=None, why=why)

    def _set(self, setting: str, value: Any) -> None:
        *parents, last = setting.split(".")
        place = self.settings
        for part in parents:
            place = place.setdefault(part, {})
        place[last] = value

    def in_order(self) -> dict[str, Any]:
        """The settings in the order in which the schema has them, without those that are the default."""
        return _in_order(self.settings, StackSettings)


def _in_order(given: dict[str, Any], kind: type[Settings]) -> dict[str, Any]:
    ordered: dict[str, Any] = {}
    for name, info in kind.model_fields.items():
        alias = info.alias or name
        if alias not in given:
            continue
        inner, value = settings_class(info.annotation), given[alias]
        if inner and isinstance(value, dict):
            ordered[alias] = _in_order(value, inner)
            if not ordered[alias] and isinstance(info.default, inner):
                del ordered[alias]
        elif value != info.default:
            ordered[alias] = value
    known = {info.alias or name for name, info in kind.model_fields.items()}
    return ordered | {key: value for key, value in given.items() if key not in known}


def settings_class(annotation: Any) -> type[Settings] | None:
    """The class of nested settings that a field holds, None when it holds plain values."""
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    return next((kind for kind in candidates if isinstance(kind, type) and issubclass(kind, Settings)), None)
