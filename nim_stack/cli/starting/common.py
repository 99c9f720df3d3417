"""Files that a project has whatever its language is."""

import json
from collections.abc import Sequence
from typing import Any

import yaml

from nim_stack.cli.starting.choice import PULUMI, Choice
from nim_stack.cli.starting.library import is_of_this_machine

ENVIRONMENT = "python3 -m venv venv && . venv/bin/activate && pip install -r requirements.txt"
"""The command that installs `nim-stack` and the plugin for a program that is not in Python."""


def project_file(choice: Choice, runtime: Any, **program: Any) -> str:
    """The text of Pulumi.yaml.

    Args:
        choice: what the project is.
        runtime: the value of `runtime`.
        program: further keys, such as `resources` of a program in YAML.
    """
    head = {"name": choice.project, "description": f"{choice.settings.get('model')} on Kubernetes"}
    return yaml_text({**head, "runtime": runtime, "requiredPulumiVersion": PULUMI, **program})


def requirements(required: str) -> str:
    """The text of requirements.txt, with a warning where another machine cannot use it."""
    if not is_of_this_machine(required):
        return f"{required}\n"
    return (
        "# The address below names a file or folder of one machine. Before another machine installs this project, put\n"
        f"# a release, a repository (git+https://…) or an archive in its place.\n{required}\n"
    )


def readme(choice: Choice, where: str, steps: Sequence[str]) -> str:
    """The text of README.md.

    Args:
        choice: what the project is.
        where: the file with the settings.
        steps: commands from the folder to a model that answers.
    """
    commands = "\n".join(steps)
    return (
        f"# {choice.project}\n\n"
        f"This Pulumi project serves `{choice.settings.get('model')}` on Kubernetes, with the library nim-stack.\n"
        f"The settings are in `{where}`, and `nim-stack settings` lists all that there are.\n\n"
        f"These commands lead from this folder to a model that answers:\n\n```\n{commands}\n```\n"
    )


def setting_keys(choice: Choice) -> list[str]:
    """The commands that give the keys."""
    return [f"pulumi config set --secret {key}" for key in choice.keys]


def yaml_text(document: dict[str, Any]) -> str:
    """A YAML document in the order of its keys."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def json_text(document: dict[str, Any]) -> str:
    """A JSON file as npm writes it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
