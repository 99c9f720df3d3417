"""What git knows of this clone: the commits, what has changed since one of them, and what is not committed."""

import io
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

EVIDENCE = "evidence/*.json"
"""What a run writes itself, which is no change of what it proves."""

_NONE = "0" * 40


class History:
    """The clone in a folder, as git sees it now.

    Attributes:
        known: whether there is a history at all; an exported tree has none.
        shallow: whether older commits may be missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._contents: dict[str, bytes | None] = {}
        top = self._git("rev-parse", "--show-toplevel")
        # A tree that was unpacked inside another clone is not a part of that one's history.
        is_top = top is not None and Path(top.strip()) == root.resolve()
        self.known = is_top and self._git("rev-parse", "HEAD") is not None
        self.shallow = self.known and self._git("rev-parse", "--is-shallow-repository") == "true\n"

    def clean_commit(self) -> str:
        """The full hash of the commit that is checked out, when the files are those of the commit.

        Raises:
            LookupError: there is no history, or something is not committed; evidence does not count.
        """
        if not self.known:
            raise LookupError(f"{self.root} is no git clone with a commit")
        words = ("--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", ".", f":!{EVIDENCE}")
        if changed := [entry[3:] for entry in self._must("status", *words).split("\0") if entry]:
            raise LookupError(f"not committed: {', '.join(sorted(changed))}")
        return self._must("rev-parse", "HEAD").strip()

    def has(self, commit: str) -> bool:
        """Whether the commit that is checked out is this one or was made on top of it."""
        return self._git("merge-base", "--is-ancestor", commit, "HEAD") is not None

    def changes(self, commit: str) -> Mapping[str, tuple[bytes | None, bytes | None]]:
        """By path, the contents at a commit and in the tree now of each file that differs; None: it is not there."""
        said = self._must("diff", "--raw", "--no-renames", "-z", "--abbrev=40", commit).split("\0")
        before = {path: entry.split()[2] for entry, path in zip(said[0::2], said[1::2], strict=False)}
        before |= {path: _NONE for path in self._must("ls-files", "-o", "--exclude-standard", "-z").split("\0") if path}
        blobs = self._blobs(blob for blob in before.values() if blob != _NONE)
        return {path: (blobs.get(blob), self._now(path)) for path, blob in before.items()}

    def versions(self, commit: str, path: str) -> list[tuple[str, bytes | None]]:
        """Commits since this one that touched a path, oldest first, each with the content that it left."""
        made = self._must("log", "--reverse", "--format=%H", f"{commit}..HEAD", "--", path).split()
        return list(zip(made, self._objects(f"{one}:{path}" for one in made), strict=True))

    def _now(self, path: str) -> bytes | None:
        file = self.root / path
        if file.is_symlink():
            return bytes(file.readlink())
        return file.read_bytes() if file.is_file() else None

    def _blobs(self, names: Iterable[str]) -> Mapping[str, bytes | None]:
        wanted = sorted(set(names) - self._contents.keys())
        self._contents.update(zip(wanted, self._objects(wanted), strict=True))
        return self._contents

    def _objects(self, names: Iterable[str]) -> list[bytes | None]:
        """The contents of objects, in one call of git; None for one that is not there or is no file."""
        wanted = list(names)
        asked = "".join(f"{name}\n" for name in wanted).encode()
        words = ["git", "cat-file", "--batch"]
        said = io.BytesIO(subprocess.run(words, cwd=self.root, input=asked, capture_output=True, check=True).stdout)
        found: list[bytes | None] = []
        for _ in wanted:
            head = said.readline().split()
            if head[-1] == b"missing":
                found.append(None)
                continue
            content = said.read(int(head[-1]))
            said.readline()
            found.append(content if head[-2] == b"blob" else None)
        return found

    def _must(self, *words: str) -> str:
        said = self._git(*words)
        if said is None:
            raise LookupError(f"git {' '.join(words)} failed in {self.root}")
        return said

    def _git(self, *words: str) -> str | None:
        """What git prints; None when it fails, or is not there."""
        try:
            done = subprocess.run(["git", *words], cwd=self.root, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        return done.stdout if done.returncode == 0 else None
