"""Manifests as arguments of resources, and names that are known before the resource is."""

from typing import Any

import pulumi
from pulumi.output import contains_unknowns

from nim_stack.base.documents import Manifest


def placed(manifest: Manifest, namespace: pulumi.Output[str]) -> dict[str, Any]:
    """Metadata and spec, in a namespace that may be known only later; everything else is known at preview."""
    metadata: Manifest = manifest["metadata"]
    return {"metadata": namespace.apply(lambda space: metadata | {"namespace": space}), "spec": manifest["spec"]}


def once_made(resource: pulumi.Resource, name: str) -> pulumi.Output[str]:
    """The name that the resource was given, for what has to wait for the resource.

    The outputs of a resource are unknown in a preview whose provider is not configured yet, as that of a cluster which
    the same program makes. The name is known from the plan, and the URN, which always is known, carries the order.
    """
    return resource.urn.apply(lambda _: name)


def unknown(value: object) -> bool:
    """Whether a value that an Output gave in a preview stands for one that is not known yet."""
    return bool(contains_unknowns(value))
