"""Manifests as arguments of resources."""

from typing import Any

import pulumi

from nim_stack.base.documents import Manifest


def placed(manifest: Manifest, namespace: pulumi.Output[str]) -> dict[str, Any]:
    """Metadata and spec, in a namespace that may be known only later; everything else is known at preview."""
    metadata: Manifest = manifest["metadata"]
    return {"metadata": namespace.apply(lambda space: metadata | {"namespace": space}), "spec": manifest["spec"]}
