"""Weights retained: the claim of the model cache outlives `pulumi destroy`.

The engine does not tell policies whether a resource has `retainOnDelete` (`AnalyzerResourceOptions` of Pulumi's
analyzer.proto has `protect`, and no such field). A claim that nim_stack makes and retains has an annotation, with which
the next update adopts it: that is what is read. A claim of another program is retained as far as it is protected, and
is not judged otherwise.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from nim_policy.objects import Resource, of_kind
from nim_policy.pods import is_group, pods_of
from nim_policy.values import items, read
from nim_policy.verdict import Verdict

ADOPTED = "pulumi.com/patchForce"
"""Annotation of what nim_stack retains (`nim.storage.retain`)."""
MODEL_CACHE = "nim-stack:index:ModelCache"
"""nim_stack's component that makes the claim."""
NIM_STACK = "nim-stack:index:NimStack"
"""nim_stack's component that makes the namespace."""


def weights_retained(resources: Iterable[Resource], config: Mapping[str, Any]) -> Verdict:
    """Claims of this stack that hold weights and go with it, and namespaces that take them along.

    Args:
        resources: all resources of the stack.
        config: none of its keys is read.
    """
    del config
    verdict = Verdict()
    resources = list(resources)
    mounted = _mounted(resources, verdict)
    for claim in of_kind(resources, "core", "PersistentVolumeClaim"):
        with verdict.judging(f"Whether {claim.title} is retained is not judged", claim.urn):
            if MODEL_CACHE in claim.parents or (claim.namespace, claim.name) in mounted:
                _judge(claim, resources, verdict)
    return verdict


def _judge(claim: Resource, resources: list[Resource], verdict: Verdict) -> None:
    if claim.protect:
        return
    if read(claim.annotations, ADOPTED) != "true":
        if MODEL_CACHE in claim.parents:
            verdict.violated(
                f"{claim.title} holds the weights and is deleted with the stack, so that they have to be downloaded "
                "again. Set nim.storage.retain to true.",
                claim.urn,
            )
        else:
            verdict.left_open(
                f"Whether {claim.title} has retainOnDelete is not judged: the engine does not tell policies. A claim "
                "that is protected is not asked about.",
                claim.urn,
            )
        return
    for namespace in of_kind(resources, "core", "Namespace"):
        if NIM_STACK not in namespace.parents or namespace.protect or namespace.name != claim.namespace:
            continue
        if read(namespace.annotations, ADOPTED) != "true":
            verdict.violated(
                f"{namespace.title} is deleted with the stack, and {claim.title} and the weights with it. Set "
                "nim.storage.retain to true.",
                namespace.urn,
            )


def _mounted(resources: list[Resource], verdict: Verdict) -> set[tuple[str, str]]:
    """Namespace and name of the claims that groups of this stack mount."""
    found: set[tuple[str, str]] = set()
    for group in filter(is_group, resources):
        with verdict.judging(f"Which claims {group.title} mounts is not known", group.urn):
            for pods in pods_of(group):
                for volume in items(pods.template, "spec", "volumes"):
                    name = read(volume, "persistentVolumeClaim", "claimName")
                    if name:
                        found.add((group.namespace, str(name)))
    return found
