"""MultiNodeNim: one model as a LeaderWorkerSet, what reaches it, and what decides how many groups there are."""

import pulumi
import pulumi_kubernetes as k8s

from nim_stack.base import names
from nim_stack.components.deployment import MultiNodeNimArgs, plan_of_pods, references
from nim_stack.components.hooks.failure_page import reporter
from nim_stack.components.hooks.webhook_retry import webhook_retry
from nim_stack.components.model_access import ModelAccess
from nim_stack.components.placed import placed
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

    def __init__(self, name: str, args: MultiNodeNimArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nim-stack:index:MultiNodeNim", name, {}, opts)
        plan = self.plan = plan_of_pods(args, f"MultiNodeNim {name}")
        namespace = self.namespace = pulumi.Output.from_input(args["namespace"])
        access = ModelAccess(
            f"{name}-access",
            {"plan": plan, "namespace": namespace},
            pulumi.ResourceOptions(parent=self),
        )
        # A component does not hand `depends_on` down, and the LWS is what needs it: controller and webhooks first.
        after = pulumi.ResourceOptions(depends_on=opts.depends_on if opts else None)
        limit = f"{plan.rollout_timeout}s"

        used = references(args)
        page = reporter(plan.settings.cluster, plan.settings.name)
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
        smoke_test(name, plan, namespace, used, self, [group, access])
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
        if claims.compute_domain(plan, "") is None:
            return
        domain = namespace.apply(lambda space: claims.compute_domain(plan, space))
        k8s.apiextensions.CustomResource(
            f"{name}-nvlink",
            api_version=names.COMPUTE_DOMAIN_API,
            kind="ComputeDomain",
            metadata=domain["metadata"],
            spec=domain["spec"],
            opts=pulumi.ResourceOptions(parent=self),
        )
