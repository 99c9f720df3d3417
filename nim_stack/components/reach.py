"""Which cluster a component deploys to, and how its program reads that cluster.

A provider of the caller does not tell its kubeconfig: the SDK hands it to the engine and keeps nothing. A provider that
`connect` makes remembers it (ClusterProvider), and `kubeconfig` says it of any other.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from nim_stack.settings import Cluster

_KUBERNETES = "kubernetes:core/v1:Namespace"
"""Any kind of the package; the SDK finds the provider of a package by one of its kinds."""
_KNOWN_WITHIN_SECONDS = 10.0


@dataclass(frozen=True)
class Reach:
    """A kubeconfig and a context of it."""

    kubeconfig: pulumi.Input[str] | None = None
    """Content or path. None is the kubeconfig of the environment, as it is for a provider."""
    context: str | None = None
    """None is the current context."""
    told: bool = True
    """False for a provider of the caller that came without a kubeconfig."""

    @property
    def ambient(self) -> bool:
        """Whether the environment alone says which cluster this is."""
        return self.told and self.kubeconfig is None and self.context is None

    async def cluster(self) -> Cluster:
        """The kubeconfig and context as a reader takes them, when `up` runs.

        Raises:
            LookupError: the kubeconfig is not known, with the reason.
        """
        if not self.told:
            raise LookupError(
                "the program uses a Kubernetes provider of its own, and a provider does not tell its kubeconfig. Give "
                "the component the argument kubeconfig, or make the provider with nim_stack.connect"
            )
        if self.kubeconfig is None:
            return Cluster(context=self.context)
        known = asyncio.shield(asyncio.ensure_future(pulumi.Output.from_input(self.kubeconfig).future()))
        try:
            content = await asyncio.wait_for(known, _KNOWN_WITHIN_SECONDS)
        except TimeoutError:
            content = None
        if not content:
            raise LookupError("the kubeconfig of the cluster is not known yet")
        return Cluster(kubeconfig=content, context=self.context)


class ClusterProvider(k8s.Provider):
    """A provider that remembers what it was made from; for the engine it is any Kubernetes provider."""

    def __init__(self, name: str, reach: Reach, *, adopt: bool, opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            name,
            kubeconfig=reach.kubeconfig,
            context=reach.context,
            # A rotated key would otherwise replace a Secret with a fixed name: delete first, then create.
            enable_secret_mutable=True,
            upsert_existing_objects=adopt,
            opts=opts,
        )
        self.reach = reach
        self.adopting: ClusterProvider | None = self if adopt else None


def provider_of(component: pulumi.Resource) -> pulumi.ProviderResource | None:
    """The Kubernetes provider of a component: its own, or that of a parent; None is the default one of Pulumi."""
    return component.get_provider(_KUBERNETES)


def reach_of(component: pulumi.Resource, cluster: Cluster, kubeconfig: pulumi.Input[str] | None, where: str) -> Reach:
    """How the cluster of the component's objects is read.

    Args:
        component: registered already, so that it knows its provider.
        cluster: `cluster` of the settings; it must not name another cluster than the provider does.
        kubeconfig: the component's argument, of the cluster of its provider.
        where: what the component is called in a refusal.

    Raises:
        pulumi.RunError: two of these name a cluster, and may name different ones.
    """
    provider = provider_of(component)
    if isinstance(provider, ClusterProvider):
        if kubeconfig is not None:
            raise pulumi.RunError(
                f"{where}: kubeconfig is given, and the provider was made by connect, which knows its kubeconfig. "
                "Leave the argument kubeconfig out."
            )
        _refuse_another(cluster, provider.reach, where)
        return provider.reach
    if provider is None:
        _refuse_default(cluster, kubeconfig, where)
        config = pulumi.Config("kubernetes")
        return Reach(config.get("kubeconfig"), config.get("context"))
    _refuse_another(cluster, Reach(), where)
    return Reach(told=False) if kubeconfig is None else Reach(told_kubeconfig(kubeconfig, where))


def cluster_key(provider: pulumi.ProviderResource | None) -> object:
    """Equal for two providers of one cluster, as far as a program can tell; None is the default provider."""
    if provider is None:
        config = pulumi.Config("kubernetes")
        return config.get("kubeconfig"), config.get("context")
    if not isinstance(provider, ClusterProvider):
        return provider
    kubeconfig = provider.reach.kubeconfig
    return (kubeconfig if kubeconfig is None or isinstance(kubeconfig, str) else id(kubeconfig)), provider.reach.context


def told_kubeconfig(kubeconfig: object, where: str) -> pulumi.Input[str]:
    """The argument `kubeconfig`, as a provider takes it: content is secret, since it may hold credentials.

    An empty one is refused, because a provider would take it for none, and go to the cluster of the environment.

    Raises:
        pulumi.RunError: it is empty or no text; for an Output as soon as its value is known.
    """

    def checked(value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            what = "empty" if value is None or isinstance(value, str) else f"a {type(value).__name__} and no text"
            raise pulumi.RunError(
                f"{where}: kubeconfig is {what}. Give the content of a kubeconfig file as text, or the path of one; "
                "for a mapping that is json.dumps(kubeconfig)."
            )
        return value

    if isinstance(kubeconfig, pulumi.Output):
        known: pulumi.Output[Any] = kubeconfig
        return pulumi.Output.secret(known.apply(checked))
    text = checked(kubeconfig)
    return pulumi.Output.secret(text) if "\n" in text or text.lstrip().startswith("{") else text


def _refuse_another(cluster: Cluster, reach: Reach, where: str) -> None:
    for name, said, made_from in (
        ("kubeconfig", cluster.kubeconfig, reach.kubeconfig),
        ("context", cluster.context, reach.context),
    ):
        if said is not None and (not isinstance(made_from, str) or made_from != said):
            raise pulumi.RunError(
                f"{where}: nim.cluster.{name} = {said!r} names a cluster, and so does the Kubernetes provider of the "
                f"program. Leave nim.cluster.{name} out, or leave the provider out."
            )


def _refuse_default(cluster: Cluster, kubeconfig: object, where: str) -> None:
    said = {"nim.cluster.kubeconfig": cluster.kubeconfig, "nim.cluster.context": cluster.context}
    for name, value in {**said, "the argument kubeconfig": kubeconfig}.items():
        if value is not None:
            raise pulumi.RunError(
                f"{where}: {name} names a cluster, and the component has no provider, so that Pulumi's default "
                "provider would deploy to the cluster of the environment. Make a provider with nim_stack.connect, and "
                "give it as opts.provider."
            )
