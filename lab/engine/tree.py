"""The engine tree: every Python package that the lab's containers share, installed once, by hash, ready to be mounted.

Vast (about 5 GB), so it is not part of an image: containers get it bind-mounted read-only, much as a GPU runtime
injects its driver. Byte code is written at build time, because containers cannot write there and start-up counts.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lab import rootfs
from lab.console import step
from lab.engine.settings import VLLM_CACHE
from lab.paths import CACHE, REPO
from lab.shell import run

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.lock"
PLATFORM = HERE / "lab_cpu_ray"
VLLM_VERSION = "0.32.0"
PYTHON_VERSION = "3.11"
PYTHON_PLATFORM = "x86_64-manylinux_2_36"
"""Debian 12: the image's Python and C library."""

DISTRIBUTIONS: Mapping[str, Mapping[str, str]] = {
    # `vllm` asks for the version of a distribution of that name, and finds the CPU by "cpu" in it.
    f"vllm-{VLLM_VERSION}+cpu.dist-info": {
        "METADATA": f"Metadata-Version: 2.1\nName: vllm\nVersion: {VLLM_VERSION}+cpu\n",
    },
    "lab_cpu_ray-1.0.dist-info": {
        "METADATA": "Metadata-Version: 2.1\nName: lab-cpu-ray\nVersion: 1.0\n",
        "entry_points.txt": "[vllm.platform_plugins]\nlab_cpu_ray = lab_cpu_ray:register\n",
    },
}
"""Metadata added to the tree: an alias for vLLM's own look-ups, and the entry point of the lab's platform."""


def directory() -> Path:
    """Where the tree of this lock file is, or will be."""
    return CACHE / "engine" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(target: Path) -> None:
    """Packages as locked; the lock is complete, so nothing is resolved and `--no-deps` holds for all."""
    uv = REPO / ".venv" / "bin" / "uv"
    run(
        [
            *(uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
            *("--python", sys.executable, "--python-version", PYTHON_VERSION, "--python-platform", PYTHON_PLATFORM),
            *("--target", target, "--requirement", LOCK),
        ],
        env={"UV_CACHE_DIR": str(CACHE / "uv"), "UV_LINK_MODE": "hardlink"},
    )


def _compile(target: Path) -> None:
    """Byte code, checked by nothing at run time: the tree never changes, and a stat for each module costs time."""
    command = [*rootfs.python([target]), "-m", "compileall", "-q", "-j", str(os.cpu_count() or 1)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    # Some packages carry files for newer Pythons on purpose; they do not compile and are never imported.
    subprocess.run(
        [*command, "--invalidation-mode", "unchecked-hash", str(target)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


def _inspect(target: Path) -> None:
    """Let vLLM look at the one model class of the lab now, and keep what it found."""
    program = (
        "from vllm.model_executor.models.registry import ModelRegistry\n"
        "ModelRegistry.models['LlamaForCausalLM'].inspect_model_cls()"
    )
    environment = {"PYTHONPATH": str(target), "VLLM_CACHE_ROOT": str(target / VLLM_CACHE)}
    run([*rootfs.python([target]), "-c", program], env=environment)
    _readable(target / VLLM_CACHE)


def _readable(folder: Path) -> None:
    """Let every user of a container read what vLLM wrote for its own user; else it looks again, for 5 s a start."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _write(path: Path, data: bytes) -> None:
    """Replace a file that may be in use, only when it differs."""
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(data)
    fresh.replace(path)


def _add_platform(packages: Path) -> None:
    for name, files in DISTRIBUTIONS.items():
        for file, text in files.items():
            _write(packages / name / file, text.encode())
    for source in PLATFORM.glob("*.py"):
        _write(packages / PLATFORM.name / source.name, source.read_bytes())


def ensure() -> Path:
    """The `site-packages` of the engine: built if missing, its platform plug-in as in this clone."""
    home = directory()
    packages = home / "site-packages"
    with _alone(home.parent):
        if not packages.exists():
            partial = home.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            with step("engine: install vLLM, Ray and torch"):
                _install(partial / "site-packages")
            with step("engine: write byte code"):
                _compile(partial / "site-packages")
            _add_platform(partial / "site-packages")
            with step("engine: inspect the model class"):
                _inspect(partial / "site-packages")
            partial.rename(home)
        _add_platform(packages)
        _readable(packages / VLLM_CACHE)
    return packages


if __name__ == "__main__":
    print(ensure())
