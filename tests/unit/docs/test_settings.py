"""Settings on the pages: blocks are planned, and every setting that is named exists."""

import re
from typing import Any

import pytest
import yaml

from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.plan import plan_deployment
from nim_stack.settings import StackSettings
from nim_stack.settings.page import plain, sections
from tests.unit.docs.pages import PAGES, Page, Piece

BY_NAME = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
BASE: dict[str, Any] = {"model": "llama-3.1-405b-instruct", "nodes": 2, "storage": {"storageClass": "shared-nvme"}}
"""What a part of the settings stands beside."""
ROWS = {row.path.replace("[]", ""): row for section in sections() for row in section.rows}
TOP = {field.alias or name for name, field in StackSettings.model_fields.items()}
OF_OTHERS = {
    "timeouts.request": "of an HTTPRoute",
}
"""Dotted names that begin like a setting and are something else, with the reason."""
NAMES_OF_OTHERS = {"docs/parity.md": "names of the chart and the operator; test_import_parity.py has its settings"}
"""Pages whose dotted names are not settings, with what looks at them."""


def blocks() -> list[Piece]:
    return [block for page in PAGES for block in page.blocks if block.language == "yaml"]


@pytest.mark.parametrize("block", blocks(), ids=str)
def test_a_block_of_settings_is_planned(block: Piece) -> None:
    """A stack file, a part of the settings below `nim:`, an object of Kubernetes, or a program in YAML."""
    document = yaml.safe_load(block.text)
    if "apiVersion" in document:
        assert "kind" in document, block
        return
    if "resources" in document and document.keys().isdisjoint(BASE):
        (resource,) = document["resources"].values()
        plan_deployment(resource["properties"]["settings"], keys=EVERY_KEY, where=str(block))
        return
    settings = document["config"]["nim-stack:nim"] if "config" in document else BASE | document
    assert document.keys() <= TOP | {"config"}, block
    plan_deployment(settings, keys=EVERY_KEY, where=str(block))


@BY_NAME
def test_a_setting_that_is_named_exists(page: Page) -> None:
    if page.name in NAMES_OF_OTHERS:
        return
    named = [(str(span), path) for span in page.spans for path in _paths(span.text)]
    named += [(page.name, path) for path in re.findall(r"(?<![\w.\-/])nim\.([a-z]\w*(?:\.[a-z]\w*)*)", page.text)]
    assert [found for found in named if found[1] not in OF_OTHERS and not _is(found[1])] == []


def test_names_of_others_are_used() -> None:
    shown = {
        path for page in PAGES if page.name not in NAMES_OF_OTHERS for span in page.spans for path in _paths(span.text)
    }
    assert OF_OTHERS.keys() <= shown


def _paths(code: str) -> list[str]:
    """Settings that a piece of inline code names: `storage.retain`, `nim.replicas`, `lws: {mode: install}`."""
    if code.endswith((".py", ".yaml", ".json", ".md")):
        return []
    dotted = code.removeprefix("nim.")
    if named := re.match(r"([a-z]\w*(?:\.[a-z]\w*)+): ", code):
        return [named[1].removeprefix("nim.")] if named[1].removeprefix("nim.").split(".")[0] in TOP else []
    if re.fullmatch(r"[a-z]\w*(\.[a-z]\w*)*", dotted):
        return [dotted] if dotted.split(".")[0] in TOP and dotted != code.split(".")[0] else _top(code)
    if re.match(r"[a-z]\w*: ", code) and code.split(":")[0] in TOP:
        loaded = yaml.safe_load(re.sub(r"<[\w -]+>|…", "x", code))
        return list(_keys(loaded, ""))
    return []


def _top(code: str) -> list[str]:
    """`nim.x` is meant as a setting, whatever x is."""
    return [code.removeprefix("nim.")] if code.startswith("nim.") else []


def _keys(value: Any, path: str) -> list[str]:
    if isinstance(value, dict) and (not path or _leads_to_more(path)):
        found = []
        for key, inner in value.items():
            below = f"{path}.{key}" if path else str(key)
            found += [below, *_keys(inner, below)]
        return found
    if isinstance(value, list):
        return [name for item in value for name in _keys(item, path)]
    return []


def _leads_to_more(path: str) -> bool:
    return any(row.startswith(f"{path}.") for row in ROWS)


def _is(path: str) -> bool:
    """A setting, a mapping of settings, or what is inside a value that Kubernetes or the user defines."""
    parts = path.split(".")
    prefixes = [".".join(parts[:count]) for count in range(1, len(parts))]
    free = any(
        prefix in ROWS and not _leads_to_more(prefix) and re.search("Kubernetes|mapping|list", plain(ROWS[prefix].kind))
        for prefix in prefixes
    )
    return path in ROWS or _leads_to_more(path) or free
