"""The LWS release manifest as objects in the order in which they can be created."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import yaml

from nim_stack.base import names
from nim_stack.base.errors import InputError

_YAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The manifest has 2.8 MB, most of it CRD schemas: libyaml reads it in 0.2 s."""
_CRD = "CustomResourceDefinition"
_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


class ReleaseError(InputError):
    """The manifest is not one that can be installed."""


@dataclass(frozen=True)
class Release:
    """Objects of a release, in layers: each needs the ones before it."""

    namespaces: tuple[dict[str, Any], ...]
    crds: tuple[dict[str, Any], ...]
    foundations: tuple[dict[str, Any], ...]
    """ServiceAccounts, roles and their bindings, ConfigMaps, Secrets and Services: what the controller needs to run."""
    workloads: tuple[dict[str, Any], ...]
    webhooks: tuple[dict[str, Any], ...]
    """Last, so that they are there only when somebody answers: every one of them fails closed."""

    @property
    def objects(self) -> tuple[dict[str, Any], ...]:
        """All objects, in the order in which they can be created."""
        return tuple(item for layer in fields(self) for item in getattr(self, layer.name))


def parse_release(text: str) -> Release:
    """The objects of the manifest.

    Raises:
        ReleaseError: when it is not a manifest of LWS 0.9 or newer.
    """
    documents = _documents(text)
    _refuse_other_than_lws(documents)
    return Release(
        namespaces=tuple(item for item in documents if item["kind"] == "Namespace"),
        crds=tuple(_forced(_undescribed(item)) for item in documents if item["kind"] == _CRD),
        foundations=tuple(
            _unawaited(item) if item["kind"] == "Service" else item
            for item in documents
            if item["kind"] not in ("Namespace", _CRD, "Deployment", *_WEBHOOKS)
        ),
        workloads=tuple(item for item in documents if item["kind"] == "Deployment"),
        webhooks=tuple(_awaited(item) for item in documents if item["kind"] in _WEBHOOKS),
    )


def _documents(text: str) -> list[dict[str, Any]]:
    """The Kubernetes objects of a manifest.

    Raises:
        ReleaseError: it is not YAML, or something in it is no Kubernetes object.
    """
    try:
        documents = [document for document in yaml.load_all(text, Loader=_YAML) if document]
    except yaml.YAMLError as error:
        raise ReleaseError(f"it is not YAML: {error}") from error
    if not all(isinstance(document, dict) and {"kind", "metadata"} <= document.keys() for document in documents):
        raise ReleaseError("not every document in it is a Kubernetes object")
    return documents


def _refuse_other_than_lws(documents: list[dict[str, Any]]) -> None:
    """Refuse a manifest without LeaderWorkerSet, or with one that is too old.

    Raises:
        ReleaseError: it is either of the two.
    """
    crd = next((item for item in documents if item["kind"] == _CRD and item["metadata"]["name"] == names.LWS_CRD), None)
    if crd is None:
        raise ReleaseError(f"it does not define {names.LWS_CRD}")
    if not _observes_generations(crd):
        raise ReleaseError(
            "it is older than LWS 0.9: its status has no observedGeneration, so that nothing could tell a finished "
            "update from one that has not begun"
        )


def taking_over(release: Release) -> Release:
    """The same objects, each of which takes its fields over from whoever applied them before."""
    return Release(*(tuple(_forced(item) for item in getattr(release, layer.name)) for layer in fields(Release)))


def resource_name(item: Mapping[str, Any]) -> str:
    """Name of the object inside the stack: kind and name, which is unique within a release."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", item["kind"]).lower()
    return f"{kind}-{item['metadata']['name']}"


def resource_type(item: Mapping[str, Any]) -> str:
    """Type token of the resource plugin: `kubernetes:<group>/<version>:<kind>`, the core group spelt out."""
    version = item["apiVersion"]
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{item['kind']}"


def _observes_generations(crd: Mapping[str, Any]) -> bool:
    versions = crd["spec"]["versions"]
    status = [version["schema"]["openAPIV3Schema"]["properties"].get("status", {}) for version in versions]
    return any("observedGeneration" in schema.get("properties", {}) for schema in status)


def _undescribed(value: Any, names_of_fields: bool = False) -> Any:
    """A CRD without the prose of its schemas, 78 % of its size: the engine keeps every object several times over in its
    state, writes it after each step, and sends it at each preview. Only `kubectl explain` loses by it.
    """
    if isinstance(value, list):
        return [_undescribed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _undescribed(item, key == "properties" and not names_of_fields)
        for key, item in value.items()
        if names_of_fields or key != "description" or not isinstance(item, str)
    }


def _annotated(item: dict[str, Any], key: str, value: str) -> dict[str, Any]:
    metadata = item["metadata"]
    return item | {"metadata": metadata | {"annotations": (metadata.get("annotations") or {}) | {key: value}}}


def _forced(item: dict[str, Any]) -> dict[str, Any]:
    """What outlives the stack, CRDs always: the next one takes its fields over."""
    return _annotated(item, names.PATCH_FORCE, "true")


def _unawaited(service: dict[str, Any]) -> dict[str, Any]:
    """The Deployment waits for the Services and carries the wait; theirs would add ten seconds without a pod."""
    return _annotated(service, names.SKIP_AWAIT, "true")


def _awaited(webhook: dict[str, Any]) -> dict[str, Any]:
    """The controller's Deployment is available before its webhooks are: its readiness is a plain ping, and the
    certificate comes later (LWS 0.9, cmd/main.go). The CA bundle is the sign that it came."""
    return _annotated(webhook, names.WAIT_FOR, "jsonpath={.webhooks[*].clientConfig.caBundle}")
