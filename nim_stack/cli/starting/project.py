"""The files of a new project and the next steps, in the language that was chosen."""

from nim_stack.cli.starting import python, typescript, yaml_program
from nim_stack.cli.starting.choice import Choice

_LANGUAGES = {"python": python, "yaml": yaml_program, "typescript": typescript}


def files_of(choice: Choice) -> dict[str, str]:
    """The text of each file, by its path below the folder of the project."""
    return _LANGUAGES[choice.language].files(choice)


def steps_of(choice: Choice) -> list[str]:
    """Commands, in their order, from the folder of the project to a model that answers."""
    return _LANGUAGES[choice.language].steps(choice)
