"""The namespace and the claim of the model cache."""

from collections.abc import Mapping
from types import MappingProxyType

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.manifests.pod_security import PodSecurityLevel


def namespace(name: str, deployment: str, *, adopt: bool, security: PodSecurityLevel) -> Manifest:
    """Its pods are held to a Pod Security Standard: that of the deployment's own, and none looser."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": names.labels(deployment) | {names.POD_SECURITY_LABEL: security},
            "annotations": _adoption(adopt),
        },
    }


def cache_claim(
    deployment: str,
    namespace: str,
    storage_class: str,
    size: str,
    *,
    adopt: bool,
    access_mode: str = "ReadWriteMany",
    annotations: Mapping[str, str] = MappingProxyType({}),
) -> Manifest:
    """One claim for all pods of all groups, so that the model is downloaded once.

    It is not awaited: the wait for a claim ends after five minutes whatever the timeout, and a class that binds at the
    first consumer has none yet. Pods wait for the claim themselves.
    """
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": names.cache_claim(deployment),
            "namespace": namespace,
            "labels": names.labels(deployment, names.CACHE_COMPONENT),
            "annotations": {**annotations, names.SKIP_AWAIT: "true", **_adoption(adopt)},
        },
        "spec": {
            "accessModes": [access_mode],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": size}},
        },
    }


def _adoption(adopt: bool) -> dict[str, str]:
    """An object kept from before belongs to the field manager of then; adopting it takes its fields over."""
    return {names.PATCH_FORCE: "true"} if adopt else {}
