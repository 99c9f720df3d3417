"""Tensor parallel across nodes only with RDMA, or NVLink, between the nodes.

What counts as a sign of it is what pods need in order to use it: devices, interfaces, and NCCL's settings
(config/fabrics.yaml of nim_stack has each with its source).
"""

import re
from collections.abc import Mapping
from typing import Any

from nim_policy.images import matches
from nim_policy.objects import Resource
from nim_policy.pods import Json, Pods, gpus, group_size, is_group, option, pods_of, serving, variable, words
from nim_policy.values import NotKnownError, items, mapping, read, whole_number
from nim_policy.verdict import Verdict

VERBS = ("rdma/*", "*/*rdma*")
"""Extended resources of the RDMA shared device plugin, and of SR-IOV virtual functions as they are usually named.
NCCL's NCCL_IB_DISABLE turns off these; the others have a network plugin of their own."""
EFA = "vpc.amazonaws.com/efa"
GKE_INTERFACES = "networking.gke.io/interfaces"


def rdma_for_tensor_parallel(resource: Resource, config: Mapping[str, Any]) -> Verdict:
    """Groups whose tensor parallel size is greater than the GPUs of a pod, and whose pods have no RDMA.

    Args:
        resource: the resource to judge.
        config: `gpuResources` as in the GPU budget; `rdmaResources` and `rdmaAnnotations` are globs of further
            extended resources and annotations of pods that mean RDMA.
    """  # noqa: DOC501 (`judging` catches it and leaves the verdict open)
    verdict = Verdict()
    if not is_group(resource):
        return verdict
    with verdict.judging(f"Whether {resource.title} needs RDMA is not judged", resource.urn):
        leader, worker = pods_of(resource)
        if group_size(resource) == 1:
            return verdict
        names = list(config.get("gpuResources") or ["nvidia.com/gpu"])
        counts = [count for pods in (leader, worker) if (count := gpus(pods, names))]
        if not counts:
            raise NotKnownError("its pods ask for no GPU")
        per_pod = min(counts)
        tensor = _tensor_parallel(serving(leader))
        if tensor <= per_pod:
            return verdict
        missing: dict[str, list[str]] = {}
        for pods in (leader, worker):
            reason = _missing(pods, config)
            if reason:
                missing.setdefault(reason, []).append(pods.role)
        for reason, roles in missing.items():
            verdict.violated(
                f"{resource.title} has tensor parallel {tensor} and GPUs per pod: {per_pod}. So every token crosses "
                f"the network, and its {' and '.join(roles)} pods have no RDMA: {reason}. Use "
                f"tensor parallel {per_pod} with pipeline parallel across the nodes, or give the pods RDMA.",
                resource.urn,
            )
    return verdict


def _tensor_parallel(container: Json) -> int:
    """The size by NIM's variable, else by vLLM's option, else by the name of NIM's profile.

    Raises:
        NotKnownError: none of the three says it.
    """
    size = variable(container, "NIM_TENSOR_PARALLEL_SIZE") or option(words(container), "--tensor-parallel-size", "-tp")
    if size:
        return whole_number(size, "the tensor parallel size")
    profile = variable(container, "NIM_MODEL_PROFILE") or ""
    named = re.search(r"-tp([1-9][0-9]*)(?:-|$)", profile)
    if named is None:
        raise NotKnownError("no variable, no option and no name of a profile says the tensor parallel size")
    return int(named[1])


def _missing(pods: Pods, config: Mapping[str, Any]) -> str | None:
    """Why the pods of a template have no RDMA; None where they have it."""
    container = serving(pods)
    # NCCL's own settings; a pod that does not set them leaves them to the image.
    nccl = {name: variable(container, name) for name in ("NCCL_NET", "NCCL_IB_DISABLE", "NCCL_MNNVL_ENABLE")}
    if nccl["NCCL_MNNVL_ENABLE"] == "1" and items(pods.template, "spec", "resourceClaims"):
        return None
    if (nccl["NCCL_NET"] or "").lower() == "socket":
        return "NCCL_NET is Socket"
    annotations = pods.annotations
    if any(matches([name], config.get("rdmaAnnotations") or ()) for name in annotations):
        return None
    if GKE_INTERFACES in annotations and nccl["NCCL_NET"] == "gIB":
        return None
    asked = {**mapping(container, "resources", "requests"), **mapping(container, "resources", "limits")}
    if EFA in asked or matches(list(asked), config.get("rdmaResources") or ()):
        return None
    if not (matches(list(asked), VERBS) or _of_the_host(pods)):
        return "they ask for no RDMA device and no NVLink domain"
    return "NCCL_IB_DISABLE is 1" if nccl["NCCL_IB_DISABLE"] == "1" else None


def _of_the_host(pods: Pods) -> bool:
    """The node's own network and devices."""
    paths = [read(volume, "hostPath", "path") for volume in items(pods.template, "spec", "volumes")]
    return read(pods.template, "spec", "hostNetwork") is True and any(
        str(path).rstrip("/").startswith("/dev/infiniband") for path in paths if path
    )
