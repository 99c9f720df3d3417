"""Whether what was proven is still about this code: each row is current, open, or not judged."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from tests.prove.code_form import Form, code_form
from tests.prove.history import History


@dataclass(frozen=True)
class Verdict:
    """About one row.

    Attributes:
        state: `current` when the row held, at a commit of this history, and no covered path has changed since; `open`
            when one of that is known not to be so; `not judged` when this tree has too little history to know.
        why: what makes it so, for people.
    """

    state: Literal["current", "open", "not judged"]
    why: str


class Judge:
    """Judges the rows of one clone, as its files are now."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._known: dict[tuple[str, tuple[str, ...]], str | None] = {}
        self._changes: dict[str, Mapping[str, tuple[bytes | None, bytes | None]]] = {}

    def verdict(self, record: Mapping[str, Any] | None, covers: tuple[str, ...]) -> Verdict:
        """About a row with this record (None: it was never proven) and these covered paths."""
        if record is None:
            return Verdict("open", "never proven")
        commit = str(record["commit"])
        if not record["held"]:
            return Verdict("open", f"did not hold at {commit[:10]}")
        if not re.fullmatch("[0-9a-f]{40}", commit):
            return Verdict("open", "proven with changes that no commit has")
        if not self._history.known:
            return Verdict("not judged", "this tree has no git history that can be read")
        if not self._history.has(commit):
            if self._history.shallow:
                return Verdict("not judged", f"the history of this shallow clone does not reach to {commit[:10]}")
            return Verdict("open", f"proven at {commit[:10]}, which is not in the history")
        if (commit, covers) not in self._known:
            self._known[commit, covers] = self._changed(commit, covers)
        changed = self._known[commit, covers]
        return Verdict("current", f"proven at {commit[:10]}") if changed is None else Verdict("open", changed)

    def _changed(self, commit: str, covers: tuple[str, ...]) -> str | None:
        """A covered path that has other code than at the commit, and since when; None when there is none.

        A file that has another path and the same code is no change. A file that is gone from a folder out of which
        covered files were moved is one, although the folder itself is covered no more.
        """
        if commit not in self._changes:
            self._changes[commit] = self._history.changes(commit)
        changes = {path: both for path, both in self._changes[commit].items() if not path.endswith(".md")}
        covered = {path for path in changes if any(path == one or path.startswith(f"{one}/") for one in covers)}
        for path in sorted(covered):
            before, now = (code_form(path, content) for content in changes[path])
            if None not in changes[path] and before != now:
                return f"{path} has changed {self._since(commit, path, {before})}"
        if all(None not in changes[path] for path in covered):
            return None
        gone = {path: form for path, (old, new) in changes.items() if new is None and (form := code_form(path, old))}
        came = {path: form for path, (old, new) in changes.items() if old is None and (form := code_form(path, new))}
        forms = set(gone.values())
        for path in sorted(covered & came.keys()):
            if came[path] not in forms:
                return f"{path} is new {self._since(commit, path, {None, *forms})}"
        moved = {came[path] for path in covered & came.keys()}
        left = {PurePosixPath(path).parent for path, form in gone.items() if form in moved}
        for path, form in sorted(gone.items()):
            if form not in came.values() and (path in covered or PurePosixPath(path).parent in left):
                return f"{path} is gone {self._since(commit, path, None)}"
        return None

    def _since(self, commit: str, path: str, same: Collection[Form] | None) -> str:
        """The first commit that gave a path another form than these, or that took the file away (`same` is None)."""
        for made, content in self._history.versions(commit, path):
            if content is None if same is None else code_form(path, content) not in same:
                return f"since {made[:10]}"
        return "and not committed"
