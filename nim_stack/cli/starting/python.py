"""A project whose program is in Python, and whose settings are in the stack file."""

from importlib.resources import files as resources

from nim_stack.cli.starting import common
from nim_stack.cli.starting.choice import Choice
from nim_stack.settings import json_schema

SCHEMA = "pulumi-stack.schema.json"
PROGRAM = '''"""One model in one cluster, as the stack file says."""

import pulumi

from nim_stack import NimStack, read_stack_config

stack = NimStack("nim", read_stack_config())
for output, value in stack.exports.items():
    pulumi.export(output, value)
'''
_RUNTIME = {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}


def files(choice: Choice) -> dict[str, str]:
    """The text of each file, by its path below the folder of the project."""
    stack = f"Pulumi.{choice.stack}.yaml"
    settings = {"config": {f"{choice.project}:nim": dict(choice.settings)}}
    return {
        "Pulumi.yaml": common.project_file(choice, _RUNTIME),
        stack: f"# yaml-language-server: $schema=./{SCHEMA}\n{common.yaml_text(settings)}",
        SCHEMA: json_schema.text(),
        "__main__.py": PROGRAM,
        "requirements.txt": common.requirements(choice.requirement),
        ".gitignore": "venv/\n__pycache__/\n",
        ".github/workflows/nim-stack.yml": workflow(),
        "README.md": common.readme(choice, stack, steps(choice)),
    }


def steps(choice: Choice) -> list[str]:
    """Commands from the folder of the project to a model that answers."""
    return [
        "pulumi install",
        ". venv/bin/activate",
        f"pulumi stack init {choice.stack}",
        *common.setting_keys(choice),
        f"nim-stack plan -s {choice.stack}",
        f"nim-stack doctor -s {choice.stack}",
        "pulumi up",
    ]


def workflow() -> str:
    """The workflow of GitHub Actions that judges a stack in a pull request."""
    return resources("nim_stack.cli.starting").joinpath("workflow.yml").read_text(encoding="utf-8")
