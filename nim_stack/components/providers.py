"""Connections to the cluster: one for what the stack creates, one for what it may find there.

The second adopts objects that exist (`upsert_existing_objects`) and is used only for what outlives a stack: CRDs, the
namespace, the claim. Everything else is created by the first, which refuses a name that is taken instead of taking
over somebody else's object in silence (pulumi/pulumi-kubernetes#2926).
"""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from nim_stack.components.reach import ClusterProvider, Reach, provider_of, reach_of, told_kubeconfig
from nim_stack.settings import Cluster


@dataclass(frozen=True)
class Connections:
    """Two providers of one cluster."""

    creating: k8s.Provider
    adopting: k8s.Provider


@dataclass(frozen=True)
class Chosen:
    """The providers of a NimStack, its own or those of the caller."""

    creating: pulumi.ProviderResource
    adopting: pulumi.ProviderResource | None
    """None where the caller gave a provider and nothing that takes objects over."""


def connect(
    name: str,
    cluster: Cluster | None = None,
    parent: pulumi.Resource | None = None,
    kubeconfig: pulumi.Input[str] | None = None,
) -> Connections:
    """Providers for a kubeconfig, else for the kubeconfig and context of the settings, else for those of KUBECONFIG.

    Args:
        name: the providers are called `<name>-cluster` and `<name>-cluster-adopting`.
        cluster: `cluster` of the settings.
        parent: the component that the providers belong to.
        kubeconfig: content or path; it may be known only when `up` has made the cluster. `cluster` may then name a
            context of it.

    Raises:
        pulumi.RunError: an argument is of another kind, or two of them name a kubeconfig.
    """
    where = f"connect {name}"
    if cluster is not None and not isinstance(cluster, Cluster):
        raise pulumi.RunError(
            f"{where}: cluster is a {type(cluster).__name__}. It is the cluster of settings that have been read "
            "(nim_stack.settings.Cluster); the content or path of a kubeconfig is the argument kubeconfig."
        )
    chosen = cluster or Cluster()
    if kubeconfig is not None and chosen.kubeconfig is not None:
        raise pulumi.RunError(
            f"{where}: the argument kubeconfig and nim.cluster.kubeconfig = {chosen.kubeconfig!r} both name a "
            "kubeconfig. Leave one out."
        )
    told = chosen.kubeconfig if kubeconfig is None else told_kubeconfig(kubeconfig, where)
    reach = Reach(told, chosen.context)
    opts = pulumi.ResourceOptions(parent=parent)
    creating = ClusterProvider(f"{name}-cluster", reach, adopt=False, opts=opts)
    creating.adopting = adopting = _adopting(name, reach, opts)
    return Connections(creating=creating, adopting=adopting)


def choose(
    component: pulumi.Resource,
    name: str,
    cluster: Cluster,
    kubeconfig: pulumi.Input[str] | None,
    adopting: pulumi.ProviderResource | None,
    where: str,
) -> Chosen:
    """The providers of a component that has been registered: the caller's, else two of its own.

    Args:
        component: registered already, so that it knows the provider of the caller.
        name: of the component, after which its own providers are called.
        cluster: `cluster` of the settings.
        kubeconfig: the argument of the component.
        adopting: the argument `adopting_provider` of the component.
        where: what the component is called in a refusal.

    Raises:
        pulumi.RunError: two of these name a cluster.
    """
    given = provider_of(component)
    if given is None:
        if adopting is not None:
            raise pulumi.RunError(
                f"{where}: adopting_provider is given, and no provider for the other objects, which would go to the "
                "cluster of the settings or of the environment. Give opts.provider as well."
            )
        own = connect(name, cluster, component, kubeconfig)
        return Chosen(own.creating, own.adopting)
    reach = reach_of(component, cluster, kubeconfig, where)
    if adopting is not None:
        return Chosen(given, adopting)
    if isinstance(given, ClusterProvider):
        return Chosen(given, given.adopting)
    return Chosen(given, _adopting(name, reach, pulumi.ResourceOptions(parent=component)) if reach.told else None)


def _adopting(name: str, reach: Reach, opts: pulumi.ResourceOptions) -> ClusterProvider:
    return ClusterProvider(f"{name}-cluster-adopting", reach, adopt=True, opts=opts)
