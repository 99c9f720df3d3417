"""One model, deployed with a provider or a kubeconfig of the program, while KUBECONFIG names another cluster.

Variables of the environment: LAB_KUBECONFIG is the path of the lab's kubeconfig; LAB_WAY is `provider` or `output`;
with LAB_IMPATIENT the group fails to come within that time.
"""

import os
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s

from nim_stack import NimStack, read_stack_config

content = Path(os.environ["LAB_KUBECONFIG"]).read_text()
args = read_stack_config()
mine = k8s.Provider("mine", kubeconfig=content)


def impatient(asked: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """A shorter time for the group alone."""
    if not asked.type_.endswith(":LeaderWorkerSet"):
        return None
    limit = os.environ["LAB_IMPATIENT"]
    opts = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit))
    return pulumi.ResourceTransformationResult(asked.props, pulumi.ResourceOptions.merge(asked.opts, opts))


if os.environ.get("LAB_IMPATIENT"):
    pulumi.runtime.register_stack_transformation(impatient)

if os.environ["LAB_WAY"] == "provider":
    args["kubeconfig"] = content
    stack = NimStack("nim", args, pulumi.ResourceOptions(provider=mine))
else:
    # An id is known only when the resource is there, as the address of a cluster is.
    made = k8s.core.v1.ConfigMap("made", opts=pulumi.ResourceOptions(provider=mine))
    args["kubeconfig"] = made.id.apply(lambda _: content)
    stack = NimStack("nim", args)

for output, value in stack.exports.items():
    pulumi.export(output, value)
