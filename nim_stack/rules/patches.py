"""Rules on patches of the pods. A patch is for what no setting names, so that it must not change what one decides."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.base.problems import Finding
from nim_stack.manifests.patch import MERGE_KEYS, patched
from nim_stack.manifests.pods import ROLES, References, Role, patches, unpatched_template
from nim_stack.rules.overrides import JSON_LOGGING, OWNED_VARIABLES
from nim_stack.rules.pods import instead_of, owner
from nim_stack.rules.registry import rule
from nim_stack.rules.subject import Subject

_MODEL = ("spec", "containers", names.MODEL_CONTAINER)
_OWNED: dict[tuple[str, ...], str] = {
    ("metadata", "name"): "nothing, LWS names the pods",
    ("metadata", "namespace"): "nim.namespace",
    ("spec", "restartPolicy"): "nothing, a group restarts as one",
    ("spec", "hostname"): "nothing, LWS gives the names by which pods find each other",
    ("spec", "subdomain"): "nothing, LWS gives the names by which pods find each other",
    ("spec", "nodeName"): "nim.nodeSelector or nim.pods.affinity",
    ("spec", "hostNetwork"): "nim.pods.hostNetwork",
    ("spec", "dnsPolicy"): "nothing, workers find the leader by the cluster's DNS; spec.dnsConfig can be patched",
    ("spec", "terminationGracePeriodSeconds"): "nim.pods.terminationGracePeriodSeconds",
    ("spec", "tolerations"): "nim.pods.tolerations, since a patch would replace the whole list",
    ("spec", "affinity"): "nim.pods.affinity, since a patch would replace the terms that keep a group apart",
    ("spec", "resources"): "nim.resources",
    ("spec", "volumes", names.CACHE_VOLUME): "nim.storage",
    ("spec", "volumes", names.SHM_VOLUME): "nim.resources.shm",
    (*_MODEL, "name"): "nothing, the model container keeps its name",
    (*_MODEL, "image"): "nim.image",
    (*_MODEL, "command"): "nothing, the image's own entrypoint starts the model",
    (*_MODEL, "args"): "nim.passthroughArgs",
    (*_MODEL, "resources", "limits", names.GPU_RESOURCE): "nim.gpusPerNode",
    (*_MODEL, "resources", "requests", names.GPU_RESOURCE): "nim.gpusPerNode",
    (*_MODEL, "volumeMounts", names.CACHE_MOUNT): "nim.storage",
    (*_MODEL, "volumeMounts", names.SHM_MOUNT): "nothing, vLLM's processes share memory there",
    **{(*_MODEL, "env", name): instead for name, instead in OWNED_VARIABLES.items()},
    (*_MODEL, "env", JSON_LOGGING): "nothing, JSON logs fail in Ray workers",
}
_NOTHING = "nothing, "
_READS = frozenset({"nim.pods"})


def steps(subject: Subject) -> Iterator[tuple[Role, str, Manifest, Manifest]]:
    """Each patch of each role, with the template before it."""
    for role in ROLES:
        found = list(patches(subject.settings.pods, role))
        template = unpatched_template(subject.plan, References("any"), role) if found else {}
        for path, patch in found:
            yield role, path, patch, template
            template, _ = patched(template, patch)


def once(findings: Iterator[Finding]) -> Iterator[Finding]:
    """A patch of both roles is applied twice and judged once."""
    yield from {(found.path, str(found.given), found.why): found for found in findings}.values()


@rule(
    "NIM125",
    "A part of a patch has no effect",
    cause="A misspelt name in a patch makes a new entry or deletes nothing, without a word.",
    cure="Correct the name, or leave the part out. What exists in one role alone is patched under leader or worker.",
    reads=_READS,
)
def ineffective(subject: Subject) -> Iterator[Finding]:
    found: dict[tuple[str, str], list[tuple[Role, str, Finding]]] = {}
    for role, path, patch, template in steps(subject):
        for fault in patched(template, patch)[1]:
            where = f"{path}.{fault.path}" if fault.path else path
            finding = replace(fault, path=where)
            found.setdefault((where, fault.why), []).append((role, path, finding))
    for (role, path, finding), *more in found.values():
        of_one = path == "nim.pods.patch" and not more
        yield replace(finding, why=f"{finding.why} of the {role}") if of_one else finding


@rule(
    "NIM126",
    "A patch changes what the plan decides",
    cause="Sizes, arguments, variables, names and the network of a group fit each other, and deadlines and checks are "
    "computed from them. Changed by a patch, they would no longer.",
    cure="Use the setting that the message names.",
    reads=_READS,
)
def overruling(subject: Subject) -> Iterator[Finding]:
    yield from once(overruled(subject))


def overruled(subject: Subject) -> Iterator[Finding]:
    """The parts of the patches that change what the plan decides; a patch of both roles yields them twice."""
    for _, path, patch, before in steps(subject):
        after, _ = patched(before, patch)
        if _at(after, _MODEL) is None:
            yield Finding(f"{path}.{'.'.join(_MODEL)}", None, "it takes the model container away", "Leave it there.")
            continue
        yield from _metadata(path, before, after)
        yield from _ports(path, before, after)
        selected = {("spec", "nodeSelector", key): "nim.gpu or nim.nodeSelector" for key in _selector(before)}
        for place, instead in (selected | _OWNED).items():
            given = _at(after, place)
            if _at(before, place) != given:
                yield Finding(f"{path}.{'.'.join(place)}", _short(given), "the plan decides it", _use(instead))


def _metadata(path: str, before: Manifest, after: Manifest) -> Iterator[Finding]:
    for kind in ("labels", "annotations"):
        old, new = _at(before, ("metadata", kind)) or {}, _at(after, ("metadata", kind)) or {}
        for key in sorted(old.keys() | new.keys()):
            why = owner(key)
            if why is not None and old.get(key) != new.get(key):
                yield Finding(f"{path}.metadata.{kind}.{key}", new.get(key), why, instead_of(key))


def _ports(path: str, before: Manifest, after: Manifest) -> Iterator[Finding]:
    """Others can be added; those that are there keep number and name, by which Service and probes find them."""
    new = _at(after, _MODEL).get("ports", ())
    for port in _at(before, _MODEL)["ports"]:
        if port not in new:
            why = "Service, probes and workers use this port"
            yield Finding(f"{path}.spec.containers.nim.ports", port["containerPort"], why, "Use nim.ports.")


def _selector(template: Manifest) -> Manifest:
    return _at(template, ("spec", "nodeSelector")) or {}


def _use(instead: str) -> str:
    if instead.startswith(_NOTHING):
        return f"Leave it as it is: {instead.removeprefix(_NOTHING)}."
    return f"Use {instead}."


def _at(value: Any, place: tuple[str, ...]) -> Any:
    """What is there, or none; entries of a list by their merge key."""
    parent = ""
    for part in place:
        if isinstance(value, list):
            key = MERGE_KEYS[parent]
            value = next((entry for entry in value if entry.get(key) == part), None)
        elif isinstance(value, dict):
            value = value.get(part)
        parent = part
    return value


def _short(value: Any) -> Any:
    return value if isinstance(value, str | int | None) else "…"
