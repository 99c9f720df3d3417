"""Pods as their controllers make them, for the admission that only pods go through."""

from typing import Any

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from tests.deployments import Deployment

SIZE = f"{names.LWS_PREFIX}size"


def pods(deployment: Deployment, namespace: str) -> dict[str, Manifest]:
    """One pod of each role, and the download Job's, by what they are."""
    found = {manifest["kind"]: manifest for manifest in deployment.manifests}
    group = found["LeaderWorkerSet"]
    made = {
        "leader": _of_group(group, "leaderTemplate", namespace),
        "worker": _of_group(group, "workerTemplate", namespace),
    }
    if "Job" in found:
        job = found["Job"]["metadata"]["name"]
        labels = {"batch.kubernetes.io/job-name": job, "job-name": job}
        # As names are generated: at most 58 characters and five at random.
        pod = f"{job}-"[:58] + "abcde"
        made["download"] = _pod(found["Job"]["spec"]["template"], pod, namespace, labels, {})
    return made


def _of_group(group: Manifest, template: str, namespace: str) -> Manifest:
    """With the labels and annotations of LWS 0.9's controllers (its constructLeaderStatefulSetApplyConfiguration and
    constructWorkerStatefulSetApplyConfiguration); the rest, variables included, is its webhook's to add."""
    name, inner = group["metadata"]["name"], group["spec"]["leaderWorkerTemplate"]
    leader, topology = f"{name}-0", group["metadata"]["annotations"].get(names.EXCLUSIVE_TOPOLOGY)
    labels = {names.LWS_NAME_LABEL: name, f"{names.LWS_PREFIX}template-revision-hash": "abcdef"}
    annotations = {SIZE: str(inner["size"])} | ({names.EXCLUSIVE_TOPOLOGY: topology} if topology else {})
    if template == "leaderTemplate":
        pod = leader
        labels |= {names.LWS_WORKER_INDEX_LABEL: "0"}
    else:
        pod = f"{leader}-1"
        labels |= {names.LWS_GROUP_INDEX_LABEL: "0", names.LWS_GROUP_KEY_LABEL: "0" * 40}
        annotations |= {f"{names.LWS_PREFIX}leader-name": leader}
    labels |= {"apps.kubernetes.io/pod-index": pod.rpartition("-")[2], "statefulset.kubernetes.io/pod-name": pod}
    made = _pod(inner[template], pod, namespace, labels, annotations)
    made["spec"] = made["spec"] | {"hostname": pod, "subdomain": name}
    return made


def _pod(
    template: Manifest, name: str, namespace: str, labels: dict[str, str], annotations: dict[str, str]
) -> Manifest:
    given: dict[str, Any] = template["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": given
        | {"name": name, "namespace": namespace}
        | {"labels": given["labels"] | labels, "annotations": given.get("annotations", {}) | annotations},
        "spec": template["spec"],
    }
