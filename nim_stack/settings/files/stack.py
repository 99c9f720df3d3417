"""Pulumi.<stack>.yaml with the defaults of Pulumi.yaml: the configuration of a stack as its program gets it.

What comes from Pulumi ESC, the `environment` of the file, is not in it: only the service that keeps it knows it.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nim_stack.base import names
from nim_stack.base.problems import Place
from nim_stack.settings.files.errors import StackFileError
from nim_stack.settings.files.nodes import Node
from nim_stack.settings.files.project import Project, absolute, find_project, read_file, short_name, shown
from nim_stack.settings.files.scalars import scalar

NIM: Literal["nim"] = "nim"
"""The key of the settings, in the namespace of the project."""
NO_PROJECT = names.PROJECT
"""The namespace where there is no Pulumi.yaml, and the file has settings in no namespace or in several."""


@dataclass(frozen=True)
class Entry:
    """One key of the configuration."""

    key: Place
    node: Node
    from_project: bool = False
    """Whether it is a default of Pulumi.yaml."""

    @property
    def secure(self) -> bool:
        """Whether it is encrypted: `{secure: …}`."""
        return _is_secure(self.node.value)


@dataclass(frozen=True)
class StackConfig:
    """The configuration of a stack."""

    path: Path
    namespace: str
    """The name of the project."""
    config: Mapping[str, Entry]
    """By whole key, such as `team-llm:nim`."""
    root: Place
    environments: tuple[str, ...] | None
    """The names of the ESC environments that the file imports, without those written in it; None: no environment."""
    environment_place: Place | None = None

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    def own(self, key: str) -> Entry | None:
        """The entry of a key of the project."""
        return self.config.get(f"{self.namespace}:{key}")

    @property
    def settings(self) -> Any:
        """What stands under `nim`, as the program gets it; an empty mapping where there is nothing."""
        entry = self.own(NIM)
        if entry is None or entry.node.value in (None, ""):
            return {}
        if isinstance(entry.node.value, str):  # Pulumi hands an object as JSON, and takes JSON for an object
            try:
                return json.loads(entry.node.value)
            except (ValueError, RecursionError):
                return entry.node.value
        return entry.node.value

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """Keys of settings in other namespaces than the project's, which its program does not read."""
        return tuple(key for key in self.config if key.endswith(f":{NIM}") and key != f"{self.namespace}:{NIM}")

    def encrypted_parts(self) -> list[str]:
        """Dotted paths of what is encrypted inside the settings."""
        entry = self.own(NIM)
        return [] if entry is None else _secure_paths(entry.node, NIM)

    def has(self, path: str) -> bool:
        """Whether the setting itself is there, by its dotted path."""
        head, _, tail = path.partition(".")
        entry = self.own(head)
        return entry is not None and entry.node.has(tail)

    def locate(self, path: str) -> Place | None:
        """The place of a setting by its dotted path, or of its nearest parent that is there."""
        head, _, tail = path.partition(".")
        entry = self.own(head)
        if entry is None:
            return self.root
        return entry.node.locate(tail, entry.key)


def read_stack(stack: str, directory: Path) -> StackConfig:
    """The configuration of a stack, by its name or its fully qualified name.

    The file is that of the project of the folder. A file in the folder itself is read where the project has none of
    that name, as a collection of examples is no project.

    Raises:
        StackFileError: a file is not there, or Pulumi would refuse it.
    """
    project = find_project(directory)
    path = absolute(directory) / f"Pulumi.{short_name(stack)}.yaml"
    if project is not None:
        of_project = project.stack_file(stack)
        if path.parent == project.file.parent or of_project.exists() or not path.exists():
            path = of_project
        else:
            project = None  # its program does not read this file
    if not path.exists():
        there = sorted({file.name.split(".")[1] for file in path.parent.glob("Pulumi.*.*") if file.name.count(".") > 1})
        raise StackFileError(f"{shown(path)} is not there. Stacks here: {', '.join(there) or 'none'}.")
    return read_config(path, project)


def read_config(path: Path, project: Project | None) -> StackConfig:
    """The configuration that a file has, in a project or in none.

    Raises:
        StackFileError: it cannot be read, or Pulumi would refuse it.
    """
    root = read_file(path)
    start = root.place if root else Place(shown(path), 1, 1)
    parts: Mapping[str, tuple[Place, Node]] = {}
    if root is not None and root.value is not None:
        if not isinstance(root.children, dict):
            raise StackFileError("it is not a mapping: a stack file has config.", start)
        parts = root.children
    place, node = parts.get("config", (start, None))
    if node is not None and node.value is not None and not isinstance(node.children, dict):
        raise StackFileError("config is not a mapping.", place)
    children = node.children if node is not None and isinstance(node.children, dict) else {}
    namespace = project.name if project else _namespace(children)
    config: dict[str, Entry] = {}
    for key, (where, value) in children.items():
        whole = _whole_key(key, namespace, where)
        if whole in config:
            first = config[whole].key.line
            raise StackFileError(
                f"{whole} is there twice, first in line {first}. Pulumi takes one of the two by chance.", where
            )
        config[whole] = Entry(where, value)
        _refuse_no_json(value)
    for whole, value in (project.config if project else {}).items():
        config.setdefault(whole, Entry(value.place, value, from_project=True))
    environment = parts.get("environment")
    found = environment[1] if environment and environment[1].value is not None else None
    return StackConfig(
        path, namespace, config, place, _environments(found) if found else None, found.place if found else None
    )


def _namespace(config: Mapping[str, Any]) -> str:
    """Of a file without a project: that of its settings, where they are in one."""
    found = {key.partition(":")[0] for key in config if re.fullmatch(rf"[^:]+:(config:)?{NIM}", key)}
    return found.pop() if len(found) == 1 else NO_PROJECT


def _whole_key(key: str, namespace: str, place: Place) -> str:
    """`<namespace>:<name>`, the form that Pulumi gives every key (`ParseKey` in `resource/config/key.go`).

    Raises:
        StackFileError: the key has another form.
    """
    parts = key.split(":")
    if len(parts) == 3 and parts[1] == "config":
        parts = [parts[0], parts[2]]
    if len(parts) > 2 or (len(parts) == 1 and not isinstance(scalar(key, None, quoted=False), str)):
        raise StackFileError(f"{key} is no key of a configuration, which is <namespace>:<name>.", place)
    return ":".join(parts) if len(parts) == 2 else f"{namespace}:{key}"


def _environments(node: Node) -> tuple[str, ...]:
    imports = node.value.get("imports") if isinstance(node.value, dict) else node.value
    names = (
        [next(iter(one), "") if isinstance(one, dict) else one for one in imports] if isinstance(imports, list) else []
    )
    return tuple(str(name) for name in names)


def _refuse_no_json(node: Node) -> None:
    """Pulumi keeps an object as JSON, which has neither NaN nor infinity.

    Raises:
        StackFileError: a number inside the object is one of these.
    """
    if isinstance(node.value, float) and not math.isfinite(node.value):
        raise StackFileError("Pulumi takes neither NaN nor infinity inside an object.", node.place)
    if isinstance(node.children, list):
        for item in node.children:
            _refuse_no_json(item)
    elif node.children:
        for _, item in node.children.values():
            _refuse_no_json(item)


def _is_secure(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"secure"} and isinstance(value["secure"], str)


def _secure_paths(node: Node, path: str) -> list[str]:
    if _is_secure(node.value):
        return [path]
    found: list[str] = []
    if isinstance(node.children, list):
        for position, item in enumerate(node.children):
            found += _secure_paths(item, f"{path}.{position}")
    elif node.children:
        for key, (_, item) in node.children.items():
            found += _secure_paths(item, f"{path}.{key}")
    return found
