"""Files of other deployers that tests import."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.importing.draft import Draft
from nim_stack.importing.helm import values as helm
from nim_stack.importing.operator import objects as nimservice
from nim_stack.importing.reading import read_documents, read_values
from nim_stack.importing.result import Import, conclude, give_options

SAMPLES = Path(__file__).parent / "imports"


def values(text: str) -> dict[str, Any]:
    """Values of a chart, written as YAML."""
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def from_helm(given: str | Mapping[str, Any], chart: helm.Chart | None = None, **options: Any) -> Import:
    """Import a values file by its name, or values."""
    read = read_values(str(SAMPLES / given)) if isinstance(given, str) else dict(given)
    draft = _draft(helm.KEYS_KEPT_BY, options)
    helm.take_values(draft, read, *((chart, "it is said so") if chart else helm.chart_of(read)))
    return conclude(draft, keys=EVERY_KEY)


def from_nimservice(given: str | list[dict[str, Any]], **options: Any) -> Import:
    """Import a file by its name, or objects."""
    objects = read_documents(str(SAMPLES / given)) if isinstance(given, str) else given
    draft = _draft(nimservice.KEYS_KEPT_BY, options)
    nimservice.take_objects(draft, objects)
    return conclude(draft, keys=EVERY_KEY)


def _draft(keys_kept_by: str, options: Mapping[str, Any]) -> Draft:
    """Options by settings, `storage__existingClaim` for one inside another."""
    draft = Draft(keys_kept_by)
    paths = {name.replace("__", "."): value for name, value in options.items()}
    give_options(draft, {path: (f"--{path}", value) for path, value in paths.items()})
    return draft


def reasons(found: Import, kind: str) -> dict[str, str]:
    """Why, by the name there, of the entries of one kind."""
    return {entry.source: entry.why for entry in found.of(kind)}


def places(tree: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, by the keys that lead there."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [place for key, item in items for place in ((*above, key), *places(item, (*above, key)))]


def changed(tree: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A document with another value in one place."""
    other = copy.deepcopy(tree)
    inner = other
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return other
