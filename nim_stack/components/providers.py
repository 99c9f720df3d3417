"""Connections to the cluster: one for what the stack creates, one for what it may find there.

The second adopts objects that exist (`upsert_existing_objects`) and is used only for what outlives a stack: CRDs, the
namespace, the claim. Everything else is created by the first, which refuses a name that is taken instead of taking
over somebody else's object in silence (pulumi/pulumi-kubernetes#2926).
"""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from nim_stack.settings import Cluster


@dataclass(frozen=True)
class Connections:
    """Two providers of one cluster."""

    creating: k8s.Provider
    adopting: k8s.Provider


def connect(name: str, cluster: Cluster | None = None, parent: pulumi.Resource | None = None) -> Connections:
    """Providers for the kubeconfig and context of the settings, else those of KUBECONFIG."""
    chosen = cluster or Cluster()

    def provider(suffix: str, adopt: bool) -> k8s.Provider:
        return k8s.Provider(
            f"{name}-{suffix}",
            kubeconfig=chosen.kubeconfig,
            context=chosen.context,
            # A rotated key would otherwise replace a Secret with a fixed name: delete first, then create.
            enable_secret_mutable=True,
            upsert_existing_objects=adopt,
            opts=pulumi.ResourceOptions(parent=parent),
        )

    return Connections(creating=provider("cluster", False), adopting=provider("cluster-adopting", True))
