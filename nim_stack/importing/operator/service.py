"""A NIMService, and the NIMCache that it names, to settings."""

from collections.abc import Sequence
from typing import Any

from nim_stack.importing import forms
from nim_stack.importing.draft import Draft
from nim_stack.importing.keys import withhold
from nim_stack.importing.operator.access import take_access
from nim_stack.importing.operator.cache import keep_claim, take_cache, take_claim, take_job
from nim_stack.importing.operator.rows import CACHE_ROWS, SERVICE_ROWS
from nim_stack.importing.reading import UnreadableFileError
from nim_stack.importing.rows import Document
from nim_stack.importing.shared import (
    ask_missing,
    container,
    different_name,
    note_unknown,
    take_image,
    take_node_selector,
    take_resources,
)
from nim_stack.importing.sizes import profile_note
from nim_stack.importing.storage import has_place, take_read_only
from nim_stack.importing.variables import take_proxy, take_variables

GROUP = "apps.nvidia.com"
HOLDER = "the object in the cluster"


def take_objects(draft: Draft, objects: Sequence[dict[str, Any]]) -> None:
    """The one NIMService among Kubernetes objects, into the draft.

    Raises:
        UnreadableFileError: when there is none, or more than one.
    """
    objects = [withhold(draft, item) for item in objects]
    services = [item for item in objects if _is(item, "NIMService")]
    if len(services) != 1:
        found = ", ".join(sorted(str(item.get("kind", "no kind")) for item in objects))
        raise UnreadableFileError(
            f"A stack is made from one NIMService, and here are {len(services)} (found: {found})."
        )
    service = Document(_relevant(services[0]), SERVICE_ROWS)
    wanted = service.get("spec.storage.nimCache.name")
    caches = [item for item in objects if _is(item, "NIMCache")]
    cache = next((item for item in caches if forms.mapping(item.get("metadata")).get("name") == wanted), None)
    for item in objects:
        if item is not services[0] and item is not cache:
            name = f"{item.get('kind', 'object')}/{forms.mapping(item.get('metadata')).get('name', '')}"
            draft.drop(name, None, "neither the NIMService nor the NIMCache that it names")
    _take(draft, service, Document(_relevant(cache), CACHE_ROWS, "NIMCache ") if cache else None)


def _is(item: dict[str, Any], kind: str) -> bool:
    return item.get("kind") == kind and str(item.get("apiVersion", "")).startswith(f"{GROUP}/")


def _relevant(item: dict[str, Any]) -> dict[str, Any]:
    """Without status and without what the API server adds to metadata."""
    metadata = forms.mapping(item.get("metadata"))
    return {
        "metadata": {name: metadata[name] for name in ("name", "namespace") if name in metadata},
        "spec": forms.mapping(item.get("spec")),
    }


def _take(draft: Draft, service: Document, cache: Document | None) -> None:
    _take_names(draft, service)
    _take_sizes(draft, service)
    take_image(draft, service, "spec.image.repository", "spec.image.tag", "the operator requires one")
    service.move(draft)
    if service.has("spec.env"):
        take_variables(draft, "spec.env", service.get("spec.env"))
    take_proxy(draft, service)
    take_resources(draft, service, "spec.resources")
    _default_gpus(draft, service)
    _take_pods(draft, service)
    take_access(draft, service)
    if cache is not None:
        take_cache(draft, cache)
        note_unknown(draft, cache, "field of a NIMCache")
    _take_profile(draft, service)
    _take_storage(draft, service, cache)
    note_unknown(draft, service, "field of a NIMService")
    ask_missing(draft, [("model", "neither image nor NIMCache says it; give --model")])


def _take_names(draft: Draft, service: Document) -> None:
    name, namespace = service.get("metadata.name"), service.get("metadata.namespace")
    if not forms.is_unset(name):
        draft.take("metadata.name", name, "name", different_name(str(name)), service.says("metadata.name"))
    if not forms.is_unset(namespace):
        draft.take("metadata.namespace", namespace, "namespace", namespace)
        why = service.says("metadata.namespace")
        draft.take("metadata.namespace", namespace, "createNamespace", False, why)


def _take_sizes(draft: Draft, service: Document) -> None:
    multi_node = forms.mapping(service.get("spec.multiNode"))
    if service.get("spec.multiNode") is None:
        draft.take("spec.multiNode", None, "nodes", 1, "it is not there, so that one pod serves alone")
        return
    pipeline, tensor = (service.get(f"spec.multiNode.parallelism.{name}") for name in ("pipeline", "tensor"))
    if pipeline is not None:
        source = "spec.multiNode.parallelism.pipeline"
        draft.read(source, pipeline, "pipelineParallel", forms.count)
        draft.read(source, pipeline, "nodes", forms.count, "the operator makes as many pods as there are stages")
    if tensor is not None:
        draft.read("spec.multiNode.parallelism.tensor", tensor, "tensorParallel", forms.count)
    if "ray" not in multi_node:
        why = "the operator joins nodes by MPI without it, which is NIM 1.x; the stack does it by Ray, for NIM 2.x"
        draft.change("spec.multiNode.ray", None, why)


def _default_gpus(draft: Draft, service: Document) -> None:
    """The operator's own default is tensor parallel."""
    tensor = service.get("spec.multiNode.parallelism.tensor")
    if draft.get("gpusPerNode") is None and tensor is not None:
        source = "spec.multiNode.parallelism.tensor"
        why = "resources name no GPU, and this is the operator's default"
        draft.read(source, tensor, "gpusPerNode", forms.count, why)


def _take_profile(draft: Draft, service: Document) -> None:
    profile = service.get("spec.storage.nimCache.profile")
    if forms.is_unset(profile):
        return
    source = "spec.storage.nimCache.profile"
    if draft.get("tensorParallel") is not None:
        draft.drop(source, profile, "multiNode.parallelism decides the split, and one of the two can")
    else:
        draft.read(source, profile, "profile", forms.text, profile_note(str(profile)))


def _take_pods(draft: Draft, service: Document) -> None:
    if service.has("spec.nodeSelector"):
        take_node_selector(draft, "spec.nodeSelector", service.get("spec.nodeSelector"))
    if service.has("spec.podAffinity"):
        given = service.get("spec.podAffinity")
        draft.add("spec.podAffinity", given, "pods.affinity", {"podAffinity": given})
    for source, setting, default in (
        ("spec.userID", "podSecurity.runAsUser", 1000),
        ("spec.groupID", "podSecurity.runAsGroup", 2000),
        ("spec.groupID", "podSecurity.fsGroup", 2000),
    ):
        given = service.get(source)
        why = "" if given is not None else "the operator's default, to which the files of its cache belong"
        draft.read(source, default if given is None else given, setting, forms.count, why)
    for field, setting in (("initContainers", "pods.initContainers"), ("sidecarContainers", "pods.sidecars")):
        _take_containers(draft, service, f"spec.{field}", setting)
    _take_claims(draft, service)
    if forms.on(service.get("spec.multiNode.computeDomain.create")):
        draft.take("spec.multiNode.computeDomain.create", True, "pods.computeDomain", {})


def _take_containers(draft: Draft, service: Document, source: str, setting: str) -> None:
    given = service.get(source)
    if forms.is_unset(given):
        return
    try:
        containers = [container(item) for item in forms.objects(given)]
    except ValueError as error:
        draft.drop(source, given, str(error))
        return
    draft.add(source, [item.get("name") for item in containers], setting, containers)
    for item in given:
        secrets = forms.mapping(item.get("image")).get("pullSecrets")
        if secrets:
            draft.change(f"{source}[].image.pullSecrets", secrets, service.says(f"{source}[].image.pullSecrets"))


def _take_claims(draft: Draft, service: Document) -> None:
    for number, item in enumerate(forms.mappings(service.get("spec.draResources"))):
        for field in ("resourceClaimName", "resourceClaimTemplateName"):
            if item.get(field):
                claim = {"name": f"claim-{number}", field: item[field]}
                draft.add(f"spec.draResources[].{field}", item[field], "pods.resourceClaims", [claim])
        if item.get("claimCreationSpec"):
            source = "spec.draResources[].claimCreationSpec"
            draft.change(source, item["claimCreationSpec"], service.says(source))
        if item.get("requests"):
            source = "spec.draResources[].requests"
            draft.drop(source, item["requests"], service.says(source))


def _take_storage(draft: Draft, service: Document, cache: Document | None) -> None:
    """Exactly one of four places, by the operator's webhook."""
    name = service.get("spec.storage.nimCache.name")
    if has_place(draft):
        holder = cache or service
        keep_claim(draft, holder, f"{holder.get('metadata.name')}-pvc")
    elif not forms.is_unset(name) and cache is not None:
        take_job(draft, cache)
        take_claim(draft, cache, f"{name}-pvc")
    elif not forms.is_unset(name):
        why = "the claim that the operator makes for a NIMCache of this name; give the NIMCache too, or --claim"
        draft.take("spec.storage.nimCache.name", name, "storage.existingClaim", f"{name}-pvc", why)
    elif service.has("spec.storage.hostPath"):
        path = service.get("spec.storage.hostPath")
        draft.take("spec.storage.hostPath", path, "storage.hostPath.path", path)
    elif service.get("spec.storage.emptyDir") is not None:
        size = service.get("spec.storage.emptyDir.sizeLimit")
        why = "each pod downloads the model for itself at every start; --storage-class gives them one place"
        draft.take("spec.storage.emptyDir", service.get("spec.storage.emptyDir"), "storage.perPod", {}, why)
        if size is not None:
            draft.read("spec.storage.emptyDir.sizeLimit", size, "storage.perPod.size", forms.text)
    else:
        take_claim(draft, service, f"{service.get('metadata.name')}-pvc")
    if forms.on(service.get("spec.storage.readOnly")):
        take_read_only(draft, "spec.storage.readOnly")
