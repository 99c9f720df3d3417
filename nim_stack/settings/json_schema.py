"""JSON schema of the settings, and of a stack file for editors: `nim-stack settings --json-schema`.

It is written from the settings' classes, so that an editor knows what the program reads. What only the program can
judge, above all the rules across settings, is not in it.
"""

import json
from typing import Any

from nim_stack.settings.stack import StackSettings
from nim_stack.values.kubernetes.schema import definitions, reference
from nim_stack.values.kubernetes.types import FORM

Schema = dict[str, Any]
FILE = "schema/pulumi-stack.schema.json"
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum"}
"""pydantic's own words, which it leaves in place where a validator comes before the bound."""
_HUGE = 10**9
"""A bound that only keeps arithmetic in reason."""
_SETTINGS = r"^([^:]+:)?nim$"
"""The key of the settings in any project: `team-llm:nim`, or `nim` alone, which Pulumi takes for the project's own."""


def settings_schema() -> Schema:
    """Schema of what stands under `nim:`, with everything that it refers to under `$defs`."""
    raw = StackSettings.model_json_schema(by_alias=True)
    found: dict[str, Schema] = {}
    schema: Schema = _clean(raw, found)
    schema["$defs"] = dict(sorted((schema.get("$defs", {}) | found).items()))
    return schema


def stack_file_schema() -> Schema:
    """Schema of `Pulumi.<stack>.yaml`; what Pulumi itself or another program keeps there is let through.

    The project may have any name. Nothing is required, since settings and keys may come from Pulumi.yaml or Pulumi ESC;
    the plan says what is missing.
    """
    settings = settings_schema()
    definitions_ = settings.pop("$defs")
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Stack file of nim-stack",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "patternProperties": {
                    _SETTINGS: {"$ref": "#/$defs/StackSettings"},
                    r"^([^:]+:)?ngcApiKey$": _secret(
                        "NGC API key, for images under nvcr.io/ and the models they fetch"
                    ),
                    r"^([^:]+:)?hfToken$": _secret("Hugging Face token, for gated models"),
                },
            },
        },
        "$defs": dict(sorted((definitions_ | {"StackSettings": settings}).items())),
    }


def text() -> str:
    """The file as it is committed."""
    return json.dumps(stack_file_schema(), indent=1, ensure_ascii=False) + "\n"


def _secret(what: str) -> Schema:
    """Encrypted values alone: a key in clear is refused by the program too."""
    key = {"secure": {"type": "string", "minLength": 1}}
    return {
        "description": f"{what}. Write it with `pulumi config set --secret`.",
        "type": "object",
        "required": ["secure"],
        "properties": key,
        "additionalProperties": False,
    }


def _clean(value: Any, found: dict[str, Schema], names: bool = False) -> Any:
    """Without titles, which repeat the names, in JSON schema's own words; Kubernetes' types go to `found`."""
    if isinstance(value, list):
        return [_clean(item, found) for item in value]
    if not isinstance(value, dict):
        return value
    if FORM in value:
        found.update(definitions(**value[FORM]))
        return reference(**value[FORM]) | {key: item for key, item in value.items() if key == "description"}
    cleaned: Schema = {}
    for key, item in value.items():
        if names:
            cleaned[key] = _clean(item, found)
        elif key == "default":
            cleaned[key] = item
        elif key in _BOUNDS and item != _HUGE:
            cleaned[_BOUNDS[key]] = item
        elif key not in ("title", *_BOUNDS) and not (key == "maximum" and item == _HUGE):
            cleaned[key] = _clean(item, found, names=key in ("properties", "$defs", "patternProperties"))
    return cleaned if names else _shortened(cleaned)


def _shortened(schema: Schema) -> Schema:
    """Without what says nothing: a default of null, or one that the definition referred to has for each of its fields.
    Of the two forms of `X or null` the shorter one, where X is a plain value. Keys of a form are all of that form."""
    if schema.get("default", "") is None or "$ref" in schema:
        schema.pop("default", None)
    if "patternProperties" in schema:
        schema.setdefault("additionalProperties", False)
    options = schema.get("anyOf", [])
    null = {"type": "null"}
    if len(options) != 2 or null not in options:
        return schema
    (other,) = [option for option in options if option != null]
    if not isinstance(other.get("type"), str) or "enum" in other:
        return schema
    del schema["anyOf"]
    return {**schema, **other, "type": [other["type"], "null"]}
