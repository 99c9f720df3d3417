"""MultiNodeNim: one model as a LeaderWorkerSet, what reaches it, and what decides how many groups there are."""

import pulumi
import pulumi_kubernetes as k8s
from pulumi.runtime import is_dry_run

from nim_stack.base import names
from nim_stack.components.deployment import MultiNodeNimArgs, namespace_of, plan_of_pods, references
from nim_stack.components.hooks.failure_page import reporter
from nim_stack.components.hooks.webhook_retry import webhook_retry
from nim_stack.components.model_access import ModelAccess
from nim_stack.components.placed import placed, unknown
from nim_stack.components.program import Place, one_of_its_name
from nim_stack.components.reach import Reach, provider_of, reach_of
from nim_stack.components.smoke_test import smoke_test
from nim_stack.manifests import claims, leader_worker_set
from nim_stack.manifests.autoscaler import autoscaler
from nim_stack.manifests.disruption_budget import disruption_budget
from nim_stack.plan import DeploymentPlan

__all__ = ["MultiNodeNim", "MultiNodeNimArgs"]

_DELETE_TIMEOUT = "15m"


class MultiNodeNim(pulumi.ComponentResource):
    """Groups of pods that serve one model together, complete when every group serves."""

    endpoint: pulumi.Output[str]
    """Base URL of the OpenAI API inside the cluster."""
    url: str | None
    """Base URL of the OpenAI API outside of it, where an Ingress or HTTPRoute names a host."""
    leader_service: pulumi.Output[str]
    """Name of the Service in front of the leaders."""
    namespace: pulumi.Output[str]
    reach: Reach
    """How the cluster of the deployment is read."""

    def __init__(self, name: str, args: MultiNodeNimArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nim-stack:index:MultiNodeNim", name, {}, opts)
        where = f"MultiNodeNim {name}"
        plan = self.plan = plan_of_pods(args, where)
        reach = self.reach = reach_of(self, plan.settings.cluster, args.get("kubeconfig"), where)
        place = args["namespace"] if isinstance(args["namespace"], str) else plan.settings.namespace
        if isinstance(args["namespace"], str) or "namespace" in plan.settings.model_fields_set:
            here = Place(self, provider_of(self), place, where)
            one_of_its_name(here, opts.parent if opts else None, plan.settings.name)
        namespace = self.namespace = namespace_of(args, plan, where)
        access = ModelAccess(
            f"{name}-access",
            {"plan": plan, "namespace": namespace},
            pulumi.ResourceOptions(parent=self),
        )
        # A component does not hand `depends_on` down, and the LWS is what needs it: controller and webhooks first.
        after = pulumi.ResourceOptions(depends_on=opts.depends_on if opts else None)
        limit = f"{plan.rollout_timeout}s"

        used = references(args, plan, where)
        page = reporter(reach, plan.settings.name)
        self._compute_domain(name, plan, namespace)
        group = k8s.apiextensions.CustomResource(
            f"{name}-group",
            api_version=f"{names.LWS_GROUP}/v1",
            kind="LeaderWorkerSet",
            metadata=namespace.apply(lambda space: leader_worker_set.metadata(plan, space)),
            spec=used.apply(lambda found: leader_worker_set.spec(plan, found)),
            opts=pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(
                    parent=self,
                    depends_on=access.policies,
                    custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit, delete=_DELETE_TIMEOUT),
                    hooks=pulumi.ResourceHookBinding(on_error=[webhook_retry(f"{name}-group-webhook", page)]),
                ),
                after,
            ),
        )
        _say_what_was_not_asked(self, access.service)
        smoke_test(name, plan, namespace, used, self, reach, [group, access])
        self._counted(name, plan, namespace)
        self.endpoint, self.url, self.leader_service = access.endpoint, access.url, access.leader_service
        self.register_outputs({"endpoint": self.endpoint, "url": self.url, "leaderService": self.leader_service})

    def _counted(self, name: str, plan: DeploymentPlan, namespace: pulumi.Output[str]) -> None:
        """Neither waits for the group: `up` ends when the groups that the autoscaler adds serve as well."""
        scaling, budget = plan.settings.autoscaling, plan.settings.disruption_budget
        child = pulumi.ResourceOptions(parent=self)
        if scaling is not None:
            k8s.autoscaling.v2.HorizontalPodAutoscaler(
                f"{name}-autoscaler", **placed(autoscaler(plan, scaling, ""), namespace), opts=child
            )
        if budget is not None:
            k8s.policy.v1.PodDisruptionBudget(
                f"{name}-disruption-budget", **placed(disruption_budget(plan, budget, ""), namespace), opts=child
            )

    def _compute_domain(self, name: str, plan: DeploymentPlan, namespace: pulumi.Output[str]) -> None:
        """Pods wait for the claim template that its controller makes, so that the group need not wait for it."""
        domain = claims.compute_domain(plan, "")
        if domain is None:
            return
        k8s.apiextensions.CustomResource(
            f"{name}-nvlink",
            api_version=names.COMPUTE_DOMAIN_API,
            kind="ComputeDomain",
            **placed(domain, namespace),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _say_what_was_not_asked(component: pulumi.Resource, service: k8s.core.v1.Service) -> None:
    """In a preview whose provider is not configured yet the engine asks no plugin, and the outputs are unknown."""
    if not is_dry_run():
        return

    def say(found: object) -> None:
        if unknown(found):
            pulumi.log.warn(
                "The cluster was not asked in this preview, because its kubeconfig is known only after `pulumi up` has "
                "made the cluster. The preview shows each object as the plan has it. Not judged are names that are "
                "taken, quotas, rights, and what the webhooks of the cluster refuse.",
                component,
            )

    service.metadata.apply(say, run_with_unknowns=True)
