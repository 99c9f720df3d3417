"""The `pulumi` command, as far as a recovery needs it; the environment (backend, passphrase) is the caller's."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from nim_stack.base.documents import Json
from nim_stack.base.errors import UnreadableError
from nim_stack.operations.recovering import locks
from nim_stack.settings.files.project import find_project

_HELD = ("currently locked", "already in progress", "currently in progress")


class EngineError(UnreadableError):
    """The command `pulumi` is not there, or refuses."""


class StackHeldError(EngineError):
    """Another run of Pulumi holds the lock of the stack, so that nothing can be written."""


@dataclass(frozen=True)
class Engine:
    """The engine for one stack."""

    stack: str
    directory: Path

    def export(self) -> Json:
        """The state, with secrets encrypted."""
        result: Json = json.loads(self._run("stack", "export", "--stack", self.stack))
        return result

    def import_(self, document: Json) -> None:
        """Another state in place of it; the engine checks that it is whole.

        Raises:
            StackHeldError: somebody holds the stack.
        """
        self._run("stack", "import", "--stack", self.stack, stdin=json.dumps(document))

    def cancel(self) -> None:
        """Break off what holds the stack: whoever does loses it."""
        self._run("cancel", "--yes", "--stack", self.stack)

    def locks(self) -> list[locks.Lock] | None:
        """Who holds the stack; None where that shows only when it is written to, as in a bucket."""
        url = str(json.loads(self._run("whoami", "--json")).get("url", ""))
        if url.startswith("file://"):
            path = Path(url.removeprefix("file://")).expanduser()
            return locks.of_files(self.directory / path, self._project(), self.stack)
        if urlsplit(url).scheme in ("https", "http"):
            return locks.of_service(json.loads(self._run("stack", "ls", "--json")), self.stack)
        return None

    def _project(self) -> str:
        project = find_project(self.directory)
        if project is not None:
            return project.name
        raise EngineError(f"{self.directory.absolute()} has no Pulumi.yaml: say with -C where the program is.")

    def _run(self, *words: str, stdin: str = "") -> str:
        command = ["pulumi", *words, "--non-interactive", "--color", "never"]
        try:
            done = subprocess.run(command, cwd=self.directory, input=stdin, capture_output=True, text=True, check=False)
        except OSError as missing:
            raise EngineError(f"`pulumi` cannot be run in {self.directory.absolute()}: {missing}.") from missing
        if done.returncode != 0:
            said = done.stderr.strip() or done.stdout.strip()
            held = any(word in said.lower() for word in _HELD)
            raise (StackHeldError if held else EngineError)(f"`pulumi {' '.join(words)}`: {said}")
        return done.stdout
