"""ModelDownload: a Job that fills the shared model cache. What depends on this component starts when it is full."""

import pulumi
import pulumi_kubernetes as k8s

from nim_stack.components.deployment import MultiNodeNimArgs, namespace_of, plan_of_pods, references
from nim_stack.components.reach import reach_of
from nim_stack.manifests.download_job import download_job

_MARGIN_SECONDS = 5 * 60
"""The Job ends at its own deadline, and Pulumi sees it."""


class ModelDownload(pulumi.ComponentResource):
    """One finished Job for each model that a deployment has had last."""

    job: pulumi.Output[str]
    """Name of the Job that has filled the cache."""

    def __init__(self, name: str, args: MultiNodeNimArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nim-stack:index:ModelDownload", name, {}, opts)
        where = f"ModelDownload {name}"
        plan = self.plan = plan_of_pods(args, where)
        reach_of(self, plan.settings.cluster, args.get("kubeconfig"), where)
        manifest = pulumi.Output.all(namespace_of(args, plan, where), references(args, plan, where)).apply(
            lambda found: download_job(plan, found[1], found[0])
        )
        limit = f"{plan.budget.join + _MARGIN_SECONDS}s"
        # The name follows from the pod template, which a Job cannot change: another template is another Job.
        job = k8s.batch.v1.Job(
            f"{name}-job",
            metadata=manifest["metadata"],
            spec=manifest["spec"],
            opts=pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(parent=self, custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit)),
                pulumi.ResourceOptions(depends_on=opts.depends_on if opts else None),
            ),
        )
        self.job = pulumi.Output.all(manifest, job.urn).apply(lambda found: str(found[0]["metadata"]["name"]))
        self.register_outputs({"job": self.job})
