"""A deployment of the engine's state: resources in an order in which each comes after what it refers to."""

from collections.abc import Iterator
from typing import Any

from nim_stack.base.documents import Json


class State:
    """Resources of one deployment; changes them in place."""

    def __init__(self, resources: list[Json]) -> None:
        self.resources = resources

    def find(self, urn: str) -> Json | None:
        """The resource that is not about to be deleted after a replacement."""
        return next((found for found in self.resources if found["urn"] == urn and not found.get("delete")), None)

    def counterpart(self, copy: Json) -> Json | None:
        """The resource of the state with the URN and the ID of `copy`; None when there is none.

        The engine writes a copy of the resource into each pending operation. Where a replacement has left two resources
        with that URN and ID, the one that is marked for deletion like the copy is meant.
        """
        of_urn = [found for found in self.resources if found["urn"] == copy["urn"]]
        fits = [found for found in of_urn if found.get("id") == copy.get("id")]
        exact = [found for found in fits if bool(found.get("delete")) == bool(copy.get("delete"))]
        return next(iter(exact or fits), None)

    def provider(self, resource: Json) -> Json | None:
        """The provider of a resource: its reference is URN::ID. One that was made anew since has another ID."""
        urn, _, identity = str(resource.get("provider", "")).rpartition("::")
        same = [found for found in self.resources if found["urn"] == urn]
        return next((found for found in same if found.get("id") == identity), None) or self.find(urn)

    def missing(self, resource: Json) -> list[str]:
        """URNs that it refers to and that are not there."""
        there = {found["urn"] for found in self.resources}
        absent = [urn for urn in references(resource) if urn not in there]
        if resource.get("provider") and self.provider(resource) is None:
            absent.append(str(resource["provider"]))
        return sorted(set(absent))

    def gone(self, resource: Json) -> str:
        """Let go of a resource whose object is not there, as the engine does; returns what was done.

        One that others still refer to stays as `pendingReplacement`: deleted, to be made anew.
        """
        others = (other for other in self.resources if other is not resource and other["urn"] != resource["urn"])
        if not resource.get("delete") and any(resource["urn"] in references(other) for other in others):
            resource["pendingReplacement"] = True
            return "others still refer to it: the next `up` makes it anew"
        self.resources[:] = [found for found in self.resources if found is not resource]
        return "the state forgets it"

    def add(self, resource: Json) -> None:
        """A resource that was created, in place of one that it replaces."""
        old = self.find(resource["urn"])
        if old is not None and old.get("pendingReplacement"):
            self.resources[:] = [found for found in self.resources if found is not old]
        elif old is not None:
            old["delete"] = True
        self.resources.append(resource)
        self.resources[:] = self._ordered()

    def _ordered(self) -> list[Json]:
        """Everything after what it refers to, otherwise in the order it had."""
        by_urn: dict[str, list[Json]] = {}
        for found in self.resources:
            by_urn.setdefault(found["urn"], []).append(found)
        placed: list[Json] = []
        seen: set[int] = set()

        def place(resource: Json) -> None:
            if id(resource) in seen:
                return
            seen.add(id(resource))
            for urn in references(resource):
                for other in sorted(by_urn.get(urn, []), key=lambda found: bool(found.get("delete"))):
                    place(other)
            placed.append(resource)

        for found in self.resources:
            place(found)
        return placed


def references(resource: Json) -> set[str]:
    """URNs that a resource refers to."""
    return {urn for urn in _references(resource) if urn and urn != resource["urn"]}


def _references(resource: Json) -> Iterator[str]:
    yield str(resource.get("parent") or "")
    yield str(resource.get("provider") or "").rpartition("::")[0]
    yield str(resource.get("deletedWith") or "")
    yield from _urns(resource.get("dependencies"))
    yield from _urns(resource.get("replaceWith"))
    for urns in (resource.get("propertyDependencies") or {}).values():
        yield from _urns(urns)


def _urns(value: Any) -> list[str]:
    return [str(urn) for urn in value or []]
