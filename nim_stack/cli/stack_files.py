"""The stack that a command is about: which one, its file, and what the command line adds to it."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nim_stack.base.first_rules import ENCRYPTED_SETTINGS, ENVIRONMENT_UNKNOWN, KEY_IN_CLEAR
from nim_stack.base.problems import Place, Problem
from nim_stack.cli import environments
from nim_stack.deployment.keys import Keys
from nim_stack.settings.files.errors import StackFileError
from nim_stack.settings.files.project import find_project
from nim_stack.settings.files.selected import selected_stack
from nim_stack.settings.files.stack import NIM, StackConfig, read_stack

__all__ = ["HF_TOKEN", "NGC_KEY", "StackFile", "StackFileError", "add_options", "chosen_stack", "read_stack_file"]

NGC_KEY, HF_TOKEN = "ngcApiKey", "hfToken"


@dataclass(frozen=True)
class StackFile:
    """What the program of a stack gets from its configuration."""

    name: str
    settings: Any
    keys: frozenset[str]
    """Keys that are there, encrypted or in clear."""
    keys_in_clear: tuple[str, ...]
    config: StackConfig
    unknown: str = ""
    """Why it is not known what the ESC environments of the stack bring; empty where it is known or there are none."""
    has_settings: bool = True
    """Whether there is anything under `nim`."""
    encrypted: tuple[str, ...] = ()
    """Dotted paths of what is encrypted inside the settings."""
    replaced: frozenset[str] = field(default=frozenset())
    """Dotted paths of settings that an option gives."""

    @property
    def given_keys(self) -> Keys:
        """The same keys, for a plan."""
        return Keys(ngc=NGC_KEY in self.keys, hub=HF_TOKEN in self.keys)

    def assuming(self, keys: Iterable[str]) -> "StackFile":
        """As if these keys were there too."""
        return replace(self, keys=self.keys | frozenset(keys))

    def replacing(self, options: dict[str, Any]) -> "StackFile":
        """With settings of the command line in place of those of the file."""
        if not options or not isinstance(self.settings, dict):
            return self
        paths = self.replaced | {f"{NIM}.{name}" for name in options}
        return replace(self, settings={**self.settings, **options}, replaced=paths)

    def locate(self, path: str) -> Place | None:
        """Where a setting, or its nearest parent, stands; None where an option gives it."""
        if any(path == option or path.startswith(f"{option}.") for option in self.replaced):
            return None
        return self.config.locate(path)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the configuration beside the settings."""
        found = [
            KEY_IN_CLEAR.problem(
                key, None, "it stands in the stack file in clear", f"Use `pulumi config set --secret {key}`."
            )
            for key in self.keys_in_clear
        ]
        found += [
            ENCRYPTED_SETTINGS.problem(
                path,
                None,
                "it is encrypted, and would be shown in clear when the settings are read",
                f"Move keys to {NGC_KEY} or {HF_TOKEN} (`pulumi config set --secret`).",
            )
            for path in self.encrypted
        ]
        return tuple(found)

    def not_known(self, assumed: Iterable[str]) -> Problem:
        """The warning that the ESC environments of the stack are not known, and which keys are taken to be there."""
        names = ", ".join(self.config.environments or ()) or "written in the file"
        taken = " and ".join(assumed)
        what = f"the plan is made as if they bring {taken}" if taken else "keys and settings of theirs are not judged"
        problem = ENVIRONMENT_UNKNOWN.problem(
            "environment",
            None,
            f"what the ESC environments ({names}) bring is not known, since {self.unknown}; {what}",
            f"Run the command where `pulumi` is logged in, or use --assume {NGC_KEY} or --assume {HF_TOKEN}.",
        )
        return replace(problem, place=self.config.environment_place)


def add_options(command: argparse.ArgumentParser, what: str, *, keys: bool = True) -> None:
    """Options that say which stack it is.

    Args:
        command: the parser of a command.
        what: what the command does with a stack, as in "plan the stack".
        keys: whether the command judges which keys there are.
    """
    command.add_argument(
        "-s", "--stack", help=f"{what} of Pulumi.<stack>.yaml; without it the one of `pulumi stack select`"
    )
    command.add_argument(
        "-C", "--directory", type=Path, default=Path(), help="folder of the Pulumi project, or one below it"
    )
    if keys:
        command.add_argument(
            "--assume",
            action="append",
            choices=(NGC_KEY, HF_TOKEN),
            default=[],
            help="as if this key were set, which a file under review does not have, or which comes from Pulumi ESC",
        )


def chosen_stack(given: argparse.Namespace, say: str) -> str:
    """The name of the stack of `--stack`, else of the selected one.

    Args:
        given: the command line.
        say: what to say on the command line, for the error.

    Raises:
        StackFileError: neither is known.
    """
    if given.stack is not None:
        return str(given.stack)
    selected = selected_stack(find_project(given.directory))
    stack = selected.stack or (environments.ask_selected(given.directory) if selected.ask else None)
    if stack is None:
        raise StackFileError(f"{say} Without -s it is the selected stack, and {selected.why_not}.")
    print(f"The stack is {stack}, which is selected.", file=sys.stderr)
    return stack


def read_stack_file(stack: str, directory: Path, assume: Iterable[str] = ()) -> StackFile:
    """The configuration of a stack, by the stack's name or its fully qualified name.

    What its ESC environments bring is in it where the command `pulumi` can say so.

    Args:
        stack: the name.
        directory: a folder of the project, or one with stack files and no project.
        assume: keys that are taken to be there.

    Raises:
        StackFileError: the file is not there, or is no stack file that Pulumi accepts.
    """
    config = read_stack(stack, directory)
    entry = config.own(NIM)
    if entry is None and config.elsewhere and config.environments is None:
        key = config.elsewhere[0]
        raise StackFileError(
            f"the settings stand under {key}, and the project is called {config.namespace}: its program reads "
            f"{config.namespace}:{NIM}.",
            config.config[key].key,
        )
    given = {key: found for key in (NGC_KEY, HF_TOKEN) if (found := config.own(key)) and found.node.value}
    file = StackFile(
        config.name,
        config.settings,
        frozenset(given),
        tuple(key for key, found in given.items() if not found.secure),
        config,
        has_settings=entry is not None and entry.node.value is not None,
        encrypted=tuple(config.encrypted_parts()),
    )
    if config.environments is not None:
        file = _with_environments(file, environments.ask(stack, directory))
    return file.assuming(assume)


def _with_environments(file: StackFile, found: environments.Answer) -> StackFile:
    """The file with what its environments bring; it counts more than the environments do, as in Pulumi."""
    if found.why_not:
        return replace(file, unknown=found.why_not)
    keys = {key: one for key in (NGC_KEY, HF_TOKEN) if (one := found.values.get(f"{file.config.namespace}:{key}"))}
    file = replace(file, keys=frozenset(keys), keys_in_clear=tuple(key for key, one in keys.items() if not one.secret))
    whole = found.values.get(f"{file.config.namespace}:{NIM}")
    if whole is None:
        return file
    if whole.secret:
        return replace(file, encrypted=file.encrypted or (NIM,))
    return replace(file, settings=whole.value, has_settings=True)
