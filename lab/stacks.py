"""Run the program's stacks against the lab: `pulumi` in the lab's environment, stack files outside the clone.

The stack file is a copy, so that the encryption salt and the throw-away secrets never touch the clone's own.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from lab import environment, network
from lab.console import LabError
from lab.paths import REPO
from nim_stack.base.documents import Json

SECRETS = {"nim-stack:ngcApiKey": "nvapi-lab-throw-away-key", "nim-stack:hfToken": "hf_lab_token"}
"""Throw-away values: the hub stand-in wants the token, nothing here checks the key."""


class Stack:
    """One stack of a program in this clone, with its state in the lab's backend.

    Args:
        project: the program's folder; the clone's own program without it.
        variables: of the environment of `pulumi`, in place of the lab's.
    """

    def __init__(
        self,
        name: str,
        template: Path,
        overrides: Mapping[str, Any] | None = None,
        project: Path = REPO,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.project = project
        self.variables = variables or {}
        of = yaml.safe_load((project / "Pulumi.yaml").read_text())["name"]
        self.secrets = {name.replace("nim-stack:", f"{of}:"): value for name, value in SECRETS.items()}
        self.folder = environment.PULUMI / "stacks" / name
        self.file = self.folder / f"Pulumi.{name}.yaml"
        self.template = template
        self.layers: list[Mapping[str, Any]] = [overrides or {}]

    def configure(self, overrides: Mapping[str, Any] | None = None, without: Collection[str] = ()) -> None:
        """Write the stack file from its template, with `nim` settings overridden and the secrets set.

        Args:
            overrides: settings on top of those of earlier calls; None removes one.
            without: secrets that this stack does not have.
        """
        self.layers.append(overrides or {})
        document: Json = yaml.safe_load(self.template.read_text())
        config = document["config"]
        for layer in self.layers:
            config["nim-stack:nim"] = _merge(config.get("nim-stack:nim", {}), layer)
        self.write(document, without)

    def write(self, document: Json, without: Collection[str] = ()) -> None:
        """Write this stack file, with the salt and the secrets that the stack has."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = document["config"]
        kept = yaml.safe_load(self.file.read_text()) if self.file.exists() else {}
        document["encryptionsalt"] = kept.get("encryptionsalt")
        had = kept.get("config", {})
        known = {name: had[name] for name in self.secrets if name not in without and had.get(name)}
        config.update(known)
        self.file.write_text(yaml.safe_dump({k: v for k, v in document.items() if v is not None}, sort_keys=False))
        if not kept:
            # In a project of its own beside the stack file: here the engine writes the salt, not into the clone.
            shutil.copyfile(self.project / "Pulumi.yaml", self.folder / "Pulumi.yaml")
            self._here("stack", "init", "--secrets-provider", "passphrase", "--stack", self.name)
        for name, value in self.secrets.items():
            if name not in known and name not in without:
                self._here("config", "set", "--secret", name, "--stack", self.name, stdin=value)

    def rotate(self, secret: str, value: str) -> None:
        """Another value for one of the stack's secrets."""
        self._here("config", "set", "--secret", secret, "--stack", self.name, stdin=value)

    def _here(self, *words: str, stdin: str = "") -> None:
        done = self._execute([*network.enter(), "pulumi", *words, "--non-interactive"], self.folder, stdin)
        if done.returncode != 0:
            raise LabError(f"pulumi {' '.join(words[:3])} failed:\n{done.stdout}\n{done.stderr}")

    def command(self, *words: str) -> list[str]:
        """The words of one pulumi call for this stack, to be run with `environment.environment()`."""
        with_file = [] if words[0] == "stack" else ["--config-file", str(self.file)]
        return [*network.enter(), "pulumi", *words, "--stack", self.name, *with_file, "--non-interactive"]

    def pulumi(self, *words: str, stdin: str = "", check: bool = True) -> str:
        """Run to the end and return its standard output; a failure carries what it printed."""
        done = self._run(words, stdin)
        if check and done.returncode != 0:
            raise LabError(f"pulumi {' '.join(words)} failed:\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}")
        return done.stdout

    def attempt(self, *words: str) -> tuple[int, str]:
        """Run to the end and return the exit code and everything printed."""
        done = self._run(words, "")
        return done.returncode, done.stdout + done.stderr

    def _run(self, words: tuple[str, ...], stdin: str) -> "subprocess.CompletedProcess[str]":
        return self._execute(self.command(*words), self.project, stdin)

    def _execute(self, command: list[str], folder: Path, stdin: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment.environment(), "PYTHONPATH": str(REPO), **self.variables},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def stream(self, *words: str) -> int:
        """Run with the user's terminal as its output, live where it is one; returns the exit code.

        Ctrl-C reaches the engine too, which ends its own way and gives up its lock; a second one hurries it.
        """
        live = [word for word in self.command(*words) if not (sys.stdout.isatty() and word == "--non-interactive")]
        process = subprocess.Popen(
            live, cwd=REPO, env={**os.environ, **environment.environment()}, stdin=subprocess.DEVNULL
        )
        interrupted = False
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                interrupted = True
                continue
            if interrupted:
                raise KeyboardInterrupt
            return code

    def unlock(self) -> None:
        """Take away the lock of an engine that was killed; the caller knows that none is running."""
        locks = environment.PULUMI / "backend" / ".pulumi" / "locks"
        if any(path.parent.name == self.name for path in locks.rglob("*.json")):
            self._here("cancel", "--yes", "--stack", self.name)

    def outputs(self) -> Json:
        """The outputs of the stack, by name."""
        result: Json = json.loads(self.pulumi("stack", "output", "--json"))
        return result


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Json:
    """Overrides win; nested mappings are merged, None removes a key."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = _merge(result[key], value)
        else:
            result[key] = value
    return result


def dev() -> Stack:
    """The stack `dev` of this clone."""
    return Stack("dev", REPO / "Pulumi.dev.yaml")
