"""Rules on the pods as they come out, whichever setting or patch a part is from: what the API server or the kubelet
would refuse. LeaderWorkerSet accepts such a template, and its pods never appear.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from nim_stack.base import names
from nim_stack.base.problems import Finding, choices
from nim_stack.manifests.pod_security import containers
from nim_stack.rules.registry import rule
from nim_stack.rules.subject import Subject

_READS = frozenset({"nim.pods", "nim.resources", "nim.storage", "nim.podSecurity"})


def _pods(subject: Subject) -> Iterator[tuple[str, dict[str, Any]]]:
    """Specs of both roles; one that a patch took away is the business of the rules on patches."""
    for role, template in subject.templates.items():
        yield f"nim.pods.{role}", template.get("spec") or {}


def _once(found: Iterable[tuple[str, Finding]]) -> Iterator[Finding]:
    """Findings, in which one that both roles have stands once and names both."""
    by_role: dict[tuple[object, ...], Finding] = {}
    for tail, finding in found:
        key = (tail, str(finding.given), finding.why)
        by_role[key] = replace(finding, path=f"nim.pods.{tail}") if key in by_role else finding
    yield from by_role.values()


def _finding(path: str, tail: str, given: object, why: str, instead: str) -> tuple[str, Finding]:
    return tail, Finding(f"{path}.{tail}", given, why, instead)


@rule(
    "NIM115",
    "Root is asked for and refused",
    cause="The kubelet does not start a container as user 0 while runAsNonRoot is true.",
    cure="Use another user; or set runAsNonRoot: false beside it, which takes the pods out of the restricted standard.",
    reads=_READS,
)
def root(subject: Subject) -> Iterator[Finding]:
    yield from _once(_roots(subject))


def _roots(subject: Subject) -> Iterator[tuple[str, Finding]]:
    for path, spec in _pods(subject):
        pod = spec.get("securityContext") or {}
        for container in containers(spec):
            own = pod | (container.get("securityContext") or {})
            if own.get("runAsNonRoot") and own.get("runAsUser") == 0:
                why = "the container would run as root, which runAsNonRoot: true forbids"
                instead = "Use a user from 1, or set runAsNonRoot: false beside it."
                yield _finding(path, f"{container['name']}.securityContext.runAsUser", 0, why, instead)


@rule(
    "NIM118",
    "Another container asks for GPUs",
    cause="The group's GPUs are those of the model container. Others would be held beside them, and the pod would need "
    "a larger node than was planned.",
    cure="Leave them out.",
    reads=_READS,
)
def other_gpus(subject: Subject) -> Iterator[Finding]:
    yield from _once(_other_gpus(subject))


def _other_gpus(subject: Subject) -> Iterator[tuple[str, Finding]]:
    for path, spec in _pods(subject):
        for container in containers(spec):
            resources = container.get("resources") or {}
            asked = (resources.get("limits") or {}) | (resources.get("requests") or {})
            if container["name"] != names.MODEL_CONTAINER and names.GPU_RESOURCE in asked:
                why = "the GPUs of a pod are those of the model container, as planned"
                given = asked[names.GPU_RESOURCE]
                yield _finding(path, f"{container['name']}.resources", given, why, "Leave them out.")


@rule(
    "NIM122",
    "Two things of one name",
    cause="Containers, volumes, claims and the mounts of a container are told apart by name or path, and the API "
    "server refuses a pod in which two are alike.",
    cure="Use another name for the stack's own.",
    reads=_READS,
)
def twice(subject: Subject) -> Iterator[Finding]:
    yield from _once(_twice(subject))


def _twice(subject: Subject) -> Iterator[tuple[str, Finding]]:
    for path, spec in _pods(subject):
        lists = [
            ("containers", [container["name"] for container in containers(spec)]),
            ("volumes", [volume["name"] for volume in spec.get("volumes", ())]),
            ("resourceClaims", [claim["name"] for claim in spec.get("resourceClaims", ())]),
        ]
        for container in containers(spec):
            mounts = [mount["mountPath"].rstrip("/") or "/" for mount in container.get("volumeMounts", ())]
            lists.append((f"{container['name']}.volumeMounts", mounts))
        for tail, found in lists:
            for name, count in Counter(found).items():
                if count > 1:
                    what = "mounts at this path" if tail.endswith("volumeMounts") else f"{tail} of this name"
                    other = "path" if tail.endswith("volumeMounts") else "name"
                    instead = f"Use another {other} for what nim.pods adds."
                    yield _finding(path, tail, name, f"a pod would have {count} {what}", instead)


@rule(
    "NIM123",
    "A mount or claim of nothing",
    cause="A container mounts volumes and uses claims of its pod by name; the API server refuses an unknown one.",
    cure="Add the volume or the claim, or correct the name.",
    reads=_READS,
)
def dangling(subject: Subject) -> Iterator[Finding]:
    yield from _once(_dangling(subject))


def _dangling(subject: Subject) -> Iterator[tuple[str, Finding]]:
    for path, spec in _pods(subject):
        volumes = [volume["name"] for volume in spec.get("volumes", ())]
        claims = [claim["name"] for claim in spec.get("resourceClaims", ())]
        for container in containers(spec):
            used = (container.get("resources") or {}).get("claims", ())
            for tail, kind, known, items in (
                ("volumeMounts", "volume", volumes, container.get("volumeMounts", ())),
                ("resources.claims", "resource claim", claims, used),
            ):
                for item in items:
                    if item.get("name") not in known:
                        there = (
                            f"Use {choices(dict.fromkeys(known))}, or add the {kind}." if known else f"Add the {kind}."
                        )
                        why = f"the pod has no {kind} of this name"
                        yield _finding(path, f"{container['name']}.{tail}", item.get("name"), why, there)


@rule(
    "NIM124",
    "A container without an image",
    cause="The API server refuses a pod with such a container.",
    cure="Set image; in a patch, correct the name when one that is there already was meant.",
    reads=_READS,
)
def no_image(subject: Subject) -> Iterator[Finding]:
    yield from _once(_no_image(subject))


def _no_image(subject: Subject) -> Iterator[tuple[str, Finding]]:
    for path, spec in _pods(subject):
        present = ", ".join(container["name"] for container in containers(spec) if container.get("image"))
        for container in containers(spec):
            if not container.get("image"):
                why = f"the container has no image; those that have one are {present}"
                yield _finding(path, container["name"], None, why, "Set its image, or correct the name.")
