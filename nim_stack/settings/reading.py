"""Reading settings: a mapping in, typed settings or every problem out.

pydantic skips checks across fields as soon as one field is wrong, so a user would meet the problems in two rounds.
Here the wrong fields are set aside, the rest is judged as well, and judgements that used a wrong field are dropped.
"""

import copy
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nim_stack.base.first_rules import REQUIRED, UNKNOWN_SETTING, WRONG_VALUE
from nim_stack.base.problems import Problem
from nim_stack.settings import StackSettings
from nim_stack.values.types import Settings

_PLACEHOLDERS: Mapping[str, Any] = {"model": "hf://placeholder/model"}
"""A valid value for each required setting. It stands in for one that is missing or wrong, so that the other settings
can be judged in the same round; a judgement that used it is dropped."""
_WHOLE: Mapping[type[Settings], str] = {
    StackSettings: "Use a mapping of settings; three suffice: model, nodes, storage.storageClass."
}


def read_settings(raw: Any) -> tuple[StackSettings | None, list[Problem]]:
    """The settings and the problems of single fields.

    With problems the settings are still there for judging what was readable, unless nothing was.
    """
    try:
        return StackSettings.model_validate(raw), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    problems = field_problems(details, StackSettings, "nim")
    if not isinstance(raw, Mapping):
        return None, problems
    try:
        return StackSettings.model_validate(_set_aside(raw, details)), problems
    except ValidationError:
        return None, problems


def _set_aside(raw: Mapping[str, Any], details: list[ErrorDetails]) -> dict[str, Any]:
    readable = copy.deepcopy(dict(raw))
    for detail in details:
        *parents, last = detail["loc"]
        if any(isinstance(part, int) for part in (*parents, last)):
            readable.pop(str(detail["loc"][0]), None)
            continue
        place: Any = readable
        for part in parents:
            place = place.get(part, {}) if isinstance(place, dict) else {}
        if isinstance(place, dict):
            place.pop(last, None)
    return {**_PLACEHOLDERS, **readable}


def field_problems(details: list[ErrorDetails], root: type[Settings], prefix: str) -> list[Problem]:
    """What pydantic found wrong with single fields, in the words of their settings class."""
    return [_problem(detail, root, prefix) for detail in details if not _is_consequence(detail)]


def _is_consequence(detail: ErrorDetails) -> bool:
    """pydantic counts the items of a list that are right, and calls it too short when one of one is wrong."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _problem(detail: ErrorDetails, root: type[Settings], prefix: str) -> Problem:
    location = detail["loc"]
    path = ".".join([prefix, *(str(part) for part in location)])
    owner, field = _field(location, root)
    if detail["type"] == "extra_forbidden":
        in_file = issubclass(root, StackSettings)
        known = sorted((info.alias or name) if in_file else name for name, info in owner.model_fields.items())
        close = get_close_matches(str(location[-1]), known, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        instead = f"{hint}Known here: {', '.join(known)}."
        return UNKNOWN_SETTING.problem(path, detail["input"], "there is no such setting", instead)
    if detail["type"] == "missing":
        return REQUIRED.problem(path, None, _reason(detail), field)
    return WRONG_VALUE.problem(path, detail["input"], _reason(detail), field)


def _reason(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "it is required"
        case "string_pattern_mismatch":
            return "it is not written in a form that works"
        case "string_too_long":
            return f"it has {len(detail['input'])} characters, and at most {context['max_length']} are possible"
        case "string_too_short" | "too_short":
            return "it is empty"
        case "greater_than_equal":
            return f"it is less than {context['ge']}"
        case "less_than_equal":
            return f"it is more than {context['le']}"
        case "int_parsing" | "int_type" | "int_from_float":
            return "it is not a whole number"
        case "bool_parsing" | "bool_type":
            return "it is neither true nor false"
        case "literal_error":
            return f"it is not {context['expected']}"
        case _:
            message = detail["msg"].removeprefix("Value error, ")
            return message[:1].lower() + message[1:]


def _field(location: tuple[int | str, ...], root: type[Settings]) -> tuple[type[BaseModel], str]:
    """The settings class that holds the last part of the location, and the description of that field."""
    owner: type[BaseModel] = root
    description = _WHOLE.get(root, "Use a mapping.")
    for part in location:
        info = next((info for name, info in owner.model_fields.items() if part in (name, info.alias)), None)
        if info is None:
            continue
        description = info.description or description
        inner = [kind for kind in (info.annotation, *get_args(info.annotation)) if isinstance(kind, type)]
        owner = next((kind for kind in inner if issubclass(kind, BaseModel)), owner)
    return owner, description
