"""What only the command `pulumi` knows: values of Pulumi ESC, and the stack that is selected in a backend.

Environments are not opened (`pulumi config` without `--open`): that a key is there is known without its value, and
nothing is asked of the providers of secrets behind an environment.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SECONDS = 30


@dataclass(frozen=True)
class Value:
    """One key of the configuration."""

    value: Any
    """None where it is secret."""
    secret: bool


@dataclass(frozen=True)
class Answer:
    """What `pulumi config --json` says."""

    values: Mapping[str, Value] = field(default_factory=dict)
    """By whole key, such as `team-llm:nim`."""
    why_not: str = ""
    """Why it says nothing; empty where it answers."""


def ask(stack: str, directory: Path) -> Answer:
    """The configuration of a stack with its ESC environments."""
    printed, why_not = _pulumi(directory, "config", "--json", "--stack", stack)
    if why_not:
        return Answer(why_not=why_not)
    try:
        document = json.loads(printed)
        values = {key: _value(one) for key, one in document.items()}
    except (ValueError, AttributeError, RecursionError):
        return Answer(why_not="`pulumi config --json` printed something else than a configuration")
    return Answer(values)


def ask_selected(directory: Path) -> str | None:
    """The name of the stack that is selected in the backend in which `pulumi` is logged in; None: not known."""
    printed, _ = _pulumi(directory, "stack", "--show-name")
    return printed.strip() or None


def _value(one: Any) -> Value:
    value = one["objectValue"] if "objectValue" in one else one.get("value")
    return Value(value, bool(one.get("secret")))


def _pulumi(directory: Path, *words: str) -> tuple[str, str]:
    """What the command printed, and else why it did not."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            ["pulumi", *words, "--non-interactive", "--color", "never"],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        return "", "the command `pulumi` is not there"
    except OSError as trouble:
        return "", f"the command `pulumi` cannot be run ({trouble.strerror})"
    except subprocess.TimeoutExpired:
        return "", f"the command `pulumi` gave no answer in {_SECONDS} s"
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
        return "", f"the command `pulumi` failed: {said[:300]}"
    return done.stdout, ""
