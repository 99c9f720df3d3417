"""The package for other languages, as it is committed, says what Python's components take."""

import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from nim_stack.components.deployment import MultiNodeNimArgs
from nim_stack.components.languages import package_schema
from nim_stack.components.languages.offered import OFFERED
from nim_stack.components.languages.package_schema import token
from nim_stack.components.live_service import LiveServiceArgs
from nim_stack.components.lws_operator import LwsOperatorArgs
from nim_stack.components.model_access import ModelAccessArgs
from nim_stack.components.model_cache import ModelCacheArgs
from nim_stack.components.ngc_secrets import NgcSecretsArgs
from nim_stack.components.nim_stack import NimStackArgs
from nim_stack.settings import StackSettings
from nim_stack.settings.json_schema import settings_schema
from nim_stack.values.types import Settings
from tests.deployments import matrix
from tests.examples import NAMES, Example

SCHEMA = package_schema.package_schema()
TYPES: dict[str, Any] = SCHEMA["types"]
ARGUMENTS: dict[str, Any] = {
    "NimStack": NimStackArgs,
    "MultiNodeNim": MultiNodeNimArgs,
    "ModelDownload": MultiNodeNimArgs,
    "ModelAccess": ModelAccessArgs,
    "ModelCache": ModelCacheArgs,
    "NgcSecrets": NgcSecretsArgs,
    "LwsOperator": LwsOperatorArgs,
    "LiveService": LiveServiceArgs,
}
PYTHON_ALONE = {"plan"}
"""A plan is a value of Python; other languages give the settings, of which it is made."""


def test_the_committed_package_is_what_the_code_makes(written_file: Callable[[str, str], None]) -> None:
    written_file(package_schema.FILE, package_schema.text())


def test_every_component_is_offered() -> None:
    assert OFFERED.keys() == ARGUMENTS.keys()
    assert SCHEMA["resources"].keys() == {token(name) for name in OFFERED}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_are_those_of_python(name: str) -> None:
    python = ARGUMENTS[name].__annotations__.keys() - PYTHON_ALONE
    resource = SCHEMA["resources"][token(name)]
    assert resource["inputProperties"].keys() == {to_camel(argument) for argument in python}
    required = {to_camel(argument) for argument in ARGUMENTS[name].__required_keys__}
    settings = {"settings"} & resource["inputProperties"].keys()  # Python may be given a plan instead
    assert set(resource["requiredInputs"]) == required | settings


def test_keys_are_secret_and_nothing_else_is() -> None:
    found = {
        (resource, name)
        for resource, body in SCHEMA["resources"].items()
        for name, spec in body["inputProperties"].items()
        if spec.get("secret")
    }
    keys = {(token(name), key) for name in ("NimStack", "NgcSecrets") for key in ("ngcApiKey", "hfToken")}
    assert found == keys | {(token(name), "kubeconfig") for name in ("NimStack", "MultiNodeNim", "ModelDownload")}


def settings_classes(root: type[Settings] = StackSettings) -> Iterator[type[Settings]]:
    yield root
    for info in root.model_fields.values():
        waiting: list[Any] = [info.annotation]
        while waiting:
            kind = waiting.pop()
            waiting += typing.get_args(kind)
            if isinstance(kind, type) and issubclass(kind, Settings):
                yield from settings_classes(kind)


@pytest.mark.parametrize("kind", sorted(set(settings_classes()), key=str), ids=lambda kind: kind.__name__)
def test_a_type_has_the_fields_of_its_class(kind: type[Settings]) -> None:
    spec = TYPES[token(kind.__name__)]
    fields = {info.alias or name: info for name, info in kind.model_fields.items()}
    assert spec["properties"].keys() == fields.keys()
    assert set(spec["required"]) == {label for label, info in fields.items() if info.is_required()}
    described = {label: info.description for label, info in fields.items() if info.description}
    assert {
        label: each["description"] for label, each in spec["properties"].items() if "description" in each
    } == described


def test_words_of_a_setting_are_an_enum() -> None:
    words = [each["value"] for each in TYPES[token("ServiceType")]["enum"]]
    assert words == ["ClusterIP", "NodePort", "LoadBalancer"]
    assert TYPES[token("Service")]["properties"]["type"]["$ref"] == f"#/types/{token('ServiceType')}"


def test_a_setting_of_two_forms_is_one_of_both() -> None:
    spec = TYPES[token("StackSettings")]["properties"]["lws"]
    assert spec["oneOf"] == [
        {"$ref": f"#/types/{token('LwsMode')}", "plain": True},
        {"$ref": f"#/types/{token('Lws')}", "plain": True},
    ]


def specs(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from specs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from specs(inner)


def test_every_reference_leads_somewhere_and_no_type_is_left_over() -> None:
    used = {spec["$ref"] for spec in specs(SCHEMA) if isinstance(spec.get("$ref"), str)}
    assert used - {"pulumi.json#/Any"} == {f"#/types/{name}" for name in TYPES}


def test_no_default_is_sent() -> None:
    """A setting that is sent has been asked for: `replicas` beside an autoscaler is refused."""
    properties = [each for body in TYPES.values() for each in body.get("properties", {}).values()]
    assert properties
    assert not [each for each in properties if "default" in each]


def conforms(value: Any, spec: dict[str, Any], path: str) -> Iterator[str]:
    """What a value has that its type in the package does not allow."""
    if "oneOf" in spec:
        if all(list(conforms(value, option, path)) for option in spec["oneOf"]):
            yield f"{path}: none of the forms"
        return
    if spec.get("$ref") == "pulumi.json#/Any" or value is None:
        return
    if "$ref" in spec:
        body = TYPES[spec["$ref"].removeprefix("#/types/")]
        if "enum" in body:
            if value not in [each["value"] for each in body["enum"]]:
                yield f"{path}: {value!r} is no word of the enum"
            return
        if not isinstance(value, dict):
            yield f"{path}: not an object"
            return
        yield from (f"{path}.{key}: unknown" for key in value.keys() - body["properties"].keys())
        yield from (f"{path}.{key}: missing" for key in set(body["required"]) - value.keys())
        for key, inner in value.items():
            yield from conforms(inner, body["properties"].get(key, {"$ref": "pulumi.json#/Any"}), f"{path}.{key}")
        return
    kinds: dict[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "array": (list, tuple),
        "object": dict,
    }
    if not isinstance(value, kinds[spec["type"]]):
        yield f"{path}: {value!r} is not of the type {spec['type']}"
    elif spec["type"] == "array":
        for index, inner in enumerate(value):
            yield from conforms(inner, spec["items"], f"{path}[{index}]")
    elif spec["type"] == "object":
        for key, inner in value.items():
            yield from conforms(inner, spec["additionalProperties"], f"{path}.{key}")


@pytest.mark.parametrize("name", [*matrix(), *NAMES])
def test_settings_of_every_known_deployment_have_the_types_of_the_package(name: str) -> None:
    settings = matrix().get(name) or Example(name).file.settings
    assert list(conforms(settings, {"$ref": f"#/types/{token('StackSettings')}"}, "settings")) == []


def test_a_misspelt_setting_has_no_type() -> None:
    spec = {"$ref": f"#/types/{token('StackSettings')}"}
    settings = {"model": "m", "nodess": 2, "storage": {"storageclass": "x"}}
    assert sorted(conforms(settings, spec, "settings")) == [
        "settings.nodess: unknown",
        "settings.storage.storageclass: unknown",
    ]


def test_the_settings_have_no_form_that_the_shapes_do_not_know() -> None:
    """A form is read by its keys; another key would be passed over without a word."""
    known = {"$ref", "anyOf", "enum", "type", "items", "properties", "patternProperties", "additionalProperties"}
    known |= {"required", "propertyNames", "description", "default", "$defs"}
    known |= {"minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength", "minItems", "maxItems", "pattern"}
    found: set[str] = set()
    waiting: list[Any] = [settings_schema()]
    while waiting:
        schema = waiting.pop()
        found |= schema.keys()
        for key in ("properties", "$defs", "patternProperties"):
            waiting += schema.get(key, {}).values()
        waiting += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
        waiting += schema.get("anyOf", [])
    assert found - known == set()
