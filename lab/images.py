"""Container images as archives, written directly: no image builder runs here and no registry is reached.

An image is a tar of a manifest, a configuration and layer tars (the docker-archive form), which
`ctr images import` takes. Each is cached under the hash of what it is made from.
"""

import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.console import step
from lab.paths import CACHE

FOLDER = CACHE / "images"

PAUSE_REF = "localhost/nim-lab/pause:1"


def write(
    ref: str,
    layers: Sequence[Path],
    *,
    entrypoint: Sequence[str],
    env: Mapping[str, str] | None = None,
    user: str = "",
    title: str = "",
) -> Path:
    """Write an image archive unless the same one is there.

    Args:
        ref: the full image reference, tag included.
        layers: uncompressed layer tars, lowest first, each named by its content's hash.
    """
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Entrypoint": list(entrypoint),
            "Env": [f"{name}={value}" for name, value in {"PATH": _PATH, **(env or {})}.items()],
            "User": user,
        },
    }
    identity = hashlib.sha256(json.dumps([ref, [layer.name for layer in layers], config]).encode()).hexdigest()[:12]
    stem = ref.rsplit("/", 1)[1].replace(":", "-")
    target = FOLDER / f"{stem}-{identity}.tar"
    if target.exists():
        return target
    with step(f"writing image {title or ref}"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        digests = [f"sha256:{_sha256(layer)}" for layer in layers]
        body = json.dumps({**config, "rootfs": {"type": "layers", "diff_ids": digests}}).encode()
        names = [f"{digest[7:]}.tar" for digest in digests]
        manifest = [{"Config": "config.json", "RepoTags": [ref], "Layers": names}]
        scratch = target.with_suffix(".part")
        with tarfile.open(scratch, "w") as archive:
            for name, layer in zip(names, layers, strict=True):
                archive.add(layer, arcname=name)
            for name, data in (("config.json", body), ("manifest.json", json.dumps(manifest).encode())):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        for older in FOLDER.glob(f"{stem}-????????????.tar"):
            older.unlink()
        scratch.rename(target)
    return target


_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def layer_of_files(name: str, files: Mapping[str, Path | bytes], modes: Mapping[str, int] | None = None) -> Path:
    """A layer with these files (path in the image → content), owned by root, with fixed times.

    Returns:
        the layer's tar, in the cache; its name holds the hash of the content, so equal content is one layer.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for inside, content in sorted(files.items()):
            data = content if isinstance(content, bytes) else content.read_bytes()
            info = tarfile.TarInfo(inside.lstrip("/"))
            info.size = len(data)
            info.mode = (modes or {}).get(inside, 0o644)
            archive.addfile(info, io.BytesIO(data))
    target = FOLDER / "layers" / f"{name}-{hashlib.sha256(buffer.getvalue()).hexdigest()[:12]}.tar"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as scratch:
            scratch.write(buffer.getvalue())
        Path(scratch.name).rename(target)
    return target


def layer_of_tree(name: str, root: Path) -> Path:
    """A layer with a whole root file system, without what an image does not need (caches, documentation)."""
    target = FOLDER / "layers" / f"{root.name}.tar"
    if not target.exists():
        with step(f"packing the {name} root file system"):
            target.parent.mkdir(parents=True, exist_ok=True)
            scratch = target.with_suffix(".part")
            with tarfile.open(scratch, "w") as archive:
                archive.add(root, arcname=".", filter=_wanted)
            scratch.rename(target)
    return target


def _wanted(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    skipped = ("./var/cache/apt", "./var/lib/apt/lists", "./usr/share/doc", "./usr/share/man", "./usr/share/locale")
    if info.name.startswith(skipped) or info.isdev():
        return None
    return info


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
