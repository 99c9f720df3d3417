"""ModelAccess: what reaches the leaders of a deployment, and what watches them.

It knows the pods by their labels alone, so that it can be there before they are.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.components.arguments import named_arguments
from nim_stack.components.hooks.missing_kind import explained
from nim_stack.components.placed import once_made, placed
from nim_stack.components.planning import SettingsArgs, planned
from nim_stack.components.reach import reach_of
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.deployment.public_url import public_url
from nim_stack.manifests import services
from nim_stack.manifests.http_route import http_route
from nim_stack.manifests.ingress import ingress
from nim_stack.manifests.network_policy import network_policies
from nim_stack.manifests.pod_monitor import pod_monitor


class ModelAccessArgs(TypedDict):
    """Arguments of ModelAccess: `settings` or `plan`, and the namespace."""

    settings: NotRequired[SettingsArgs]
    """The settings of a stack file's `nim:`. Plain: they decide which objects there are."""
    plan: NotRequired[DeploymentPlan]
    """The plan of these settings, where the caller has it. It is made anew when the settings say something else."""
    namespace: pulumi.Input[str]


class ModelAccess(pulumi.ComponentResource):
    """The Service in front of the leaders, and what is asked for of Ingress, HTTPRoute, NetworkPolicy, PodMonitor."""

    endpoint: pulumi.Output[str]
    """Base URL of the OpenAI API inside the cluster."""
    url: str | None
    """Base URL of the OpenAI API outside of it, where an Ingress or HTTPRoute names a host."""
    leader_service: pulumi.Output[str]
    """Name of the Service in front of the leaders."""
    service: k8s.core.v1.Service
    """The Service in front of the leaders."""
    policies: list[pulumi.Resource]
    """What has to be there before the pods, for these to be protected from their first moment."""

    def __init__(self, name: str, args: ModelAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nim-stack:index:ModelAccess", name, {}, opts)
        # Access needs no keys; whether they are there is judged where they are used.
        where = f"ModelAccess {name}"
        named_arguments(args, ModelAccessArgs, where)
        plan = planned(args.get("settings"), args.get("plan"), EVERY_KEY, where)
        reach_of(self, plan.settings.cluster, None, where)
        settings, namespace = plan.settings, pulumi.Output.from_input(args["namespace"])

        replacing = services.replacing(plan)
        service = services.leader_service(plan, "")
        leader = self.service = k8s.core.v1.Service(
            f"{name}-service",
            **placed(service, namespace),
            opts=pulumi.ResourceOptions(
                parent=self, replace_on_changes=replacing, delete_before_replace=bool(replacing) or None
            ),
        )
        self.leader_service = once_made(leader, service["metadata"]["name"])
        self.endpoint = namespace.apply(lambda space: names.endpoint(settings.name, space, settings.service.port))
        self.url = public_url(settings)
        self.policies = self._policies(name, plan, namespace)
        self._routed(name, plan, namespace)
        self.register_outputs({"endpoint": self.endpoint, "url": self.url, "leaderService": self.leader_service})

    def _policies(self, name: str, plan: DeploymentPlan, namespace: pulumi.Output[str]) -> list[pulumi.Resource]:
        wanted = plan.settings.network_policy
        manifests = network_policies(plan, wanted, "") if wanted is not None else []
        return [
            k8s.networking.v1.NetworkPolicy(
                f"{name}-{manifest['metadata']['labels'][names.COMPONENT_LABEL]}-policy",
                **placed(manifest, namespace),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for manifest in manifests
        ]

    def _routed(self, name: str, plan: DeploymentPlan, namespace: pulumi.Output[str]) -> None:
        settings = plan.settings
        if settings.ingress is not None:
            k8s.networking.v1.Ingress(
                f"{name}-ingress",
                **placed(ingress(plan, settings.ingress, ""), namespace),
                opts=pulumi.ResourceOptions(parent=self),
            )
        if settings.http_route is not None:
            self._custom(f"{name}-route", http_route(plan, settings.http_route, ""), namespace)
        if settings.pod_monitor is not None:
            self._custom(f"{name}-monitor", pod_monitor(plan, settings.pod_monitor, ""), namespace)

    def _custom(self, name: str, manifest: Manifest, namespace: pulumi.Output[str]) -> None:
        kind = manifest["kind"]
        hooks = pulumi.ResourceHookBinding(on_error=[explained(f"{name}-kind", kind)])
        k8s.apiextensions.CustomResource(
            name,
            api_version=manifest["apiVersion"],
            kind=kind,
            **placed(manifest, namespace),
            opts=pulumi.ResourceOptions(parent=self, hooks=hooks),
        )
