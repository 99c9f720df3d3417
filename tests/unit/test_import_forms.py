"""Whatever stands in a file, an import ends: with settings and an account, and without a key."""

import copy
import random
from typing import Any

import pytest
import yaml

from nim_stack.importing.reading import UnreadableError, read_documents
from tests.unit.import_samples import SAMPLES, from_helm, from_nimservice

JUNK: list[Any] = [None, "", "x", 3, -1, 0.5, True, [], ["x"], [{}], [{"name": 3}], {}, {"a": "b"}, [[1]], "<hole>"]
KEY = "nvapi-0123456789abcdef0123456789"


def _places(tree: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [place for key, item in items for place in ((*above, key), *_places(item, (*above, key)))]


def _changed(tree: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(tree)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


@pytest.mark.parametrize("sample", ["helm-2.0", "helm-1.x"])
def test_a_value_of_any_form_breaks_no_import_of_a_chart(sample: str) -> None:
    tree, dice = yaml.safe_load((SAMPLES / f"{sample}.yaml").read_text()), random.Random(1)
    for place in _places(tree):
        for junk in dice.sample(JUNK, 4):
            from_helm(_changed(tree, place, junk))


@pytest.mark.parametrize("sample", ["ray", "full", "hub"])
def test_a_field_of_any_form_breaks_no_import_of_a_nimservice(sample: str) -> None:
    objects, dice = read_documents(str(SAMPLES / f"nimservice-{sample}.yaml")), random.Random(1)
    for place in _places(objects):
        for junk in dice.sample(JUNK, 2):
            if len(place) == 1:
                continue
            try:
                from_nimservice(_changed(objects, place, junk))
            except UnreadableError:
                assert place[-1] in ("kind", "apiVersion")


@pytest.mark.parametrize("sample", ["helm-2.0", "helm-1.x"])
def test_a_key_anywhere_among_values_is_neither_written_nor_shown(sample: str) -> None:
    """But as a name."""
    tree = yaml.safe_load((SAMPLES / f"{sample}.yaml").read_text())
    for place in _places(tree):
        if place[-1] == "name" and "env" in place:
            continue
        found = from_helm(_changed(tree, place, f"--key={KEY}"))
        assert found.of("leaked"), place
        assert KEY not in repr((found.settings, found.entries, found.problems)), place
