"""The Pulumi package: a JSON schema in Pulumi's own form, from which typed SDKs are generated.

The SDK's own analysis of component classes takes neither unions nor Literals. Here unions become `oneOf`, and Literals
enums. No default is written: a generated SDK would send it, and a setting that is sent has been asked for.

Form: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

import nim_stack
from nim_stack.base import names
from nim_stack.components.languages.offered import (
    GPUS,
    INPUTS_OF_OBJECTS,
    LIVE,
    OFFERED,
    Argument,
    Offered,
    Output,
)
from nim_stack.settings.shapes import (
    Anything,
    Either,
    Field,
    ListOf,
    MapOf,
    Named,
    Object,
    Plain,
    Shape,
    Words,
    settings_objects,
    shapes_in,
)

Spec = dict[str, Any]
PACKAGE = names.PROJECT
FILE = "schema/pulumi-package.schema.json"
_EMPTY = "Unset"
"""Name of the empty word, which Kubernetes has in some enums."""


def package_schema() -> Spec:
    """The package as the engine and generators of SDKs read it."""
    objects = [*settings_objects().values(), LIVE, GPUS]
    return {
        "name": PACKAGE,
        "displayName": "NIM stack",
        "version": nim_stack.__version__,
        "description": "Multi-node NVIDIA NIM LLM on Kubernetes (LeaderWorkerSet, Ray, vLLM) as typed components.",
        "keywords": ["pulumi", names.PROJECT, "category/infrastructure", "kind/component"],
        "license": "Apache-2.0",
        "meta": {"moduleFormat": "(.*)"},
        "provider": {},
        "language": {
            "nodejs": {"respectSchemaVersion": True, "packageName": names.PROJECT},
            "python": {"respectSchemaVersion": True, "pyproject": {"enabled": True}},
            "go": {"respectSchemaVersion": True, "generateResourceContainerTypes": False},
            "csharp": {"respectSchemaVersion": True},
        },
        "types": dict(sorted([*_object_types(objects), *_enums(objects)])),
        "resources": {token(name): _resource(offered) for name, offered in sorted(OFFERED.items())},
    }


def text() -> str:
    """The file as it is committed."""
    return json.dumps(package_schema(), indent=1, ensure_ascii=False) + "\n"


def token(name: str) -> str:
    """Token of a component or type."""
    return f"{PACKAGE}:index:{name}"


def _resource(offered: Offered) -> Spec:
    needed = [to_camel(argument.name) for argument in offered.arguments if argument.required]
    return {
        "isComponent": True,
        "description": offered.description,
        "inputProperties": {to_camel(argument.name): _input(argument) for argument in offered.arguments},
        "requiredInputs": needed,
        "properties": {output.name: _output(output) for output in offered.outputs},
        "required": [output.name for output in offered.outputs if output.sure],
    }


def _input(argument: Argument) -> Spec:
    spec = _type(argument.shape, argument.plain) | {"description": argument.description}
    return spec | ({"secret": True} if argument.secret else {})


def _output(output: Output) -> Spec:
    return _type(output.shape, False) | {"description": output.description}


def _object_types(objects: list[Object]) -> Iterator[tuple[str, Spec]]:
    for each in objects:
        fields = {
            label: _type(field.shape, (each.name, label) not in INPUTS_OF_OBJECTS) | _described(field)
            for label, field in each.fields.items()
        }
        needed = [label for label, field in each.fields.items() if field.required]
        about = {"description": each.description} if each.description else {}
        yield token(each.name), {"type": "object", **about, "properties": fields, "required": needed}


def _described(field: Field) -> Spec:
    return {"description": field.description} if field.description else {}


def _enums(objects: list[Object]) -> Iterator[tuple[str, Spec]]:
    own = [field.shape for each in objects for field in each.fields.values()]
    arguments = [argument.shape for offered in OFFERED.values() for argument in offered.arguments]
    for outer in (*own, *arguments):
        for shape in shapes_in(outer):
            if isinstance(shape, Words):
                values = [{"value": word} | ({} if word else {"name": _EMPTY}) for word in shape.words]
                yield token(shape.name), {"type": "string", "enum": values}


def _type(shape: Shape, plain: bool) -> Spec:
    known: Mapping[str, bool] = {"plain": True} if plain else {}
    match shape:
        case Plain(kind):
            return {"type": kind, **known}
        case Words(name):
            return {"$ref": f"#/types/{token(name)}", **known}
        case Named(name):
            return {"$ref": f"#/types/{token(name)}", **known}
        case ListOf(items):
            return {"type": "array", "items": _type(items, plain), **known}
        case MapOf(values):
            return {"type": "object", "additionalProperties": _type(values, plain), **known}
        case Either(options):
            return {"oneOf": [_type(option, plain) for option in options], **known}
        case Anything():
            return {"$ref": "pulumi.json#/Any", **known}
