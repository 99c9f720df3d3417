"""A value that only the update will know can stand anywhere in a preview."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from nim_stack.catalog.load import load_catalog
from nim_stack.operations.impact.effect import APPROVALS
from nim_stack.operations.impact.pages import markdown
from nim_stack.operations.impact.preview import UNKNOWN
from nim_stack.operations.impact.report import read_impact
from tests.unit.previews import HERE

SIZES = ("spec", "leaderWorkerTemplate", "size", "replicas", "containers", "nvidia.com/gpu")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


@pytest.mark.parametrize("name", ["max-model-len", "storage-grows", "key-rotated"])
def test_a_report_is_made_whatever_is_not_known(name: str) -> None:
    text, catalog = (HERE / f"{name}.json").read_text(), load_catalog()
    found = [path for path in places(json.loads(text)["steps"]) if "inputs" in path]
    assert len(found) > 20
    for path in found:
        document = json.loads(text)
        inside = document["steps"]
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = UNKNOWN
        impact = read_impact(json.dumps(document), catalog)
        assert UNKNOWN not in markdown(impact, list(APPROVALS)), path
        if name == "max-model-len" and path[-1] in SIZES and "requests" not in path:
            assert impact.approvals(["unknown"]), path
