"""Arguments of components: typed for people by a TypedDict, checked here.

A TypedDict is checked by nobody at run time, and a component used from another language gets a plain dict in which
whole numbers are floats (pulumi/pulumi#18526). Values are never shown: one of them may be a key in a wrong place.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import pulumi
from pydantic import ValidationError

from nim_stack.base.problems import RefusedError
from nim_stack.settings.reading import field_problems
from nim_stack.values.types import Settings

_Plain = TypeVar("_Plain", bound=Settings)


def named_arguments(args: object, kind: type, where: str) -> None:
    """Refuse arguments that are no mapping, that the component does not have, or that lack a required one.

    Args:
        args: what the component was given.
        kind: the TypedDict of its arguments.
        where: what the component is called in a refusal.

    Raises:
        pulumi.RunError: with the first of them, and the names that there are.
    """
    known = sorted(kind.__annotations__)
    if not isinstance(args, Mapping):
        raise pulumi.RunError(
            f"{where}: the arguments are a {type(args).__name__}. They are a mapping with {', '.join(known)}."
        )
    for name in args:
        if name not in known:
            snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", str(name)).lower()
            close = get_close_matches(snake, known, n=1)
            hint = f"Did you mean {close[0]}? " if close else ""
            raise pulumi.RunError(
                f"{where}: there is no argument {str(name)!r}. {hint}The arguments are {', '.join(known)}."
            )
    required_arguments(args, kind, where)


def required_arguments(args: Mapping[str, Any], kind: type, where: str) -> None:
    """Refuse arguments without a required one.

    Raises:
        pulumi.RunError: with the first that is missing.
    """
    required: frozenset[str] = kind.__required_keys__  # type: ignore[attr-defined]
    for name in sorted(required):
        if args.get(name) is None:
            raise pulumi.RunError(f"{where}: the argument {name} is required.")


def given(value: object) -> bool:
    """Whether an argument has a value: None and an empty text are none, as `pulumi.Config.get_secret` gives None.

    An Output has one until its value is known (`NgcSecrets` refuses an empty key then).
    """
    return value is not None and value != "" if not isinstance(value, pulumi.Output) else True


def plain_values(value: object, path: str, where: str) -> None:
    """Refuse an Output in what decides sizes and names, which a preview shows.

    Raises:
        pulumi.RunError: with the path of the first Output.
    """
    if isinstance(value, pulumi.Output):
        raise pulumi.RunError(
            f"{where}: {path} is a pulumi.Output, whose value may be known only later. It is a plain value, since a "
            "preview shows what follows from it. Write the value itself, or read it from the stack's configuration."
        )
    if isinstance(value, Mapping):
        for name, inner in value.items():
            plain_values(inner, f"{path}.{name}", where)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            plain_values(inner, f"{path}.{number}", where)


def plain_arguments(kind: type[_Plain], args: Mapping[str, Any], inputs: set[str], where: str) -> _Plain:
    """The arguments that are plain values; `inputs` are those that may be known only later.

    Raises:
        pulumi.RunError: with every argument that is wrong or unknown.
    """
    if not isinstance(args, Mapping):
        raise pulumi.RunError(f"{where}: the arguments are a {type(args).__name__}. They are a mapping.")
    plain = {name: value for name, value in args.items() if name not in inputs}
    plain_values(plain, "args", where)
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        problems = field_problems(error.errors(include_url=False), kind, "args")
        raise pulumi.RunError(str(RefusedError(problems, where))) from None
