"""Arguments of components: typed for people by a TypedDict, checked here by pydantic.

A TypedDict is checked by nobody at run time, and a component used from another language gets a plain dict in which
whole numbers are floats (pulumi/pulumi#18526).
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import pulumi
from pydantic import ValidationError

from nim_stack.base.problems import RefusedError
from nim_stack.settings.reading import field_problems
from nim_stack.values.types import Settings

_Plain = TypeVar("_Plain", bound=Settings)


def plain_arguments(kind: type[_Plain], args: Mapping[str, Any], inputs: set[str], where: str) -> _Plain:
    """The arguments that are plain values; `inputs` are those that may be known only later.

    Raises:
        pulumi.RunError: with every argument that is wrong or unknown.
    """
    try:
        return kind.model_validate({name: value for name, value in args.items() if name not in inputs})
    except ValidationError as error:
        problems = field_problems(error.errors(include_url=False), kind, "args")
        raise pulumi.RunError(str(RefusedError(problems, where))) from None
