"""Images: none that can change under its name, and only those that are allowed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from nim_policy.objects import HELM_RELEASE, Resource
from nim_policy.pods import has_pods, pods_of
from nim_policy.values import mapping, mappings, read
from nim_policy.verdict import Verdict


@dataclass(frozen=True)
class Image:
    """A reference to an image: `registry.example:5000/team/name:tag@sha256:…`."""

    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def read(cls, reference: str) -> "Image":
        """A colon in the last part is the tag's; an earlier one is that of the registry's port."""
        rest, _, digest = reference.partition("@")
        path, slash, last = rest.rpartition("/")
        name, _, tag = last.partition(":")
        return cls(f"{path}{slash}{name}", tag or None, digest or None)

    @property
    def full_repository(self) -> str:
        """With the registry and the folder that container runtimes add to a short name."""
        first, slash, _ = self.repository.partition("/")
        if not slash:
            return f"docker.io/library/{self.repository}"
        return (
            self.repository if "." in first or ":" in first or first == "localhost" else f"docker.io/{self.repository}"
        )


def pinned_images(resource: Resource, config: Mapping[str, Any]) -> Verdict:
    """Images that can be another one tomorrow.

    Args:
        resource: the resource to judge.
        config: `require` is `tag` or `digest`; `movingTags` are globs of tags that move.
    """
    verdict = Verdict()
    digest = config.get("require") == "digest"
    moving = config.get("movingTags")
    moving = ["latest"] if moving is None else list(moving)
    for reference, places in _references(resource, verdict):
        image, begin = Image.read(reference), f"The image {reference} of {resource.title} ({places})"
        if image.digest:
            continue
        if image.tag is None:
            verdict.violated(f"{begin} has no tag, which means latest. Name a version, or a digest.", resource.urn)
        elif matches([image.tag], moving):
            verdict.violated(
                f"{begin} has the tag {image.tag}, which moves. Name a version, or a digest.", resource.urn
            )
        elif digest:
            verdict.violated(f"{begin} has no digest. Add @sha256: and the digest of the image.", resource.urn)
    return verdict


def allowed_images(resource: Resource, config: Mapping[str, Any]) -> Verdict:
    """Images outside of a list.

    Args:
        resource: the resource to judge.
        config: `images` are globs of references; without the list nothing is judged, and an empty one allows none.
    """
    verdict = Verdict()
    allowed = config.get("images")
    if allowed is None:
        return verdict
    for reference, places in _references(resource, verdict):
        image = Image.read(reference)
        full = image.full_repository + reference.removeprefix(image.repository)
        if not matches([reference, image.repository, full, image.full_repository], allowed):
            verdict.violated(
                f"The image {reference} of {resource.title} ({places}) is not allowed. Allowed are: "
                f"{', '.join(allowed) or 'none'}.",
                resource.urn,
            )
    return verdict


def matches(texts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether one of the texts is what one of the globs describes; `*` stands for a slash as well."""
    return any(fnmatchcase(text, pattern) for text in texts for pattern in patterns)


def _references(resource: Resource, verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Each image of an object's pods once, with the containers and volumes that have it."""
    found: dict[str, list[str]] = defaultdict(list)
    if resource.type == HELM_RELEASE:
        verdict.left_open(
            f"The images of {resource.title} are not seen: a Helm release hides its objects.", resource.urn
        )
    if has_pods(resource):
        with verdict.judging(f"The images of {resource.title} are not all judged", resource.urn):
            for pods in pods_of(resource):
                for kind, owner, reference in _of_template(pods.template):
                    place = " ".join(word for word in (pods.role, kind, owner) if word)
                    with verdict.judging(f"The image of {resource.title} ({place}) is not judged", resource.urn):
                        image = read(reference)
                        if image and place not in found[str(image)]:
                            found[str(image)].append(place)
    for image, places in found.items():
        yield image, ", ".join(places)


def _of_template(template: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Kind of place, its name, and the reference, which may be unknown."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for container in mappings(template, "spec", field):
            yield "container", str(container.get("name")), container.get("image")
    for volume in mappings(template, "spec", "volumes"):
        if "image" in volume:
            yield "volume", str(volume.get("name")), mapping(volume, "image").get("reference")
