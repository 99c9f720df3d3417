"""A project whose program is in YAML: the program and its settings are in Pulumi.yaml."""

from typing import Any

from nim_stack.cli.starting import common
from nim_stack.cli.starting.choice import Choice


def files(choice: Choice) -> dict[str, str]:
    """The text of each file, by its path below the folder of the project."""
    return {
        "Pulumi.yaml": common.project_file(choice, "yaml", **_program(choice)),
        "requirements.txt": common.requirements(choice.requirement),
        ".gitignore": "venv/\n",
        "README.md": common.readme(choice, "Pulumi.yaml", steps(choice)),
    }


def steps(choice: Choice) -> list[str]:
    """Commands from the folder of the project to a model that answers."""
    return [
        common.ENVIRONMENT,
        f"pulumi stack init {choice.stack}",
        *common.setting_keys(choice),
        "pulumi preview",
        "pulumi up",
    ]


def _program(choice: Choice) -> dict[str, Any]:
    keys = {key: {"type": "string", "secret": True} for key in choice.keys}
    given = {key: f"${{{key}}}" for key in choice.keys}
    chat = {"type": "nim-stack:NimStack", "properties": {"settings": dict(choice.settings), **given}}
    return {
        **({"config": keys} if keys else {}),
        "resources": {"chat": chat},
        "outputs": {"endpoint": "${chat.endpoint}", "gpus": "${chat.gpus.total}"},
    }
