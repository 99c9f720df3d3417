"""The files of a new project and the next steps, in the language that was chosen."""

from collections.abc import Callable

from nim_stack.cli.starting import python, typescript, yaml_program
from nim_stack.cli.starting.choice import Choice

_FILES: dict[str, Callable[[Choice], dict[str, str]]] = {
    "python": python.files,
    "yaml": yaml_program.files,
    "typescript": typescript.files,
}
_STEPS: dict[str, Callable[[Choice], list[str]]] = {
    "python": python.steps,
    "yaml": yaml_program.steps,
    "typescript": typescript.steps,
}


def files_of(choice: Choice) -> dict[str, str]:
    """The text of each file, by its path below the folder of the project."""
    return _FILES[choice.language](choice)


def steps_of(choice: Choice) -> list[str]:
    """Commands, in their order, from the folder of the project to a model that answers."""
    return _STEPS[choice.language](choice)
