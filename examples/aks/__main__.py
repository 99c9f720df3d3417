"""An AKS cluster with GPU nodes, and one model in it, by one `pulumi up`."""

import base64

import pulumi
from pulumi_azure_native import containerservice, resources

from nim_stack import NimStack, read_stack_config

config = pulumi.Config()
args = read_stack_config()

group = resources.ResourceGroup("models", location=config.require("location"))
cluster = containerservice.ManagedCluster(
    "models",
    resource_group_name=group.name,
    dns_prefix="models",
    identity={"type": "SystemAssigned"},
    agent_pool_profiles=[{"name": "system", "mode": "System", "count": 1, "vm_size": "Standard_D4s_v5"}],
)
nodes = containerservice.AgentPool(
    "gpus",
    resource_group_name=group.name,
    resource_name_=cluster.name,
    mode="User",
    count=config.require_int("gpuNodes"),
    vm_size=config.require("vmSize"),
)
credentials = containerservice.list_managed_cluster_user_credentials_output(
    resource_group_name=group.name, resource_name=cluster.name
)
# Known only when `up` has made the cluster. The stack makes its two Kubernetes providers from it.
args["kubeconfig"] = credentials.apply(lambda found: base64.b64decode(found.kubeconfigs[0].value).decode())
stack = NimStack("nim", args, pulumi.ResourceOptions(depends_on=[nodes]))

for output, value in stack.exports.items():
    pulumi.export(output, value)
