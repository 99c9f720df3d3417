"""A GKE cluster with GPU nodes, and one model in it, by one `pulumi up`."""

import json

import pulumi
import pulumi_gcp as gcp

from nim_stack import NimStack, read_stack_config

config = pulumi.Config()
args = read_stack_config()
zone = config.require("zone")

cluster = gcp.container.Cluster(
    "models",
    location=zone,
    initial_node_count=1,
    addons_config={"gcp_filestore_csi_driver_config": {"enabled": True}},
    deletion_protection=False,
)
nodes = gcp.container.NodePool(
    "gpus",
    cluster=cluster.name,
    location=zone,
    node_count=config.require_int("gpuNodes"),
    node_config={
        "machine_type": config.require("machineType"),
        "guest_accelerators": [
            {
                "type": config.require("accelerator"),
                "count": config.require_int("gpusPerNode"),
                "gpu_driver_installation_config": {"gpu_driver_version": "LATEST"},
            }
        ],
        "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
    },
)


def kubeconfig(name: str, endpoint: str, authority: str) -> str:
    """A kubeconfig that asks gke-gcloud-auth-plugin for credentials, as `gcloud container clusters get-credentials`."""
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "gke-gcloud-auth-plugin",
        "provideClusterInfo": True,
        "interactiveMode": "IfAvailable",
    }
    server = {"server": f"https://{endpoint}", "certificate-authority-data": authority}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": server}],
            "users": [{"name": name, "user": {"exec": plugin}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )


# Known only when `up` has made the cluster. The stack makes its two Kubernetes providers from it.
args["kubeconfig"] = pulumi.Output.all(
    cluster.name, cluster.endpoint, cluster.master_auth.cluster_ca_certificate
).apply(lambda known: kubeconfig(*known))
stack = NimStack("nim", args, pulumi.ResourceOptions(depends_on=[nodes]))

for output, value in stack.exports.items():
    pulumi.export(output, value)
