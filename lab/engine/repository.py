"""A directory as a repository of the hub: a commit, and files with the identities that git and git-lfs give them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One file: large binary ones are in git-lfs, whose identity is a sha256; the rest are git blobs."""

    path: Path
    size: int
    blob: str
    sha256: str | None

    @property
    def etag(self) -> str:
        """What the hub puts into ETag, and huggingface_hub compares."""
        return self.sha256 or self.blob

    def describe(self, name: str) -> dict[str, Any]:
        """The file in a tree listing."""
        lfs = {"lfs": {"oid": self.sha256, "size": self.size, "pointerSize": 134}} if self.sha256 else {}
        return {"type": "file", "path": name, "oid": self.blob, "size": self.size, **lfs}

    def sibling(self, name: str) -> dict[str, Any]:
        """The file in a model's information."""
        lfs = {"lfs": {"sha256": self.sha256, "size": self.size, "pointerSize": 134}} if self.sha256 else {}
        return {"rfilename": name, "size": self.size, "blobId": self.blob, **lfs}


@dataclass(frozen=True)
class Repository:
    """A model's name, its one commit, and its files."""

    name: str
    commit: str
    files: dict[str, Entry]

    @classmethod
    def read(cls, name: str, directory: Path) -> "Repository":
        """Take in a directory as it is now."""
        files = {
            str(path.relative_to(directory)): _entry(path) for path in sorted(directory.rglob("*")) if path.is_file()
        }
        content = "".join(f"{file}\0{entry.etag}\n" for file, entry in files.items())
        return cls(name, hashlib.sha1(content.encode()).hexdigest(), files)

    def info(self) -> dict[str, Any]:
        """GET /api/models/<name>."""
        return {
            "id": self.name,
            "modelId": self.name,
            "author": self.name.split("/")[0],
            "sha": self.commit,
            "private": False,
            "gated": "auto",
            "disabled": False,
            "tags": [],
            "siblings": [entry.sibling(file) for file, entry in self.files.items()],
        }

    def tree(self) -> list[dict[str, Any]]:
        """GET /api/models/<name>/tree/<revision>, recursive."""
        return [entry.describe(file) for file, entry in self.files.items()]


def _entry(path: Path) -> Entry:
    data = path.read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return Entry(path, len(data), blob, hashlib.sha256(data).hexdigest() if path.suffix == ".safetensors" else None)
