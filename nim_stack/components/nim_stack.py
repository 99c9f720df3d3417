"""NimStack: namespace, LWS, secrets, cache and model server, in the order in which they need each other."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from nim_stack.components.hooks import kept_namespace
from nim_stack.components.lws_operator import LwsOperator
from nim_stack.components.model_cache import ModelCache, ModelCacheArgs
from nim_stack.components.model_download import ModelDownload
from nim_stack.components.multi_node_nim import MultiNodeNim, MultiNodeNimArgs
from nim_stack.components.ngc_secrets import NgcSecrets, NgcSecretsArgs
from nim_stack.components.planning import SettingsArgs, planned
from nim_stack.components.providers import Connections, connect
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
    ngc_api_key: NotRequired[pulumi.Input[str]]
    hf_token: NotRequired[pulumi.Input[str]]


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
        plan = _plan(name, args)
        settings = plan.settings
        own = pulumi.ResourceOptions(hooks=kept_namespace.hooks(name))
        inputs = kept_namespace.inputs(settings)
        super().__init__("nim-stack:index:NimStack", name, inputs, pulumi.ResourceOptions.merge(own, opts))
        self.plan = plan
        for warning in plan.warnings:
            pulumi.log.warn(warning, self)
        cluster = connect(name, settings.cluster, self)
        child = pulumi.ResourceOptions(parent=self, providers=[cluster.creating])

        operator = self._operator(name, plan, cluster, child)
        self.namespace = self._namespace(name, plan, cluster)
        secrets = NgcSecrets(f"{name}-secrets", _secrets(args, plan, self.namespace), child)
        pods = _pods(args, plan, self.namespace, secrets)
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
        self, name: str, plan: DeploymentPlan, cluster: Connections, child: pulumi.ResourceOptions
    ) -> LwsOperator | None:
        lws = plan.settings.lws
        if lws.mode == "existing" or lws.sha256 is None:
            return None
        return LwsOperator(
            f"{name}-lws",
            {
                "manifest": lws.manifest,
                "sha256": lws.sha256,
                "retain": lws.retain,
                "adopting_provider": cluster.adopting,
            },
            child,
        )

    def _namespace(self, name: str, plan: DeploymentPlan, cluster: Connections) -> pulumi.Output[str]:
        """The namespace goes with the claim: retained together, or gone together."""
        settings = plan.settings
        if not settings.create_namespace:
            return pulumi.Output.from_input(settings.namespace)
        retain = settings.storage.retain
        manifest = storage.namespace(settings.namespace, settings.name, adopt=retain, security=security_level(plan))
        namespace = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata=manifest["metadata"],
            opts=pulumi.ResourceOptions(
                parent=self, provider=cluster.adopting if retain else cluster.creating, retain_on_delete=retain
            ),
        )
        return namespace.metadata["name"]


def _plan(name: str, args: NimStackArgs) -> DeploymentPlan:
    keys = Keys(ngc="ngc_api_key" in args, hub="hf_token" in args)
    return planned(args.get("settings"), args.get("plan"), keys, f"NimStack {name}", judge_keys=True)


def _pods(
    args: NimStackArgs, plan: DeploymentPlan, namespace: pulumi.Output[str], secrets: NgcSecrets
) -> MultiNodeNimArgs:
    """Only the Secrets that there are: an absent name says that there is no key."""
    wanted: MultiNodeNimArgs = {"plan": plan, "namespace": namespace}
    existing = plan.settings.secrets
    if "ngc_api_key" in args or existing.ngc_api_secret:
        wanted["api_secret"] = secrets.api_secret
    if "ngc_api_key" in args or existing.image_pull_secrets:
        wanted["pull_secrets"] = secrets.pull_secrets
    if "hf_token" in args or existing.hf_token_secret:
        wanted["hf_secret"] = secrets.hf_secret
    return wanted


def _secrets(args: NimStackArgs, plan: DeploymentPlan, namespace: pulumi.Output[str]) -> NgcSecretsArgs:
    existing = plan.settings.secrets
    wanted: NgcSecretsArgs = {"deployment": plan.settings.name, "namespace": namespace}
    if "ngc_api_key" in args:
        wanted["ngc_api_key"] = args["ngc_api_key"]
    if "hf_token" in args:
        wanted["hf_token"] = args["hf_token"]
    if existing.ngc_api_secret:
        wanted["existing_api_secret"] = {"name": existing.ngc_api_secret.name, "key": existing.ngc_api_secret.key}
    if existing.image_pull_secrets:
        wanted["existing_pull_secrets"] = list(existing.image_pull_secrets)
    if existing.hf_token_secret:
        wanted["existing_hf_secret"] = {"name": existing.hf_token_secret.name, "key": existing.hf_token_secret.key}
    return wanted


def _cache(plan: DeploymentPlan, namespace: pulumi.Output[str], cluster: Connections) -> ModelCacheArgs:
    storage_settings = plan.settings.storage
    wanted: ModelCacheArgs = {
        "deployment": plan.settings.name,
        "namespace": namespace,
        "size": plan.storage_size,
        "access_mode": storage_settings.access_mode,
        "retain": storage_settings.retain,
        "annotations": storage_settings.annotations,
        "adopting_provider": cluster.adopting,
    }
    if storage_settings.existing_claim:
        wanted["existing_claim"] = storage_settings.existing_claim
    if storage_settings.storage_class:
        wanted["storage_class"] = storage_settings.storage_class
    return wanted
