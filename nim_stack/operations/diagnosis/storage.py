"""Failures of the place where the model is kept."""

import re
from collections.abc import Iterator

from nim_stack.base.documents import Json
from nim_stack.base.problems import Finding
from nim_stack.operations.diagnosis.failure import failure, sign, some
from nim_stack.operations.diagnosis.observed import ObservedDeployment, stated
from nim_stack.operations.diagnosis.provisioners import shared

_ELSEWHERE = ("ReadWriteOncePod", "volume node affinity", "PersistentVolume's node")
MOUNT_SECONDS = 45.0
"""Within this time a volume may still be attached and mounted as usual."""


def _pending(observed: ObservedDeployment) -> Iterator[tuple[str, Json]]:
    for name in observed.mounted_claims:
        claim = observed.claims.get(name)
        if claim is not None and claim.get("status", {}).get("phase") == "Pending":
            yield name, claim


def _events(observed: ObservedDeployment, claim: str, *reasons: str) -> list[str]:
    return [str(event) for event in observed.recent(*reasons) if event.about == ("PersistentVolumeClaim", claim)]


@failure(
    "claim-missing",
    "The claim does not exist",
    cause="The pods mount a PersistentVolumeClaim that is not in their namespace.",
    cure="Correct nim.storage.existingClaim, or make the claim.",
)
def claim_missing(observed: ObservedDeployment) -> Iterator[Finding]:
    if not observed.snapshot.read("claims") or observed.group is None:
        return
    for name in observed.mounted_claims:
        if name not in observed.claims:
            complaints = [
                f"{pod.name}: {stated(why)}" for pod in observed.pods if name in (why := pod.unscheduled or "")
            ]
            there = ", ".join(observed.claims) or "none"
            evidence = (f"claims in {observed.snapshot.namespace}: {there}", *some(complaints, 2))
            yield sign(f"the claim {name} is not there", evidence, "Correct nim.storage.existingClaim, or make it.")


@failure(
    "claim-for-one-node",
    "One node's claim for several nodes",
    cause="A claim with ReadWriteOnce is mounted on one node, one with ReadWriteOncePod in one pod; the others wait.",
    cure="Use a ReadWriteMany claim.",
)
def claim_for_one_node(observed: ObservedDeployment) -> Iterator[Finding]:
    wanted = observed.size * observed.replicas
    for name in observed.mounted_claims:
        modes = observed.claims.get(name, {}).get("spec", {}).get("accessModes") or []
        if wanted < 2 or not modes or {"ReadWriteMany", "ReadOnlyMany"} & set(modes):
            continue
        complaints = [f"{pod.name}: {stated(pod.unscheduled)}" for pod in observed.pods if pod.unscheduled
                and any(words in pod.unscheduled for words in _ELSEWHERE)]  # fmt: skip
        complaints += [str(event) for event in observed.recent("FailedAttachVolume", "FailedMount")
                 if "Multi-Attach" in event.message or "already used by" in event.message]  # fmt: skip
        if complaints or "ReadWriteOncePod" in modes:
            seen = f"claim {name}: accessModes {', '.join(modes)}; {wanted} pods mount it"
            do = "Use a claim or class with ReadWriteMany (nim.storage); a claim's mode cannot be changed."
            yield sign(f"{wanted} pods mount the claim {name}, which is for one", (seen, *some(complaints, 2)), do)


@failure(
    "class-missing",
    "The storage class does not exist",
    cause="Nothing provisions a claim whose class is not there.",
    cure="Correct nim.storage.storageClass: `kubectl get storageclass`.",
)
def class_missing(observed: ObservedDeployment) -> Iterator[Finding]:
    there = [item["metadata"]["name"] for item in observed.snapshot.get("classes")]
    for name, claim in _pending(observed):
        wanted = claim["spec"].get("storageClassName")
        if observed.snapshot.read("classes") and wanted and wanted not in there:
            seen = (f"claim {name} is Pending; classes: {', '.join(there) or 'none'}",
                    *some(_events(observed, name, "ProvisioningFailed"), 1))  # fmt: skip
            do = f"Set nim.storage.storageClass to one of {', '.join(there)}, under another nim.name or after deleting "
            yield sign(f"there is no storage class {wanted}", seen, f"{do}the empty claim; or make the class.")


@failure(
    "class-for-one-node",
    "The storage class cannot do ReadWriteMany",
    cause="It makes disks, which one node at a time mounts; the claim stays Pending.",
    cure="Use a class for shared files, such as NFS, EFS, Filestore, Azure Files, CephFS or Lustre.",
)
def class_for_one_node(observed: ObservedDeployment) -> Iterator[Finding]:
    classes = {item["metadata"]["name"]: item for item in observed.snapshot.get("classes")}
    for name, claim in _pending(observed):
        if "ReadWriteMany" not in (claim["spec"].get("accessModes") or []):
            continue
        its_class = classes.get(claim["spec"].get("storageClassName") or "")
        complaints = _events(observed, name, "ProvisioningFailed")
        able, what = shared(its_class) if its_class else (None, "")
        refused = [
            text for text in complaints if re.search(r"(?i)access ?mode|ReadWriteMany|MULTI_NODE|only support", text)
        ]
        if its_class and (refused or (able is False and complaints)):
            class_name = its_class["metadata"]["name"]
            pending = f"claim {name} is Pending; class {class_name}: {its_class['provisioner']} ({what})"
            seen = (pending, *some(refused or complaints, 2))
            do = "Set nim.storage.storageClass to a class for shared files: NFS, EFS, Filestore, Azure Files, CephFS."
            yield sign(f"the class {class_name} cannot do ReadWriteMany", seen, do)


@failure(
    "claim-pending",
    "The claim is not provisioned",
    cause="The provisioner of the class refuses or does not answer.",
    cure="The event says what it wants; without one, see whether the provisioner's pods run.",
)
def claim_pending(observed: ObservedDeployment) -> Iterator[Finding]:
    classes = {item["metadata"]["name"]: item for item in observed.snapshot.get("classes")}
    for name, claim in _pending(observed):
        its_class = classes.get(claim["spec"].get("storageClassName") or "")
        age = observed.age(claim["metadata"]["creationTimestamp"])
        complaints = _events(observed, name, "ProvisioningFailed")
        waits = its_class is not None and its_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        silent = age > 120 and its_class is not None and not (waits and any(pod.unscheduled for pod in observed.pods))
        if (complaints and age > 30) or silent:
            provisioner = (
                its_class["provisioner"] if its_class else "none, as the claim names no class and there is no default"
            )
            seen = (f"claim {name} is Pending for {age:.0f} s; provisioner: {provisioner}", *some(complaints, 2))
            yield sign(f"nothing provisions the claim {name}", seen, "See the provisioner's pods and the events.")
        elif its_class is None and not claim["spec"].get("storageClassName") and age > 30:
            yield sign(
                f"the claim {name} has no class", (f"claim {name} is Pending; no default class",), "Name a class."
            )


@failure(
    "mount-failed",
    "A volume cannot be mounted",
    cause="The node cannot attach or mount what a pod needs, so that its containers do not start.",
    cure="The event says why: a missing driver or mount helper on the node, a file server that does not answer, "
    "a ConfigMap or Secret that is not there.",
)
def mount_failed(observed: ObservedDeployment) -> Iterator[Finding]:
    for pod in observed.everyone:
        if pod.phase != "Pending" or not pod.node or observed.age(pod.created) < MOUNT_SECONDS:
            continue
        found = [
            str(event) for event in observed.events_of(pod, "FailedMount", "FailedAttachVolume", "FailedMapVolume")
        ]
        found = [text for text in found if "Multi-Attach" not in text]
        if found:
            yield sign(f"{pod.name} cannot mount its volumes on {pod.node}", some(found, 3), "See the event's words.")
            return


@failure(
    "disk-full",
    "There is no space left",
    cause="The claim, the node's disk or the pod's limit of ephemeral storage is full.",
    cure="Make the claim larger (nim.storage.size, where the class allows it), or clear old models from the cache.",
)
def disk_full(observed: ObservedDeployment) -> Iterator[Finding]:
    seen = [hit.evidence for hit in observed.hits_of("disk-full")]
    for pod in observed.everyone:
        words = pod.raw["status"].get("message", "")
        if pod.raw["status"].get("reason") == "Evicted" and ("ephemeral" in words or "EmptyDir" in words):
            seen.append(f"{pod.name} was evicted: {stated(words)}")
    seen += [str(event) for event in observed.recent("Evicted", seconds=900)
             if "ephemeral" in event.message or "EmptyDir" in event.message]  # fmt: skip
    if seen:
        sizes = [f"claim {name}: {observed.claims[name].get('status', {}).get('capacity', {}).get('storage', '?')}"
                 for name in observed.mounted_claims if name in observed.claims]  # fmt: skip
        do = "Raise nim.storage.size (where the class allows expansion) or clear old models from the cache."
        yield sign("there is no space left for the model", (*some(seen, 3), *sizes), do)
