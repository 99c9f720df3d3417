"""Where a model lies in the cache, and whether all of it is there.

The path follows from the model's name and revision alone, so that every pod of a group works it out alike. A model
counts as there when its marker is: the marker is written last, and renamed into place.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nim_serve.contract.serve_config import ServeConfig
from nim_serve.contract.values import ModelSource


@dataclass(frozen=True)
class CachedModel:
    """A model's directory and marker below the cache path."""

    directory: Path
    marker: Path

    @property
    def lock(self) -> Path:
        """The file whose lock is held by whoever downloads."""
        return self.marker.with_name(f"{self.directory.name}.lock")

    def complete(self) -> bool:
        """Say whether a download ended here, and nothing of it has gone since."""
        try:
            files: dict[str, int] = json.loads(self.marker.read_text())["files"]
            return bool(files) and all((self.directory / name).stat().st_size == size for name, size in files.items())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False

    def write_marker(self, source: ModelSource, commit: str) -> None:
        """Record what is there, at this commit of the repository; from now on nobody asks the hub again.

        Raises:
            OSError: the cache cannot be written.
        """
        files = {name: size for name, size in self.files().items() if not name.startswith(".cache/")}
        record: dict[str, Any] = {"model": source.name, "revision": source.revision, "commit": commit, "files": files}
        fresh = self.marker.with_name(f"{self.marker.name}.{os.getpid()}")
        fresh.write_text(json.dumps(record, indent=1, sort_keys=True))
        fresh.replace(self.marker)

    def files(self) -> dict[str, int]:
        """Give the size in bytes of every file, by its path below the directory."""
        return {
            str(Path(folder, name).relative_to(self.directory)): Path(folder, name).stat().st_size
            for folder, _, names in os.walk(self.directory)
            for name in names
        }

    def bytes_present(self) -> int:
        """Give the bytes of everything so far, partial files included."""
        total = 0
        for folder, _, names in os.walk(self.directory):
            for name in names:
                try:
                    total += Path(folder, name).stat().st_size
                except OSError:  # renamed by the download in between
                    continue
        return total


def cached_model(cache_path: str, source: ModelSource) -> CachedModel:
    """Give the place of a hub model in a cache."""
    revision = source.revision.replace("/", "--")
    home = Path(cache_path) / "models" / source.name.replace("/", "--")
    return CachedModel(home / revision, home / f"{revision}.complete.json")


def model_path(config: ServeConfig) -> Path:
    """Give the directory that vLLM reads the model from, in every pod."""
    if config.model.kind == "path":
        return Path(config.model.name)
    return cached_model(config.cache_path, config.model).directory


def default_name(source: ModelSource) -> str:
    """Give the name that the API has for the model when none is set."""
    return source.name if source.kind == "hf" else Path(source.name).name
