"""Writes `typed.py`: the settings as TypedDicts, so that a misspelt one is an error before the program runs."""

from collections.abc import Iterator

from nim_stack.settings.shapes import (
    Anything,
    Either,
    ListOf,
    MapOf,
    Named,
    Object,
    Plain,
    Shape,
    Words,
    settings_objects,
)

FILE = "nim_stack/settings/typed.py"
_HEAD = '''"""The settings of a stack as TypedDicts, for type checkers and editors.

`make docs` writes this file from the classes of the settings, and a test compares both; nobody edits it. Fields of
Kubernetes' own are mappings here: a preview judges what is in them. docs/settings.md describes each setting.
"""
# fmt: off
# ruff: noqa: E501

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict
'''
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_ANY = "Mapping[str, Any]"


def text() -> str:
    """The file as it is committed."""
    objects = settings_objects()
    own = [each for each in objects.values() if not each.kubernetes]
    return _HEAD + "".join(f"\n{line}" if line else "\n" for each in own for line in _lines(each, objects)) + "\n"


def _lines(each: Object, objects: dict[str, Object]) -> Iterator[str]:
    yield ""
    yield f"class {_class(each.name)}(TypedDict):"
    first, *_ = each.description.split("\n\n")
    yield f'    """{" ".join(first.split())}"""'
    for label, field in each.fields.items():
        kind = _type(field.shape, objects)
        yield f"    {label}: {kind if field.required else f'NotRequired[{kind}]'}"


def _class(name: str) -> str:
    return f"{name}Dict"


def _type(shape: Shape, objects: dict[str, Object]) -> str:
    match shape:
        case Plain(kind):
            return _PLAIN[kind]
        case Words(_, words):
            quoted = ", ".join(f'"{word}"' for word in words)
            return f"Literal[{quoted}]"
        case ListOf(items):
            return f"list[{_type(items, objects)}]"
        case MapOf(values):
            return f"Mapping[str, {_type(values, objects)}]"
        case Named(name):
            return _ANY if objects[name].kubernetes else _class(name)
        case Either(options):
            return " | ".join(dict.fromkeys(_type(option, objects) for option in options))
        case Anything():
            return "Any"
