"""MultiNodeNim: one model as a LeaderWorkerSet and the Service in front of its leaders."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from nim_stack import names
from nim_stack.components.webhook_retry import webhook_retry
from nim_stack.manifests import claims, leader_worker_set, services
from nim_stack.manifests.pods import References
from nim_stack.plan import DeploymentPlan, plan_deployment
from nim_stack.problems import RefusedError

_DELETE_TIMEOUT = "15m"


class MultiNodeNimArgs(TypedDict):
    settings: dict[str, Any]
    """The settings of a stack file's `nim:`. Plain: they decide sizes, which must be known at preview."""
    namespace: pulumi.Input[str]
    cache_claim: pulumi.Input[str]
    """Name of a ReadWriteMany claim."""
    api_secret: NotRequired[pulumi.Input[str | None]]
    """Name of a Secret with NGC_API_KEY."""
    pull_secrets: NotRequired[pulumi.Input[list[str]]]
    hf_secret: NotRequired[pulumi.Input[str | None]]
    """Name of a Secret with HF_TOKEN."""


class MultiNodeNim(pulumi.ComponentResource):
    """Groups of pods that serve one model together, complete when every group serves."""

    endpoint: pulumi.Output[str]
    """Base URL of the OpenAI API inside the cluster."""
    leader_service: pulumi.Output[str]
    """Name of the Service in front of the leaders."""

    def __init__(self, name: str, args: MultiNodeNimArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nim-stack:index:MultiNodeNim", name, {}, opts)
        plan = self.plan = _plan(name, args)
        namespace = pulumi.Output.from_input(args["namespace"])
        references = pulumi.Output.all(
            claim=args["cache_claim"],
            api=args.get("api_secret"),
            hub=args.get("hf_secret"),
            pulls=args.get("pull_secrets", []),
        ).apply(lambda found: References(found["claim"], found["api"], found["hub"], tuple(found["pulls"] or [])))
        # A component does not hand `depends_on` down, and the LWS is what needs it: controller and webhooks first.
        after = pulumi.ResourceOptions(depends_on=opts.depends_on if opts else None)
        limit = f"{plan.rollout_timeout}s"

        self._compute_domain(name, plan, namespace)
        k8s.apiextensions.CustomResource(
            f"{name}-group",
            api_version=f"{names.LWS_GROUP}/v1",
            kind="LeaderWorkerSet",
            metadata=namespace.apply(lambda space: leader_worker_set.metadata(plan, space)),
            spec=references.apply(lambda found: leader_worker_set.spec(plan, found)),
            opts=pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(
                    parent=self,
                    custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit, delete=_DELETE_TIMEOUT),
                    hooks=pulumi.ResourceHookBinding(on_error=[webhook_retry(f"{name}-group-webhook")]),
                ),
                after,
            ),
        )
        service = namespace.apply(lambda space: services.leader_service(plan, space))
        leader = k8s.core.v1.Service(
            f"{name}-leader",
            metadata=service["metadata"],
            spec=service["spec"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.leader_service = leader.metadata["name"]
        self.endpoint = namespace.apply(lambda space: names.endpoint(plan.settings.name, space))
        self.register_outputs({"endpoint": self.endpoint, "leaderService": self.leader_service})

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


def _plan(name: str, args: MultiNodeNimArgs) -> DeploymentPlan:
    """Whether there is a key is known by the presence of its Secret's name."""
    try:
        return plan_deployment(
            args["settings"],
            has_ngc_key=args.get("api_secret") is not None and args.get("pull_secrets") is not None,
            has_hf_token=args.get("hf_secret") is not None,
            where=f"MultiNodeNim {name}",
        )
    except RefusedError as refused:
        raise pulumi.RunError(str(refused)) from None
