"""The real engine and the Kubernetes resource plugin, with a program of the tests, against the lab."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab import environment, network


@dataclass
class Engine:
    """The program in `program/` under the real engine, with a backend of its own."""

    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """Start `pulumi` in the lab's network; variables choose the program's step."""
        own = {"PULUMI_BACKEND_URL": f"file://{self.folder}", "PULUMI_CONFIG_PASSPHRASE": "test", "STEP": "create"}
        process = subprocess.Popen(
            [*network.enter(), "pulumi", *words, "--stack", "test", "--non-interactive"],
            cwd=self.folder / "program",
            env={**os.environ, **environment.environment(), **own, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def end_what_runs(self) -> None:
        """A test that failed half-way may have left an engine, which holds the stack."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)

    def run(self, *words: str, fails: bool = False, **variables: Any) -> str:
        """Run to the end and return what the user sees."""
        process = self.start(*words, **variables)
        text, _ = process.communicate(timeout=180)
        assert (process.returncode != 0) is fails, text
        return text

    def preview(self, **variables: Any) -> dict[str, str]:
        """Names of the resources that a preview would touch, and how."""
        text = self.run("preview", "--json", **variables)
        steps = json.loads(text[text.index("{") :])["steps"]
        return {step["urn"].rsplit("::", 1)[1]: step["op"] for step in steps if step["op"] != "same"}

    def up(self, fails: bool = False, **variables: Any) -> str:
        return self.run("up", "--yes", "--skip-preview", fails=fails, **variables)

    def unchanged(self, **variables: Any) -> str:
        """Update and require that nothing is to do."""
        return self.run("up", "--yes", "--skip-preview", "--expect-no-changes", **variables)

    def state(self) -> dict[str, dict[str, Any]]:
        """Resources in the state, by name, with secrets in clear."""
        exported = json.loads(self.run("stack", "export", "--show-secrets"))
        return {r["urn"].rsplit("::", 1)[1]: r for r in exported["deployment"]["resources"]}


@pytest.fixture(scope="module")
def engine(lab: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An empty stack for the tests of a module, which go on where the one before ended; destroyed at the end."""
    engine = Engine(tmp_path_factory.mktemp("pulumi"))
    shutil.copytree(Path(__file__).with_name("program"), engine.folder / "program")  # which gets the stack's own file
    process = engine.start("stack", "init")
    process.communicate(timeout=60)
    yield engine
    engine.end_what_runs()
    engine.run("destroy", "--yes", "--skip-preview")
