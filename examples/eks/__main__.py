"""An EKS cluster with GPU nodes, and one model in it, by one `pulumi up`."""

import pulumi
import pulumi_eks as eks

from nim_stack import NimStack, read_stack_config

config = pulumi.Config()
args = read_stack_config()

cluster = eks.Cluster(
    "models",
    vpc_id=config.require("vpcId"),
    private_subnet_ids=config.require_object("subnetIds"),
    skip_default_node_group=True,
    authentication_mode=eks.AuthenticationMode.API,
)
nodes = eks.ManagedNodeGroup(
    "gpus",
    cluster=cluster,
    node_role_arn=config.require("nodeRoleArn"),
    instance_types=[config.require("instanceType")],
    gpu=True,
    scaling_config={
        "min_size": config.require_int("gpuNodes"),
        "desired_size": config.require_int("gpuNodes"),
        "max_size": config.require_int("gpuNodes"),
    },
    # One subnet: all pods of a group exchange tensors for every token, and nodes of one zone are near each other.
    subnet_ids=config.require_object("subnetIds")[:1],
)
# Known only when `up` has made the cluster. The stack makes its two Kubernetes providers from it.
args["kubeconfig"] = cluster.kubeconfig_json
stack = NimStack("nim", args, pulumi.ResourceOptions(depends_on=[nodes]))

pulumi.export("kubeconfig", pulumi.Output.secret(cluster.kubeconfig_json))
for output, value in stack.exports.items():
    pulumi.export(output, value)
