"""Pulumi.yaml: which project a folder belongs to, and what it says about the configuration of its stacks.

What Pulumi does is in `sdk/go/common/workspace` of pulumi/pulumi (`paths.go`, `loaders.go`, `project.go`).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from nim_stack.settings.files.bounds import MOST_BYTES
from nim_stack.settings.files.errors import StackFileError
from nim_stack.settings.files.nodes import Node, read_document

_NAMES = ("Pulumi.json", "Pulumi.yaml", "Pulumi.yml")
"""In the order in which Pulumi meets them in a folder: that of their names."""
_DECLARATION = {"type", "description", "items", "default", "value", "secret"}
"""What the declaration of a key may have (`project.json` of pulumi/pulumi)."""


@dataclass(frozen=True)
class Project:
    """The project of a folder."""

    name: str
    """The namespace of its configuration: `nim` of the project `team-llm` is `team-llm:nim`."""
    file: Path
    """Pulumi.yaml, as an absolute path."""
    folder: Path
    """Where Pulumi.<stack>.yaml is: the folder of Pulumi.yaml, or its `stackConfigDir`."""
    config: "dict[str, Node]"
    """Defaults of the configuration, by their whole key, such as `team-llm:nim`."""

    def stack_file(self, stack: str) -> Path:
        """The file of a stack, whether it is there or not. Its ending is that of Pulumi.yaml."""
        return self.folder / f"Pulumi.{short_name(stack)}{self.file.suffix}"


def short_name(stack: str) -> str:
    """The name of a stack in file names: `dev` of `acme/team-llm/dev`."""
    return stack.rpartition("/")[2]


def find_project(directory: Path) -> Project | None:
    """The project of a folder: Pulumi.yaml in it, or in the nearest folder above it; None where there is none.

    Raises:
        StackFileError: the folder is not there, or Pulumi.yaml cannot be read or has no name.
    """
    start = absolute(directory)
    if not start.is_dir():
        raise StackFileError(f"{directory} is no folder.")
    for folder in (start, *start.parents):
        for name in _NAMES:
            if (folder / name).is_file():
                return _read(folder / name)
    return None


def absolute(directory: Path) -> Path:
    """A folder as the command `pulumi -C` knows it, of which the name of its workspace file is made.

    Pulumi takes the current folder from the environment variable PWD if it is that folder, and so with the symbolic
    links in it, as Go's `os.Getwd` does. Another folder that it changes to is without symbolic links.
    """
    if directory == Path():
        told = os.environ.get("PWD", "")
        if told.startswith("/") and Path(told).is_dir() and Path(told).samefile("."):
            return Path(told)
    return directory.resolve()


def shown(path: Path) -> str:
    """A path as a person in the current folder would name it."""
    for here in (absolute(Path()), Path.cwd()):
        if path.is_relative_to(here):
            return str(path.relative_to(here))
    return str(path)


def read_file(path: Path) -> Node | None:
    """The first YAML document of a file; None where there is none.

    Raises:
        StackFileError: it cannot be read, or Pulumi would refuse it.
    """
    try:
        if not path.is_file():
            raise StackFileError(f"{shown(path)} is no file.")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StackFileError(f"{shown(path)} cannot be read ({error.strerror}).") from None
    return read_document(data, shown(path))


def _read(path: Path) -> Project:
    name = shown(path)
    root = read_file(path)
    parts = root.children if root else None
    if root is None or not isinstance(parts, dict):
        raise StackFileError(f"{name} is not a mapping: a Pulumi project has name and runtime.")
    said = parts["name"][1].value if "name" in parts else None
    if not isinstance(said, str) or not said:
        raise StackFileError("the project has no name, which Pulumi needs.", root.place)
    config = parts["config"][1] if "config" in parts else None
    moved = parts["stackConfigDir"][1].value if "stackConfigDir" in parts else None
    if config is not None and isinstance(config.value, str):  # the old name of stackConfigDir
        if moved is not None:
            raise StackFileError("config and stackConfigDir both say where stack files are.", config.place)
        moved = config.value
    if moved is not None and not isinstance(moved, str):
        raise StackFileError("stackConfigDir is no text.", parts["stackConfigDir"][1].place)
    return Project(said, path, path.parent / moved if moved else path.parent, _defaults(said, config))


def _defaults(project: str, config: Node | None) -> "dict[str, Node]":
    """Values that a stack has without setting them.

    A key of the project has a default: `key: value`, or `key: {type: …, default: value}`. `{value: …}` counts as
    well. A mapping without either declares a type, and gives no value.

    Raises:
        StackFileError: a declaration has an attribute that Pulumi does not know.
    """
    found = {}
    if config is not None and isinstance(config.children, dict):
        for key, (_, node) in config.children.items():
            value: Node | None = node
            if isinstance(node.children, dict):
                if wrong := sorted(node.children.keys() - _DECLARATION):
                    raise StackFileError(
                        f"config.{key}.{wrong[0]} is no part of a declaration; a value for every stack stands under "
                        f"config.{key}.default.",
                        node.children[wrong[0]][0],
                    )
                inner = [node.children[word][1] for word in ("default", "value") if word in node.children]
                value = inner[0] if inner else None
            if value is not None and value.value is not None:
                found[key if ":" in key else f"{project}:{key}"] = value
    return found
