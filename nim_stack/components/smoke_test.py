"""The last step of `up`: a Job got a completion through the leader Service."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from nim_stack.components.hooks.failure_page import failure_page
from nim_stack.components.reach import Reach
from nim_stack.manifests.references import References
from nim_stack.manifests.smoke_job import ends_up, smoke_job
from nim_stack.plan import DeploymentPlan

_MARGIN_SECONDS = 5 * 60
"""The Job ends at its own deadline, and Pulumi sees it."""


def smoke_test(
    name: str,
    plan: DeploymentPlan,
    namespace: pulumi.Output[str],
    references: pulumi.Output[References],
    parent: pulumi.Resource,
    reach: Reach,
    after: Sequence[pulumi.Resource],
) -> None:
    """Register the Job, where it ends `up`."""
    settings = plan.settings
    if not ends_up(plan):
        return
    manifest = pulumi.Output.all(namespace, references).apply(
        lambda found: smoke_job(plan, found[0], found[1].pull_secrets)
    )
    limit = f"{smoke_job(plan, '')['spec']['activeDeadlineSeconds'] + _MARGIN_SECONDS}s"
    # The name follows from the pod template, which a Job cannot change: another template is another Job.
    k8s.batch.v1.Job(
        f"{name}-smoke",
        metadata=manifest["metadata"],
        spec=manifest["spec"],
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(after),
            custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit),
            hooks=pulumi.ResourceHookBinding(on_error=[failure_page(f"{name}-smoke-failure", reach, settings.name)]),
        ),
    )
