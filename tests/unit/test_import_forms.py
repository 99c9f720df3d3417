"""Whatever stands in a file, an import ends: with settings and an account."""

import random
from typing import Any

import pytest
import yaml

from nim_stack.importing.reading import UnreadableFileError, read_documents
from tests.unit.import_samples import SAMPLES, changed, from_helm, from_nimservice, places

JUNK: list[Any] = [None, "", "x", 3, -1, 0.5, True, [], ["x"], [{}], [{"name": 3}], {}, {"a": "b"}, [[1]], "<hole>"]


@pytest.mark.parametrize("sample", ["helm-2.0", "helm-1.x"])
def test_a_value_of_any_form_breaks_no_import_of_a_chart(sample: str) -> None:
    tree, dice = yaml.safe_load((SAMPLES / f"{sample}.yaml").read_text()), random.Random(1)
    for place in places(tree):
        for junk in dice.sample(JUNK, 4):
            from_helm(changed(tree, place, junk))


@pytest.mark.parametrize("sample", ["ray", "full", "hub"])
def test_a_field_of_any_form_breaks_no_import_of_a_nimservice(sample: str) -> None:
    objects, dice = read_documents(str(SAMPLES / f"nimservice-{sample}.yaml")), random.Random(1)
    for place in places(objects):
        for junk in dice.sample(JUNK, 2):
            if len(place) == 1:
                continue
            try:
                from_nimservice(changed(objects, place, junk))
            except UnreadableFileError:
                assert place[-1] in ("kind", "apiVersion")
