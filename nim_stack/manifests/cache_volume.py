"""The model cache as pods see it: a volume of one of five kinds, and its mount."""

from typing import Literal

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.references import References
from nim_stack.settings.storage import PerPod


def cache_volume(plan: DeploymentPlan, references: References) -> Manifest:
    """The same volume for leader, workers and the download Job."""
    storage = plan.settings.storage
    if storage.nfs is not None:
        return {"name": names.CACHE_VOLUME, "nfs": {"server": storage.nfs.server, "path": storage.nfs.path}}
    if storage.host_path is not None:
        return {"name": names.CACHE_VOLUME, "hostPath": {"path": storage.host_path.path, "type": "Directory"}}
    if storage.per_pod is not None:
        return {"name": names.CACHE_VOLUME} | _own(plan, storage.per_pod)
    claim = references.cache_claim or storage.existing_claim or names.cache_claim(plan.settings.name)
    return {"name": names.CACHE_VOLUME, "persistentVolumeClaim": {"claimName": claim}}


def cache_mount(plan: DeploymentPlan, role: Literal["leader", "worker", "download"]) -> Manifest:
    """Where the cache is in the model container."""
    storage = plan.settings.storage
    mount: Manifest = {"name": names.CACHE_VOLUME, "mountPath": names.CACHE_MOUNT}
    if storage.sub_path is not None:
        mount["subPath"] = storage.sub_path
    if role != "download" and (storage.read_only or (storage.read_only_workers and role == "worker")):
        mount["readOnly"] = True
    return mount


def _own(plan: DeploymentPlan, own: PerPod) -> Manifest:
    """A limit on the emptyDir, so that one pod cannot fill the node's disk; where nothing is downloaded into it, only
    the one that was asked for."""
    if own.storage_class is None:
        size = plan.storage_size if plan.downloads else own.size
        return {"emptyDir": {"sizeLimit": size} if size else {}}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": own.storage_class,
        "resources": {"requests": {"storage": plan.storage_size}},
    }
    labels = names.labels(plan.settings.name, names.CACHE_COMPONENT)
    return {"ephemeral": {"volumeClaimTemplate": {"metadata": {"labels": labels}, "spec": spec}}}
