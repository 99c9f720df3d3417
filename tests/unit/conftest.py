"""Shared by unit tests: files that are made from code, compared with what the code makes and reviewed as diffs.

`make docs` writes the pages and schemas (`--docs-update`), `make golden` the manifests (`--golden-update`). Each runs
only the tests that compare such a file.
"""

import functools
import re
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack.base import names
from nim_stack.manifests.render import to_yaml
from tests.examples import Example
from tests.unit.golden_diff import applied, written
from tests.unit.release_fixture import MANIFEST

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
GOLDEN_WHOLE = ("production", "tiny")
"""Whose manifests are there as they are; golden/README.md says why the others are not."""

TINY: dict[str, Any] = {
    "model": "hf://org/tiny",
    "nodes": 2,
    "gpusPerNode": 1,
    "image": "registry.example/open-nim:1",
    "storage": {"storageClass": "shared"},
}
"""A small deployment that works without any key."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden-update", action="store_true", help="write the golden manifests, and run no other test")
    parser.addoption("--docs-update", action="store_true", help="write pages and schemas, and run no other test")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With an option that writes files, only the tests that write them are run."""
    asked = {fixture for option, fixture in _WRITING.items() if config.getoption(option)}
    if asked:
        chosen = [item for item in items if asked & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


_WRITING = {"--golden-update": "golden", "--docs-update": "written_file"}
"""Options, and the fixture of the tests that write the files."""


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, list[dict[str, Any]]], None]:
    """Compare manifests with a golden file: the YAML of two, of all others the differences from production."""

    def compare(name: str, manifests: list[dict[str, Any]]) -> None:
        path = golden_path(name)
        production = golden_base(manifests) if path.suffix == ".diff" else []
        text = written(production, manifests) if production else to_yaml(manifests)
        if request.config.getoption("--golden-update", default=False):
            path.write_text(text)
        assert path.read_text() == text, "`make golden` writes it"
        if production:
            assert to_yaml(applied(production, path.read_text())) == to_yaml(manifests)

    return compare


def golden_path(name: str) -> Path:
    return GOLDEN / (f"{name}.yaml" if name in GOLDEN_WHOLE else f"{name}.diff")


def golden_base(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The manifests of production under the name and in the namespace of these, which are in half of all lines."""
    name = manifests[-1]["metadata"]["labels"][names.INSTANCE_LABEL]
    namespace = manifests[-1]["metadata"]["namespace"]
    plan = _production().plan
    text = to_yaml(_production().manifests).replace(plan.settings.name, name)
    places = rf"^( +(?:name|namespace): ){plan.settings.namespace}$"
    return list(yaml.safe_load_all(re.sub(places, rf"\g<1>{namespace}", text, flags=re.MULTILINE)))


@functools.cache
def _production() -> Example:
    return Example("production")


@pytest.fixture
def written_file(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a page or a schema with what the code makes of it; the file is named by its path in the repository."""

    def compare(name: str, text: str) -> None:
        path = ROOT / name
        if request.config.getoption("--docs-update", default=False):
            path.write_text(text)
        assert path.read_text() == text, f"`make docs` writes {name}"

    return compare


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Base URL of a server on loopback that offers the miniature release."""
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "manifests.yaml").write_text(MANIFEST)
    handler = functools.partial(_Quiet, directory=str(tmp_path / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests' output is for the tests."""
