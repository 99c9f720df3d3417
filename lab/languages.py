"""Programs in YAML and TypeScript against the lab: the language hosts, and the packages of a TypeScript program.

`pulumi package add` would write the SDK of a TypeScript program, by way of a language host newer than any that can be
built here. The generator of the CLI's own module writes it instead.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from lab import environment, network
from lab.console import LabError, step
from lab.paths import CACHE, LOGS, REPO
from lab.shell import run
from lab.toolchain import build

PACKAGES = build.HERE / "typescript"
"""package.json and package-lock.json: everything of npm that a TypeScript program uses here."""
PLUGIN = REPO / "plugin"
"""Folder of `pulumi-resource-nim-stack`."""
SCHEMA = REPO / "schema" / "pulumi-package.schema.json"


class Program:
    """One program of another language, in a folder of its own, with a stack and a backend of its own.

    Args:
        example: the program's folder in this clone, which is copied.
        folder: where the copy and its backend go.
    """

    def __init__(self, example: Path, folder: Path) -> None:
        self.folder = folder / example.name
        shutil.copytree(example, self.folder)
        self.backend = folder / "backend"
        self.backend.mkdir()

    def attempt(self, *words: str, stdin: str = "") -> tuple[int, str]:
        """Run `pulumi` for the program's stack, in the lab's network, to its end; exit code, and everything printed."""
        done = self._execute([*words, "--stack", "dev", "--non-interactive"], stdin)
        return done.returncode, done.stdout + done.stderr

    def pulumi(self, *words: str, stdin: str = "") -> str:
        """The same, for a command that has to succeed; returns its standard output.

        Raises:
            LabError: it failed; with what it printed.
        """
        return self.run(*words, "--stack", "dev", "--non-interactive", stdin=stdin)

    def run(self, *words: str, stdin: str = "") -> str:
        """A command that needs no stack, and has to succeed; returns its standard output.

        Raises:
            LabError: it failed; with what it printed.
        """
        done = self._execute(list(words), stdin)
        if done.returncode != 0:
            raise LabError(f"pulumi {' '.join(words[:3])} failed:\n{done.stdout[-6000:]}{done.stderr[-3000:]}")
        return done.stdout

    def _execute(self, words: list[str], stdin: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*network.enter(), "pulumi", *words],
            cwd=self.folder,
            env={**os.environ, **variables(), "PULUMI_BACKEND_URL": f"file://{self.backend}"},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )


def variables() -> dict[str, str]:
    """The lab's environment, with the hosts and the plugin on PATH; hosts are built when they are wanted first."""
    found = environment.environment()
    hosts = [str(build.ensure(host).parent) for host in (build.YAML_HOST, build.NODEJS_HOST)]
    return {**found, "PATH": ":".join([found["PATH"], str(PLUGIN), *hosts]), "PYTHONPATH": str(REPO)}


def prepare_typescript(program: Path) -> None:
    """Give a program what it imports: the packages of the lock, and the SDK of this clone's schema.

    The SDK lies in `node_modules` of the program, and finds the packages in that of the folder above.
    """
    above = program.parent / "node_modules"
    if not above.exists():
        above.symlink_to(_packages() / "node_modules")
    sdk = program / "node_modules" / "nim-stack"
    run([str(build.ensure(build.CODEGEN)), str(SCHEMA), str(sdk)])
    run([str(_compiler()), "--types", "node"], cwd=sdk)
    shutil.copyfile(sdk / "package.json", sdk / "bin" / "package.json")  # where the SDK reads its version


def compile_errors(program: Path) -> str:
    """What the TypeScript compiler says of a program; empty when it compiles."""
    done = subprocess.run(
        [str(_compiler()), "--project", str(program)], cwd=program, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def _compiler() -> Path:
    return _packages() / "node_modules" / ".bin" / "tsc"


def _packages() -> Path:
    """Folder with the packages of the lock, installed once for each content of it; no script of a package is run."""
    digest = hashlib.sha256(b"".join((PACKAGES / name).read_bytes() for name in ("package.json", "package-lock.json")))
    folder = CACHE / "typescript" / digest.hexdigest()[:12]
    if folder.exists():
        return folder
    if shutil.which("npm") is None:
        raise LabError("npm is not on PATH, and the packages of TypeScript programs come from it. Install Node.js 20.")
    with step("installing the packages of TypeScript programs (first time only; about 20 seconds)"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".installing-") as scratch:
            target = Path(scratch) / "packages"
            shutil.copytree(PACKAGES, target)
            words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            run(words, cwd=target, log=LOGS / "npm-ci.log")
            target.rename(folder)
    return folder
