"""The check of quotas: room for what the stack makes, and pods that say what a quota wants to be said.

A quota with scopes is left out: which pods it is for depends on more than the stack says.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.base.problems import Finding
from nim_stack.base.quantity import Quantity
from nim_stack.operations.doctor.charged import Defaults, add, of_container, of_pod
from nim_stack.operations.doctor.check import Preflight, check, ok, problem, unknown, warning
from nim_stack.operations.doctor.made import kind, made
from nim_stack.operations.observing.snapshot import Part
from nim_stack.settings.pods import Role

_SAID: Final = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
"""Where a quota has one of these, Kubernetes refuses a pod with any container, init containers included, that does not
set it. Of everything else, ephemeral storage too, a pod may be silent (validationSet and Constraints in Kubernetes'
pkg/quota/v1/evaluator/core/pods.go)."""
_SETTINGS: Final = {
    "cpu": "nim.resources.cpu",
    "requests.cpu": "nim.resources.cpu",
    "memory": "nim.resources.memory",
    "requests.memory": "nim.resources.memory",
    "limits.memory": "nim.resources.memory",
}
"""What sets it for the container of the model; for the others of a group a patch does, and for Jobs nothing."""
_READ: Final[Mapping[str, Part]] = {
    "services": "services",
    "secrets": "secrets",
    "persistentvolumeclaims": "claims",
    "jobs.batch": "jobs",
    "networkpolicies.networking.k8s.io": "policies",
    f"leaderworkersets.{names.LWS_GROUP}": "deployment",
}
"""Parts of a snapshot, by what a quota calls the kind of object."""


@check("quota")
def quota(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether the quotas of the namespace leave room for the stack, and admit containers as they are written."""
    if not preflight.snapshot.read("quotas"):
        yield unknown("quotas could not be read")
        return
    quotas = [item for item in preflight.snapshot.get("quotas") if not _scoped(item)]
    objects, defaults = made(preflight.plan), Defaults.of(preflight.snapshot.get("limits"))
    settings, mine = preflight.plan.settings, _mine(preflight)
    least = _needed(preflight, objects, defaults, settings.least_groups)
    most = _needed(preflight, objects, defaults, settings.most_groups)
    found = [_silent(preflight, item, objects, defaults) for item in quotas]
    found += [_full(item, least, mine) or _full_later(item, most, mine) for item in quotas]
    findings = [finding for finding in found if finding is not None]
    yield from findings or [ok(f"room in {len(quotas)} quotas" if quotas else "none")]


def _scoped(item: Json) -> bool:
    return bool(item["spec"].get("scopes") or item["spec"].get("scopeSelector"))


def _hard(item: Json) -> Mapping[str, str]:
    return item.get("status", {}).get("hard") or item["spec"].get("hard") or {}


def _silent(preflight: Preflight, item: Json, objects: Sequence[Json], defaults: Defaults) -> Finding | None:
    """Containers that do not set what a quota wants every container to set."""
    wanted = [resource for resource in _hard(item) if resource in _SAID]
    lacking: dict[str, list[str]] = {}
    ways: list[str] = []
    for role, spec in _pods(preflight, objects):
        for container in (*(spec.get("initContainers") or []), *spec["containers"]):
            name = container["name"]
            for resource in [each for each in wanted if each not in of_container(container, defaults)]:
                lacking.setdefault(resource, []).append(name)
                if name == names.MODEL_CONTAINER:
                    ways.append(_SETTINGS.get(resource, "nim.pods.patch"))
                elif role is not None:
                    ways.append(f"nim.pods.{role}.patch")
    if not lacking:
        return None
    which = "; ".join(f"{resource} ({', '.join(dict.fromkeys(silent))})" for resource, silent in lacking.items())
    what = f"quota {item['metadata']['name']} wants each container to set what these do not: {which}"
    if not preflight.snapshot.read("limits"):
        return unknown(f"{what}; whether a LimitRange sets it could not be read")
    ranges = "a LimitRange of the namespace give a default that suits the model, or use a quota without it."
    do = f"Set it ({', '.join(dict.fromkeys(ways))}), have {ranges}" if ways else f"Have {ranges}"
    return problem(f"{what}. Kubernetes refuses their pods", do)


def _pods(preflight: Preflight, objects: Sequence[Json]) -> Iterator[tuple[Role | None, Json]]:
    """Pod specs, each with its role in a group; a Job's has none."""
    yield "leader", preflight.specs["leader"]
    if preflight.plan.nodes > 1:
        yield "worker", preflight.specs["worker"]
    for item in objects:
        if item["kind"] == "Job":
            yield None, item["spec"]["template"]["spec"]


def _full(item: Json, needed: Mapping[str, Decimal], mine: Mapping[str, Decimal]) -> Finding | None:
    """The first resource of a quota of which too little is left for a start."""
    what = _too_little(item, needed, mine)
    return problem(what, "Raise the quota, or ask for less.") if what else None


def _full_later(item: Json, needed: Mapping[str, Decimal], mine: Mapping[str, Decimal]) -> Finding | None:
    """The same for the most groups that an autoscaler may make: a start does not need them."""
    what = _too_little(item, needed, mine)
    do = "Raise the quota, or lower nim.autoscaling.maxReplicas."
    return warning(f"{what} when the autoscaler makes the most groups", do) if what else None


def _too_little(item: Json, needed: Mapping[str, Decimal], mine: Mapping[str, Decimal]) -> str | None:
    for resource, hard in _hard(item).items():
        # Of the core group `count/pods` and `pods` are both possible; all others are counted as count/jobs.batch.
        key = resource.removeprefix("count/")
        if key not in needed:
            continue
        used = Quantity.parse((item.get("status", {}).get("used") or {}).get(resource, 0)).value - mine.get(key, 0)
        if used + needed[key] > Quantity.parse(hard).value:
            return f"quota {item['metadata']['name']}: {resource} {hard}, {used:,.0f} used, {needed[key]:,.0f} needed"
    return None


def _needed(preflight: Preflight, objects: Sequence[Json], defaults: Defaults, groups: int) -> dict[str, Decimal]:
    """What quotas count, for so many groups and the surge of an update, and for objects that are not there yet."""
    groups += preflight.plan.settings.rollout.max_surge
    found: dict[str, Decimal] = {}
    add(found, of_pod(preflight.specs["leader"], defaults), groups)
    add(found, of_pod(preflight.specs["worker"], defaults), groups * (preflight.plan.nodes - 1))
    if not preflight.deployed:
        add(found, {"services": Decimal(1)})  # LWS makes one, for the names of the pods
    for item in objects:
        what = kind(item).counted
        if not _there(preflight, what, item["metadata"]["name"]):
            add(found, {what: Decimal(1)})
            if what == "persistentvolumeclaims":
                add(found, {"requests.storage": Quantity.parse(preflight.plan.storage_size).value})
    return found


def _there(preflight: Preflight, what: str, name: str) -> bool:
    """Whether the stack's object is there; where that was not read, it is if the deployment is."""
    key = _READ.get(what)
    if key is None or not preflight.snapshot.read(key):
        return preflight.deployed
    return any(item["metadata"]["name"] == name for item in preflight.snapshot.get(key))


def _mine(preflight: Preflight) -> dict[str, Decimal]:
    """What this deployment's own pods are charged already; one that has ended is not."""
    found: dict[str, Decimal] = {}
    if preflight.deployed:
        for pod in preflight.observed.pods:
            if pod.phase not in ("Succeeded", "Failed"):
                add(found, of_pod(pod.spec))
    return found
