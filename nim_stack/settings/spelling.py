"""Settings in another spelling than camelCase, which is the one of stack files, of their schema and of the pages.

Python programs write `StackSettings(gpus_per_node=8)`, so that the classes take both. A mapping with `gpus_per_node`
has always been accepted, and a stack that has it must still be updated: it is warned about and not refused.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from nim_stack.base.first_rules import SNAKE_CASE
from nim_stack.base.problems import Problem
from nim_stack.settings.stack import StackSettings


def misspelled(raw: Any) -> list[Problem]:
    """A warning for each setting in snake_case. One that is there in camelCase too is refused as an unknown one.

    Args:
        raw: what stands under `nim`.
    """
    return list(_walk(raw, StackSettings, "nim"))


def _walk(raw: Any, kind: type[BaseModel], path: str) -> Iterator[Problem]:
    if not isinstance(raw, Mapping):
        return
    for name, info in kind.model_fields.items():
        alias = info.alias or name
        for key in {name, alias} & raw.keys():
            if key != alias and alias not in raw:
                instead = f"Did you mean {alias}? {key} is accepted so far, and has its meaning."
                yield SNAKE_CASE.problem(f"{path}.{key}", None, "settings are written in camelCase", instead)
            for inner in _models(info.annotation):
                value = raw[key]
                items = enumerate(value) if isinstance(value, list | tuple) else [(None, value)]
                for position, item in items:
                    below = f"{path}.{key}" if position is None else f"{path}.{key}.{position}"
                    yield from _walk(item, inner, below)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The settings classes in an annotation such as `Storage | None` or `tuple[EnvVar, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
