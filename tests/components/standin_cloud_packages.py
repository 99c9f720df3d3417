"""Stand-ins for pulumi_eks, pulumi_gcp and pulumi_azure_native, with the names that the examples use and no others.

The packages take 380 MiB when they are unpacked, and are not part of the development environment. A stand-in registers
a resource of the same type with the same properties, and has the outputs that the examples read. What it does not prove
is that a cloud accepts them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import pulumi


def _resource(kind: str, known: set[str], outputs: dict[str, str]) -> type:
    """A resource class. An argument that the real class does not have is a TypeError, as it is there."""

    class Made(pulumi.CustomResource):
        def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **properties: Any) -> None:
            if unknown := properties.keys() - known:
                raise TypeError(f"{kind} has no argument {', '.join(sorted(unknown))}")
            missing = {spelling: None for spelling in outputs.values() if spelling not in properties}
            super().__init__(kind, name, {**properties, **missing}, opts)

    for attribute, spelling in outputs.items():
        setattr(Made, attribute, property(partial(_output, spelling)))
    return Made


def _output(spelling: str, made: Any) -> Any:
    return pulumi.get(made, spelling)


def _eks() -> ModuleType:
    eks: Any = ModuleType("pulumi_eks")
    cluster = {"vpc_id", "private_subnet_ids", "skip_default_node_group", "authentication_mode"}
    eks.Cluster = _resource("eks:index:Cluster", cluster, {"kubeconfig_json": "kubeconfigJson"})
    nodes = {"cluster", "node_role_arn", "instance_types", "gpu", "scaling_config", "subnet_ids"}
    eks.ManagedNodeGroup = _resource("eks:index:ManagedNodeGroup", nodes, {})
    eks.AuthenticationMode = SimpleNamespace(API="API")
    module: ModuleType = eks
    return module


def _gcp() -> ModuleType:
    gcp: Any = ModuleType("pulumi_gcp")
    cluster = {"location", "initial_node_count", "addons_config", "deletion_protection"}
    nodes = {"cluster", "location", "node_count", "node_config"}
    made: Any = _resource(
        "gcp:container/cluster:Cluster", cluster, {"name": "name", "endpoint": "endpoint", "_auth": "masterAuth"}
    )
    # The package makes a class of it, whose attributes are in snake case; its keys are not.
    made.master_auth = property(
        lambda self: self._auth.apply(lambda auth: SimpleNamespace(cluster_ca_certificate=auth["clusterCaCertificate"]))
    )
    gcp.container = SimpleNamespace(
        Cluster=made,
        NodePool=_resource("gcp:container/nodePool:NodePool", nodes, {}),
    )
    module: ModuleType = gcp
    return module


def _azure(kubeconfig: str) -> ModuleType:
    azure: Any = ModuleType("pulumi_azure_native")
    cluster = {"resource_group_name", "dns_prefix", "identity", "agent_pool_profiles"}
    nodes = {"resource_group_name", "resource_name_", "mode", "count", "vm_size"}

    def credentials(**where: Any) -> pulumi.Output[Any]:
        found = SimpleNamespace(kubeconfigs=[SimpleNamespace(value=kubeconfig)])
        return pulumi.Output.all(**where).apply(lambda _: found)

    azure.containerservice = SimpleNamespace(
        ManagedCluster=_resource("azure-native:containerservice:ManagedCluster", cluster, {"name": "name"}),
        AgentPool=_resource("azure-native:containerservice:AgentPool", nodes, {}),
        list_managed_cluster_user_credentials_output=credentials,
    )
    azure.resources = SimpleNamespace(
        ResourceGroup=_resource("azure-native:resources:ResourceGroup", {"location"}, {"name": "name"})
    )
    module: ModuleType = azure
    return module


@contextmanager
def standing_in(azure_kubeconfig: str) -> Iterator[None]:
    """While this lasts, the three packages are these. `azure_kubeconfig` is in base64, as Azure gives it."""
    packages = {"pulumi_eks": _eks(), "pulumi_gcp": _gcp(), "pulumi_azure_native": _azure(azure_kubeconfig)}
    assert not packages.keys() & sys.modules.keys()
    sys.modules.update(packages)
    try:
        yield
    finally:
        for name in packages:
            del sys.modules[name]
