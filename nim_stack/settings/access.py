"""Who reaches the model, and what watches it."""

from typing import Literal

from pydantic import Field

from nim_stack.fields import Annotations, Labels, ObjectName, Port, Settings
from nim_stack.kubernetes_values import NetworkPolicyEgressRule, NetworkPolicyPeer


class Ports(Settings):
    """Ports inside the pods."""

    server: Port = Field(8000, description="Port from 1 to 65535 of API, health and metrics in the container.")
    ray: Port = Field(6379, description="Port from 1 to 65535 on which Ray's head listens.")


class Service(Settings):
    """The Service in front of the leaders."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = Field(
        "ClusterIP", description="ClusterIP, NodePort or LoadBalancer."
    )
    port: Port = Field(8000, description="Port from 1 to 65535 of the Service.")
    node_port: Port | None = Field(None, description="Port of each node, for NodePort and LoadBalancer.")
    annotations: Annotations = Field({}, description="Annotations, text to text.")
    load_balancer_class: str | None = Field(None, min_length=1, description="Class of the load balancer.")
    load_balancer_source_ranges: tuple[str, ...] = Field((), description="List of CIDR ranges that reach it.")


class Ingress(Settings):
    """An Ingress to the leader Service."""

    host: str = Field(
        pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        max_length=253,
        description="Host name.",
    )
    path: str = Field("/", pattern=r"^/", description="Path prefix, beginning with /.")
    class_name: ObjectName | None = Field(None, description="Name of an IngressClass; without it the default one.")
    tls_secret: ObjectName | None = Field(None, description="Name of a kubernetes.io/tls Secret in the namespace.")
    annotations: Annotations = Field({}, description="Annotations such as those of the controller's timeouts.")


class HttpRoute(Settings):
    """A Gateway API HTTPRoute to the leader Service."""

    parent_refs: tuple["ParentRef", ...] = Field(min_length=1, description="List of Gateways.")
    hostnames: tuple[str, ...] = Field((), description="List of host names.")
    path: str = Field("/", pattern=r"^/", description="Path prefix, beginning with /.")
    request_timeout: str | None = Field(
        None,
        pattern=r"^([0-9]{1,5}(h|m|s|ms)){1,4}$",
        description="Longest request such as 10m.",
    )
    annotations: Annotations = Field({}, description="Annotations, text to text.")


class ParentRef(Settings):
    """A Gateway, or one of its listeners."""

    name: ObjectName = Field(description="Name of a Gateway.")
    namespace: ObjectName | None = Field(None, description="Namespace of the Gateway; without it the deployment's.")
    section_name: ObjectName | None = Field(None, description="Name of a listener of the Gateway.")


class NetworkPolicy(Settings):
    """Everything inside a group, the API port from named clients, DNS and the download; nothing else."""

    clients: tuple[NetworkPolicyPeer, ...] = Field(
        (),
        description="List of NetworkPolicyPeers that reach the API; without it the pods of the namespace.",
    )
    egress: tuple[NetworkPolicyEgressRule, ...] = Field(
        (), description="List of Kubernetes egress rules beside DNS and the download."
    )
    download: tuple[NetworkPolicyPeer, ...] | None = Field(
        None,
        description="List of Kubernetes NetworkPolicyPeers that models are downloaded from; without it every address "
        "on port 443.",
    )


class PodMonitor(Settings):
    """A PodMonitor (Prometheus Operator) on the leaders' /v1/metrics."""

    interval: str = Field("30s", pattern=r"^([0-9]+(ms|s|m|h))+$", description="Time between scrapes such as 30s.")
    labels: Labels = Field({}, description="Labels by which a Prometheus selects it, text to text.")
