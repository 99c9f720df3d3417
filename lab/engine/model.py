"""The tiny model of the lab: made once with the engine's own libraries, the same bytes in every clone."""

import hashlib
import shutil
from pathlib import Path

from lab import rootfs
from lab.console import step
from lab.engine import tree
from lab.paths import CACHE
from lab.shell import run

SCRIPT = Path(__file__).resolve().parent / "tiny_llama.py"


def directory() -> Path:
    """Where the model is, or will be; another script or another library makes another model."""
    made_from = SCRIPT.read_bytes() + tree.directory().name.encode()
    return CACHE / "model" / hashlib.sha256(made_from).hexdigest()[:16]


def ensure() -> Path:
    """The model's directory, as a hub would hold it."""
    home = directory()
    if home.exists():
        return home
    packages = tree.ensure()
    partial = home.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with step("engine: make the tiny model"):
        run([*rootfs.python([packages, SCRIPT.parent, partial]), SCRIPT, partial], env={"PYTHONPATH": str(packages)})
    for file in partial.iterdir():
        file.chmod(0o644)
    partial.rename(home)
    return home


if __name__ == "__main__":
    print(ensure())
