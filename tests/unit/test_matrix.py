"""The matrices of settings leave nothing out: what the API server is asked in tests/cluster/test_dry_run.py."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from nim_stack.base.problems import RefusedError
from nim_stack.settings import StackSettings
from nim_stack.settings.reading import read_settings
from tests.deployments import deployment, matrix, names, planned
from tests.examples import NAMES, Example
from tests.matrix_access import TINY, access_matrix
from tests.matrix_settings import NO_OBJECT, OF_THE_CATALOGUE, ONE_VALUE, no_object, settings_matrix


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Paths of all settings that are no mappings of others; `[]` stands for every entry of a list."""
    for info in model.model_fields.values():
        path = f"{prefix}{info.alias}"
        inner = model_of(info.annotation)
        if inner is None:
            yield path
        else:
            yield from leaves(inner, f"{path}[]." if "tuple" in str(info.annotation) else f"{path}.")


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The settings class that a field has, be it as an option or as entries of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_of(part))), None)


def said(settings: BaseModel, prefix: str = "") -> Iterator[str]:
    """Paths of the settings that have been given another value than their default."""
    for name in settings.model_fields_set:
        info, value = type(settings).model_fields[name], getattr(settings, name)
        path = f"{prefix}{info.alias}"
        if isinstance(value, BaseModel):
            yield from said(value, f"{path}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for entry in value:
                yield from said(entry, f"{path}[].")
        elif value != info.get_default(call_default_factory=True):
            yield path


def said_in(raw: dict[str, Any]) -> set[str]:
    settings, problems = read_settings(raw)
    assert settings is not None, problems
    return set(said(settings))


ALL = set(leaves(StackSettings))
WITHOUT, WITH = no_object()


def test_every_setting_is_in_a_variant() -> None:
    covered = set[str]().union(*(said_in(settings) for settings in matrix().values()))
    covered.update(*(said_in(Example(name).file.settings) for name in NAMES))
    left = ALL - covered - NO_OBJECT.keys() - ONE_VALUE.keys()
    assert {path for path in left if not path.startswith(OF_THE_CATALOGUE)} == set()


def test_a_variant_has_one_name() -> None:
    assert len(matrix()) == len(access_matrix()) + len(settings_matrix())
    assert len(set(names())) == len(names())


@pytest.mark.parametrize("name", names())
def test_a_variant_is_accepted(name: str) -> None:
    """Otherwise this raises RefusedError with the reasons."""
    kinds = [manifest["kind"] for manifest in deployment(name).manifests]
    assert {"Service", "LeaderWorkerSet"} <= set(kinds)


def test_settings_without_an_object_change_none() -> None:
    assert said_in(WITH) - said_in(WITHOUT) == NO_OBJECT.keys()
    assert planned(WITH).manifests == planned(WITHOUT).manifests


@pytest.mark.parametrize("path", ONE_VALUE)
def test_other_values_than_the_default_are_refused(path: str) -> None:
    group, name = path.split(".")
    with pytest.raises(RefusedError, match=rf"nim\.{path}"):
        planned(TINY | {group: {name: ONE_VALUE[path]}})
