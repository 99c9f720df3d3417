"""NimStack: namespace, LWS, secrets, cache and model server, in the order in which they need each other."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from nim_stack.components.arguments import given, named_arguments
from nim_stack.components.hooks import kept_namespace
from nim_stack.components.hooks.taken_name import explained
from nim_stack.components.lws_operator import LwsOperator, LwsOperatorArgs
from nim_stack.components.model_cache import ModelCache, ModelCacheArgs
from nim_stack.components.model_download import ModelDownload
from nim_stack.components.multi_node_nim import MultiNodeNim, MultiNodeNimArgs
from nim_stack.components.ngc_secrets import NgcSecrets, NgcSecretsArgs
from nim_stack.components.placed import once_made
from nim_stack.components.planning import SettingsArgs, planned
from nim_stack.components.program import Place, one_of_its_name, one_security_level
from nim_stack.components.providers import Chosen, choose
from nim_stack.components.reach import ClusterProvider
from nim_stack.deployment.keys import Keys
from nim_stack.manifests import storage
from nim_stack.manifests.pods import security_level
from nim_stack.plan import DeploymentPlan, summary


class NimStackArgs(TypedDict):
    """Arguments of NimStack: `settings` or `plan`, and the keys that there are."""

    settings: NotRequired[SettingsArgs]
    """The settings of a stack file's `nim:`. Plain: they decide sizes, which must be known at preview."""
    plan: NotRequired[DeploymentPlan]
    """The plan of these settings, where the caller has it. It is made anew when the settings or the keys say something
    else."""
    ngc_api_key: NotRequired[pulumi.Input[str] | None]
    """NGC API key. None and an empty text are no key; an Output is one, and is refused when its value is empty."""
    hf_token: NotRequired[pulumi.Input[str] | None]
    """Hugging Face token; likewise."""
    kubeconfig: NotRequired[pulumi.Input[str]]
    """Content or path of the kubeconfig; it may be known only when `up` has made the cluster. Without a provider the
    stack makes its own two from it. Beside `opts.provider` it is of the same cluster, and with it the stack takes the
    retained claim over and explains a failed `up`."""
    adopting_provider: NotRequired[pulumi.ProviderResource]
    """Kubernetes provider with `upsert_existing_objects`, of the cluster of `opts.provider`: it takes over what an
    earlier `destroy` has left."""


class NimStack(pulumi.ComponentResource):
    """Everything that one model needs in a cluster."""

    endpoint: pulumi.Output[str]
    """Base URL of the OpenAI API inside the cluster."""
    url: str | None
    """Base URL of the OpenAI API outside of it, where an Ingress or HTTPRoute names a host."""
    namespace: pulumi.Output[str]
    leader_service: pulumi.Output[str]
    server: MultiNodeNim
    """What serves, for a LiveService."""

    def __init__(self, name: str, args: NimStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        where = f"NimStack {name}"
        named_arguments(args, NimStackArgs, where)
        plan = _plan(args, where)
        settings = plan.settings
        own = pulumi.ResourceOptions(hooks=kept_namespace.hooks(name))
        inputs = kept_namespace.inputs(settings)
        super().__init__("nim-stack:index:NimStack", name, inputs, pulumi.ResourceOptions.merge(own, opts))
        self.plan = plan
        for warning in plan.warnings:
            pulumi.log.warn(warning, self)
        kubeconfig = args.get("kubeconfig")
        cluster = choose(self, name, settings.cluster, kubeconfig, args.get("adopting_provider"), where)
        _judge_adoption(self, plan, cluster, where)
        child = pulumi.ResourceOptions(parent=self, providers=[cluster.creating])
        here = Place(self, cluster.creating, settings.namespace, where)
        one_of_its_name(here, opts.parent if opts else None, settings.name)
        one_security_level(here, security_level(plan), owned=settings.create_namespace)

        operator = self._operator(name, plan, cluster, child)
        self.namespace = self._namespace(name, plan, cluster)
        secrets = NgcSecrets(f"{name}-secrets", _secrets(args, plan, self.namespace), child)
        pods = _pods(args, plan, self.namespace, secrets)
        if kubeconfig is not None and not isinstance(cluster.creating, ClusterProvider):
            pods["kubeconfig"] = kubeconfig
        if settings.storage.makes_claim or settings.storage.existing_claim:
            pods["cache_claim"] = ModelCache(f"{name}-cache", _cache(plan, self.namespace, cluster), child).claim
        first: list[pulumi.Resource] = [operator] if operator else []
        if settings.download.job:
            first.append(ModelDownload(f"{name}-download", pods, child))
        if settings.secrets.restart_on_rotation:
            pods["keys_digest"] = secrets.keys_digest
        server = self.server = MultiNodeNim(
            f"{name}-server", pods, pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=first))
        )
        self.endpoint, self.url, self.leader_service = server.endpoint, server.url, server.leader_service
        self.register_outputs(self.exports)

    @property
    def exports(self) -> dict[str, Any]:
        """What another stack or a person needs; few and stable. `url` is there when an Ingress or HTTPRoute names a
        host, and `gpus.most` differs from `gpus.total` with autoscaling alone."""
        return {
            "endpoint": self.endpoint,
            **({"url": self.url} if self.url else {}),
            "model": self.plan.served_name,
            "namespace": self.namespace,
            "leaderService": self.leader_service,
            "gpus": {
                "perNode": self.plan.gpus_per_node,
                "perGroup": self.plan.gpus_per_group,
                "total": self.plan.gpus_total,
                "most": self.plan.gpus_most,
            },
            "plan": summary(self.plan),
        }

    def _operator(
        self, name: str, plan: DeploymentPlan, cluster: Chosen, child: pulumi.ResourceOptions
    ) -> LwsOperator | None:
        lws = plan.settings.lws
        if lws.mode == "existing" or lws.sha256 is None:
            return None
        wanted: LwsOperatorArgs = {"manifest": lws.manifest, "sha256": lws.sha256, "retain": lws.retain}
        if cluster.adopting is not None:
            wanted["adopting_provider"] = cluster.adopting
        return LwsOperator(f"{name}-lws", wanted, child)

    def _namespace(self, name: str, plan: DeploymentPlan, cluster: Chosen) -> pulumi.Output[str]:
        """The namespace goes with the claim: retained together, or gone together."""
        settings, level = plan.settings, security_level(plan)
        if not settings.create_namespace:
            return pulumi.Output.from_input(settings.namespace)
        retain = settings.storage.retain
        manifest = storage.namespace(settings.namespace, settings.name, adopt=retain, security=level)
        blocked = retain and cluster.adopting is None
        cure = "Or keep the namespace as it is, with nim.createNamespace = false."
        taken = explained(f"{name}-namespace-taken", f"the namespace {settings.namespace}", cure) if blocked else None
        namespace = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata=manifest["metadata"],
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=cluster.adopting if retain and cluster.adopting is not None else cluster.creating,
                retain_on_delete=retain,
                hooks=pulumi.ResourceHookBinding(on_error=[taken]) if taken is not None else None,
            ),
        )
        return once_made(namespace, settings.namespace)


def _judge_adoption(stack: pulumi.Resource, plan: DeploymentPlan, cluster: Chosen, where: str) -> None:
    """Refuse what asks for taking objects over where nothing can, and warn of what will ask for it later.

    Raises:
        pulumi.RunError: nim.lws.retain asks for it now.
    """
    if cluster.adopting is not None:
        return
    settings = plan.settings
    installs = settings.lws.mode == "install"
    if installs and settings.lws.retain:
        raise pulumi.RunError(
            f"{where}: nim.lws.retain takes over the LWS that is there, and the provider of the program creates "
            "objects only. Give the argument kubeconfig, or adopting_provider, or set nim.lws.retain to false."
        )
    kept = ["the claim"] if settings.storage.makes_claim and settings.storage.retain else []
    kept += ["the namespace"] if settings.create_namespace and settings.storage.retain else []
    kept += ["the CRDs of LWS"] if installs else []
    if kept:
        pulumi.log.warn(
            f"{where}: `pulumi destroy` leaves {' and '.join(kept)} in the cluster, and the provider of the program "
            "cannot take them over: a `pulumi up` after that fails with `already exists`. Give the argument "
            "kubeconfig, or adopting_provider.",
            stack,
        )


def _plan(args: NimStackArgs, where: str) -> DeploymentPlan:
    keys = Keys(ngc=given(args.get("ngc_api_key")), hub=given(args.get("hf_token")))
    return planned(args.get("settings"), args.get("plan"), keys, where, judge_keys=True)


def _pods(
    args: NimStackArgs, plan: DeploymentPlan, namespace: pulumi.Output[str], secrets: NgcSecrets
) -> MultiNodeNimArgs:
    """Only the Secrets that there are: an absent name says that there is no key."""
    wanted: MultiNodeNimArgs = {"plan": plan, "namespace": namespace}
    existing = plan.settings.secrets
    if given(args.get("ngc_api_key")) or existing.ngc_api_secret:
        wanted["api_secret"] = secrets.api_secret
    if given(args.get("ngc_api_key")) or existing.image_pull_secrets:
        wanted["pull_secrets"] = secrets.pull_secrets
    if given(args.get("hf_token")) or existing.hf_token_secret:
        wanted["hf_secret"] = secrets.hf_secret
    return wanted


def _secrets(args: NimStackArgs, plan: DeploymentPlan, namespace: pulumi.Output[str]) -> NgcSecretsArgs:
    existing = plan.settings.secrets
    wanted: NgcSecretsArgs = {
        "deployment": plan.settings.name,
        "namespace": namespace,
        "ngc_api_key": args.get("ngc_api_key"),
        "hf_token": args.get("hf_token"),
    }
    if existing.ngc_api_secret:
        wanted["existing_api_secret"] = {"name": existing.ngc_api_secret.name, "key": existing.ngc_api_secret.key}
    if existing.image_pull_secrets:
        wanted["existing_pull_secrets"] = list(existing.image_pull_secrets)
    if existing.hf_token_secret:
        wanted["existing_hf_secret"] = {"name": existing.hf_token_secret.name, "key": existing.hf_token_secret.key}
    return wanted


def _cache(plan: DeploymentPlan, namespace: pulumi.Output[str], cluster: Chosen) -> ModelCacheArgs:
    storage_settings = plan.settings.storage
    wanted: ModelCacheArgs = {
        "deployment": plan.settings.name,
        "namespace": namespace,
        "size": plan.storage_size,
        "access_mode": storage_settings.access_mode,
        "retain": storage_settings.retain,
        "annotations": storage_settings.annotations,
    }
    if cluster.adopting is not None:
        wanted["adopting_provider"] = cluster.adopting
    if storage_settings.existing_claim:
        wanted["existing_claim"] = storage_settings.existing_claim
    if storage_settings.storage_class:
        wanted["storage_class"] = storage_settings.storage_class
    return wanted
