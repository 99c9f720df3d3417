"""Rules on settings of the pods: names, devices and identities that something else decides."""

import re
from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.base.quantity import Quantity
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import rule
from nim_stack.values.kubernetes.requests import is_whole
from nim_stack.values.kubernetes.spelling import LABEL_VALUE

PODS = frozenset({"nim.pods"})
_RESOURCES = frozenset({"nim.resources", "nim.pods"})
_RESOURCE_SETTINGS = {
    names.GPU_RESOURCE: "nim.gpusPerNode",
    "cpu": "resources.cpu",
    "memory": "resources.memory",
    "ephemeral-storage": "resources.ephemeralStorage",
}
_HUGE_PAGES = "hugepages-"
_CONTROLLERS = (names.LWS_PREFIX, "statefulset.kubernetes.io/", "apps.kubernetes.io/", "controller-revision-hash")


def owner(key: str) -> str | None:
    """What decides a label or annotation of the pods, when a stack must not."""
    if key in names.labels("any", "any"):
        return "it is the stack's own, and Services and selectors find the pods by it"
    if key in (names.KUEUE_QUEUE_LABEL, names.KAI_QUEUE_LABEL):
        return "schedulers read it on the LeaderWorkerSet as well, which would lack it"
    if key.startswith(_CONTROLLERS):
        return "the controllers of the pods set it"
    return None


def instead_of(key: str) -> str:
    """The setting for such a key."""
    settings = {
        names.KUEUE_QUEUE_LABEL: "Use nim.pods.queue.",
        names.KAI_QUEUE_LABEL: "Use nim.pods.queue.",
        names.EXCLUSIVE_TOPOLOGY: "Use nim.pods.exclusiveTopology.",
    }
    return settings.get(key, "Use another name, or leave it out.")


@rule(
    "NIM110",
    "A label or annotation has an owner",
    cause="The Service, LeaderWorkerSet and the StatefulSets find pods by their labels, and write some themselves. "
    "With another value the group would not be found, or the value would be lost.",
    cure="Use another name, or the setting that the message names.",
    reads=PODS,
)
def owned_metadata(resolved: Resolution) -> Iterator[Finding]:
    pods = resolved.settings.pods
    for path, fields in (("nim.pods", pods), ("nim.pods.leader", pods.leader), ("nim.pods.worker", pods.worker)):
        for kind, mapping in (("labels", fields.labels), ("annotations", fields.annotations)):
            for key, value in mapping.items():
                why = owner(key)
                if why is not None:
                    yield Finding(f"{path}.{kind}.{key}", value, why, instead_of(key))


@rule(
    "NIM111",
    "A resource that is planned with, unknown, or not whole",
    cause="GPUs, processors, memory and disk are planned with, and a second place for them would make the plan wrong. "
    "Devices are counted, and huge pages too. LeaderWorkerSet accepts pods with a part of one, which never appear.",
    cure="Use the setting that the message names. Other resources have a vendor's prefix, or are huge pages.",
    reads=_RESOURCES,
)
def planned_resources(resolved: Resolution) -> Iterator[Finding]:
    pods = resolved.settings.pods
    for path, resources in (
        ("nim.resources", resolved.settings.resources),
        ("nim.pods.leader.resources", pods.leader.resources),
        ("nim.pods.worker.resources", pods.worker.resources),
    ):
        for name, quantity in resources.extended.items() if resources else ():
            if name in _RESOURCE_SETTINGS:
                why = "the stack plans with this resource, which has a setting of its own"
                yield Finding(f"{path}.extended.{name}", quantity, why, f"Use {_RESOURCE_SETTINGS[name]}.")
            elif "/" not in name and not name.startswith(_HUGE_PAGES):
                why = "Kubernetes knows no resource of this name, and those of devices have a prefix"
                instead = "Use a name such as rdma/hca_shared or hugepages-2Mi (`kubectl describe node` lists them)."
                yield Finding(f"{path}.extended.{name}", quantity, why, instead)
            elif not is_whole(name, Quantity.parse(quantity)):
                why = "this amount is no whole number of devices or pages, and the API server refuses such a pod"
                instead = "Use a whole number of devices; for hugepages-<size> a multiple of the size."
                yield Finding(f"{path}.extended.{name}", quantity, why, instead)


@rule(
    "NIM113",
    "A device or annotation replaces one of the fabric",
    cause="The fabric sets it as its network needs it. The stack's own value is used instead.",
    cure="None is needed when that is meant.",
    severity="warning",
    reads=_RESOURCES | {"nim.fabric", "nim.catalog"},
)
def fabric_values(resolved: Resolution) -> Iterator[Finding]:
    fabric, pods = resolved.layout.fabric, resolved.settings.pods
    if resolved.settings.fabric is None or fabric is None:
        return
    places = [("nim.resources.extended", resolved.settings.resources.extended, fabric.resources)]
    places.append(("nim.pods.annotations", pods.annotations, fabric.annotations))
    for name, role in (("leader", pods.leader), ("worker", pods.worker)):
        extended = role.resources.extended if role.resources else {}
        places.append((f"nim.pods.{name}.resources.extended", extended, fabric.resources))
        places.append((f"nim.pods.{name}.annotations", role.annotations, fabric.annotations))
    for path, mine, theirs in places:
        for key in sorted(mine.keys() & theirs.keys()):
            if mine[key] != theirs[key]:
                why = f"it replaces {theirs[key]!r}, which the fabric {fabric.name} needs"
                yield Finding(f"{path}.{key}", mine[key], why, "Leave it out unless that is meant.")


@rule(
    "NIM114",
    "Ids where the cluster gives them",
    cause="OpenShift's restricted-v2 takes user, group and fsGroup from the namespace's range and refuses others.",
    cure="Leave the ids out, or assignedByCluster.",
    reads=frozenset({"nim.podSecurity"}),
)
def assigned_ids(resolved: Resolution) -> Iterator[Finding]:
    security = resolved.settings.pod_security
    if not security.assigned_by_cluster:
        return
    for name, alias in (("run_as_user", "runAsUser"), ("run_as_group", "runAsGroup"), ("fs_group", "fsGroup")):
        if name in security.model_fields_set:
            why = "podSecurity.assignedByCluster = true leaves it to the cluster"
            yield Finding(f"nim.podSecurity.{alias}", getattr(security, name), why, "Leave one of the two out.")


@rule(
    "NIM116",
    "A toleration that Kubernetes does not take",
    cause="Seconds belong to evictions alone, that is to NoExecute; a toleration of any value has none of its own; "
    "one of every key must say so with Exists; Gt and Lt compare whole numbers, and a taint's value is one of a label.",
    cure="Write it as the message says.",
    reads=PODS,
)
def tolerations(resolved: Resolution) -> Iterator[Finding]:
    pods = resolved.settings.pods
    for path, fields in (("nim.pods", pods), ("nim.pods.leader", pods.leader), ("nim.pods.worker", pods.worker)):
        for position, one in enumerate(fields.tolerations):
            at, exists = f"{path}.tolerations.{position}", one.get("operator") == "Exists"
            if "tolerationSeconds" in one and one.get("effect") != "NoExecute":
                why = "these seconds delay an eviction, and only the effect NoExecute evicts"
                yield Finding(f"{at}.tolerationSeconds", one["tolerationSeconds"], why, "Set effect: NoExecute.")
            if exists and one.get("value"):
                why = "with operator Exists any value is tolerated"
                yield Finding(f"{at}.value", one["value"], why, "Leave it out, or use operator: Equal.")
            if not exists and not one.get("key"):
                why = "a toleration without a key means every taint, and only the operator Exists can say that"
                yield Finding(f"{at}.operator", one.get("operator"), why, "Set key, or operator: Exists.")
            yield from _compared(at, one.get("operator"), one.get("value", ""))


def _compared(at: str, operator: str | None, value: str) -> Iterator[Finding]:
    if operator in ("Gt", "Lt") and not re.fullmatch("-?(0|[1-9][0-9]*)", value):
        yield Finding(f"{at}.value", value, f"{operator} compares whole numbers", "Use one such as '5'.")
    elif operator in (None, "", "Equal") and not LABEL_VALUE.takes(value):
        why = "no taint has such a value"
        instead = "Use at most 63 letters, digits, -, _ and ., with a letter or a digit first and last."
        yield Finding(f"{at}.value", value, why, instead)
