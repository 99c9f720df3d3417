"""Objects as the engine shows them to policies: numbers as floats, a type token, a URN with the components above."""

import json
from collections.abc import Mapping
from typing import Any

from nim_policy.objects import Resource
from nim_policy.verdict import Verdict

from tests.deployments import deployment

COMPONENTS = {
    "Namespace": "nim-stack:index:NimStack",
    "PersistentVolumeClaim": "nim-stack:index:NimStack$nim-stack:index:ModelCache",
    "LeaderWorkerSet": "nim-stack:index:NimStack$nim-stack:index:MultiNodeNim",
}
"""Kind → the components above it in a stack of nim_stack."""


def seen(manifest: Mapping[str, Any], *, parents: str | None = None, protect: bool = False) -> Resource:
    """A manifest as a resource. Its parents are nim_stack's components unless others are named; "" for none."""
    group, slash, version = manifest["apiVersion"].rpartition("/")
    kind = manifest["kind"]
    token = f"kubernetes:{group}/{version}:{kind}" if slash else f"kubernetes:core/{version}:{kind}"
    above = COMPONENTS.get(kind, "nim-stack:index:NimStack") if parents is None else parents
    name = manifest["metadata"].get("name", "made")
    urn = f"urn:pulumi:dev::project::{above + '$' if above else ''}{token}::{name}"
    return Resource(token, urn, json.loads(json.dumps(manifest), parse_int=float), protect)


def stack(name: str) -> list[Resource]:
    """The objects of one of the deployments that all tests know."""
    return [seen(manifest) for manifest in deployment(name).manifests]


def texts(verdict: Verdict) -> list[str]:
    """Violations, each without its place."""
    return [remark.text for remark in verdict.violations]


def open_texts(verdict: Verdict) -> list[str]:
    """What was not judged."""
    return [remark.text for remark in verdict.not_judged]


def group(name: str = "nim", **changes: Any) -> dict[str, Any]:
    """A LeaderWorkerSet of another program: 2 groups of 4 pods with 8 GPUs.

    Args:
        changes: `container` and `pod` add to the container and the pod spec, `spec` to the spec of the set.
    """
    container = {
        "name": "engine",
        "image": "registry.example/vllm:1",
        "resources": {"limits": {"nvidia.com/gpu": "8"}},
        **changes.get("container", {}),
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **changes.get("pod", {})}}
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": name, "namespace": "models"},
        "spec": {
            "replicas": 2,
            "leaderWorkerTemplate": {"size": 4, "workerTemplate": template},
            **changes.get("spec", {}),
        },
    }


def of(kind: str, api: str, spec: dict[str, Any], name: str = "nim", **metadata: Any) -> dict[str, Any]:
    """Another object in the namespace of `group`."""
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": "models", **metadata},
        "spec": spec,
    }


def unknown(resource: Resource, *path: str | int) -> Resource:
    """The same resource, with the value at a path not known before the update."""
    from nim_policy.values import UNKNOWN

    props = json.loads(json.dumps(resource.props))
    place = props
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = UNKNOWN
    return Resource(resource.type, resource.urn, props, resource.protect)
