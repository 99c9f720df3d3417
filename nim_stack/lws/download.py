"""Fetching the LWS release manifest: pinned by digest, kept by digest, so that previews need no network."""

import hashlib
import os
from pathlib import Path

from nim_stack.base import names
from nim_stack.base.http import HttpError, fetch
from nim_stack.lws.manifest import ReleaseError


def cache_directory() -> Path:
    """Where manifests are kept, by the XDG convention."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / names.PROJECT / "lws"


def fetch_manifest(source: str, sha256: str, cache: Path | None = None) -> str:
    """The manifest with this digest, from the cache or else from its URL or file.

    Raises:
        ReleaseError: when it cannot be read or is not the one that was pinned.
    """
    kept = (cache or cache_directory()) / f"{sha256}.yaml"
    if kept.is_file():
        content = kept.read_bytes()
        if hashlib.sha256(content).hexdigest() == sha256:
            return content.decode()
    content = _read(source)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ReleaseError(
            f"it has the digest {found}, not the pinned {sha256}. Read what changed; if it is what you want, set "
            "nim.lws.sha256 to the new digest"
        )
    _keep(kept, content)
    return content.decode()


def _read(source: str) -> bytes:
    try:
        if "://" not in source:
            return Path(source).read_bytes()
        if not source.startswith(("https://", "http://")):
            raise ReleaseError("it is neither a file nor an http(s) URL")
        return fetch(source)
    except (OSError, HttpError) as error:
        raise ReleaseError(
            f"it cannot be read ({error}). Download it elsewhere and set nim.lws.manifest to the file"
        ) from error


def _keep(path: Path, content: bytes) -> None:
    """A cache that cannot be written costs a download the next time, nothing else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        return
