"""A NIMService, and the NIMCache that it names, to settings."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nim_stack.importing.converters import mapping
from nim_stack.importing.draft import Draft
from nim_stack.importing.keys import withhold
from nim_stack.importing.operator.rows import CACHE_ORDER, CACHE_ROWS, LAST, SERVICE_ORDER, SERVICE_ROWS
from nim_stack.importing.reading import UnreadableFileError
from nim_stack.importing.rows import Document, apply
from nim_stack.importing.unknown import ask_missing, note_unknown

GROUP = "apps.nvidia.com"
KEYS_KEPT_BY = "the object in the cluster"
"""What still holds a key that stands in an object in clear."""


def take_objects(draft: Draft, objects: Sequence[dict[str, Any]]) -> None:
    """Take the one NIMService among Kubernetes objects, and the NIMCache that it names, into the draft.

    Raises:
        UnreadableFileError: there is no NIMService, or more than one.
    """
    objects = [withhold(draft, item) for item in objects]
    services = [item for item in objects if _is(item, "NIMService")]
    if len(services) != 1:
        found = ", ".join(sorted(str(item.get("kind", "no kind")) for item in objects))
        raise UnreadableFileError(
            f"A stack is made from one NIMService, and here are {len(services)} (found: {found})."
        )
    service = Document(draft, _relevant(services[0]), SERVICE_ROWS)
    wanted = service.get("spec.storage.nimCache.name")
    caches = [item for item in objects if _is(item, "NIMCache")]
    cache = next((item for item in caches if mapping(item.get("metadata")).get("name") == wanted), None)
    for item in objects:
        if item is not services[0] and item is not cache:
            name = f"{item.get('kind', 'object')}/{mapping(item.get('metadata')).get('name', '')}"
            draft.drop(name, None, "neither the NIMService nor the NIMCache that it names")
    named = [Document(draft, _relevant(cache), CACHE_ROWS, "NIMCache ")] if cache else []
    service = replace(service, beside=next(iter(named), None))
    apply(SERVICE_ORDER, service)
    apply(CACHE_ORDER, *named)
    for beside in named:
        note_unknown(beside, "field of a NIMCache")
    apply(LAST, service, *named)
    note_unknown(service, "field of a NIMService")
    ask_missing(draft, [("model", "neither image nor NIMCache says it; give --model")])


def _is(item: dict[str, Any], kind: str) -> bool:
    return item.get("kind") == kind and str(item.get("apiVersion", "")).startswith(f"{GROUP}/")


def _relevant(item: dict[str, Any]) -> dict[str, Any]:
    """Without status and without what the API server adds to metadata."""
    metadata = mapping(item.get("metadata"))
    return {
        "metadata": {name: metadata[name] for name in ("name", "namespace") if name in metadata},
        "spec": mapping(item.get("spec")),
    }
