"""Who reaches the model, and what watches it."""

from typing import Annotated, Final, Literal

from pydantic import Field

from nim_stack.base import names
from nim_stack.values.kubernetes.types import NetworkPolicyEgressRule, NetworkPolicyPeer
from nim_stack.values.types import Annotations, KubernetesName, Label, Labels, ObjectName, Port, Settings

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
HostName = Annotated[str, Field(pattern=rf"^(\*\.)?{_LABEL}(\.{_LABEL})*$", max_length=253)]
"""A DNS name, whose first label may be `*`."""
_SEGMENT = r"[-A-Za-z0-9_~][-A-Za-z0-9._~]*"
Path = Annotated[str, Field(pattern=rf"^/({_SEGMENT}(/{_SEGMENT})*)?$", max_length=1024)]
"""Without a trailing slash, which would be another prefix to some controllers."""
Scheme = Literal["http", "https"]


class Ports(Settings):
    """The ports on which the programs inside the pods listen."""

    server: Port = Field(
        names.SERVER_PORT, description="Port from 1 to 65535 of API, health and metrics in the container."
    )
    ray: Port = Field(names.RAY_PORT, description="Port from 1 to 65535 on which Ray's head listens.")
    heartbeat: Port | None = Field(
        None, description="Port from 1 to 65535 of the supervisors' heartbeat; without it the one after Ray's."
    )
    health: Port | None = Field(
        None,
        description="Port from 1 to 65535 of the supervisor's probes; without it the one after server.",
    )

    @property
    def heartbeat_port(self) -> int:
        """The port of the leader's supervisor, which workers call; as given, else the one after Ray's."""
        return self.heartbeat or self.ray + 1

    @property
    def health_port(self) -> int:
        """The port on which the supervisor answers probes: as given, else the one after the server's."""
        return self.health or self.server + 1


class Service(Settings):
    """The Service in front of the leaders."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = Field(
        "ClusterIP", description="ClusterIP, NodePort or LoadBalancer."
    )
    port: Port = Field(names.SERVICE_PORT, description="Port from 1 to 65535 of the Service.")
    node_port: Port | None = Field(
        None, description="Port from 1 to 65535 of each node, for NodePort and LoadBalancer; without it a free one."
    )
    annotations: Annotations = Field({}, description="Annotations, text to text.")
    load_balancer_class: Label | None = Field(None, description="Class of the load balancer.")
    load_balancer_source_ranges: tuple[str, ...] = Field(
        (), description="List of CIDR ranges, such as 10.0.0.0/8, that reach the load balancer."
    )


class Ingress(Settings):
    """An Ingress to the leader Service."""

    host: HostName = Field(description="Host name, such as chat.example.com or *.example.com.")
    path: Path = Field(
        "/", description="Path prefix, beginning with /; the model answers below /v1, and an Ingress takes nothing off."
    )
    class_name: ObjectName | None = Field(None, description="Name of an IngressClass; without it the default one.")
    tls_secret: ObjectName | None = Field(None, description="Name of a kubernetes.io/tls Secret in the namespace.")
    scheme: Scheme | None = Field(
        None,
        description="http or https in the output `url`, where TLS ends before the Ingress; without it https with a "
        "tlsSecret, else http.",
    )
    annotations: Annotations = Field({}, description="Annotations such as those of the controller's timeouts.")


class ParentRef(Settings):
    """A Gateway, or one of its listeners."""

    name: ObjectName = Field(description="Name of a Gateway.")
    namespace: KubernetesName | None = Field(None, description="Namespace of the Gateway; without it the deployment's.")
    section_name: ObjectName | None = Field(None, description="Name of a listener of the Gateway.")


class HttpRoute(Settings):
    """A Gateway API HTTPRoute to the leader Service."""

    parent_refs: tuple[ParentRef, ...] = Field(min_length=1, max_length=32, description="List of 1 to 32 Gateways.")
    hostnames: tuple[HostName, ...] = Field(
        (), max_length=16, description="List of at most 16 host names; without one those of the Gateway's listeners."
    )
    path: Path = Field(
        "/", description="Path prefix, beginning with /; one that is not below /v1 is taken off before the model."
    )
    request_timeout: str | None = Field(
        None,
        pattern=r"^([0-9]{1,5}(h|m|s|ms)){1,4}$",
        description="Longest request such as 10m, or 0s for no limit; without it the Gateway's own, often 15s.",
    )
    scheme: Scheme = Field(
        "https", description="http or https in the output `url`; the Gateway's listener decides which it is."
    )
    annotations: Annotations = Field({}, description="Annotations, text to text.")


class NetworkPolicy(Settings):
    """Everything inside the deployment, the API port from named clients, DNS and the download; nothing else.

    Ingress controllers, Gateways and Prometheus are clients like any other.
    """

    clients: tuple[NetworkPolicyPeer, ...] | None = Field(
        None,
        description="List of Kubernetes NetworkPolicyPeers that reach the API port; without it the pods of the "
        "namespace, and with an empty one nobody.",
    )
    egress: tuple[NetworkPolicyEgressRule, ...] = Field(
        (), description="List of Kubernetes egress rules beside DNS and the download."
    )
    download: tuple[NetworkPolicyPeer, ...] | None = Field(
        None,
        description="List of Kubernetes NetworkPolicyPeers that models are downloaded from, at any port; without it "
        "every address on port 443, and with an empty one none.",
    )


_TIME: Final = "".join(f"([0-9]+{unit})?" for unit in ("w", "d", "h", "m", "s", "ms"))
"""The largest unit first, as the Prometheus Operator's CRD wants it."""


class PodMonitor(Settings):
    """A PodMonitor (Prometheus Operator) on the leaders' /v1/metrics."""

    interval: str = Field(
        "30s", pattern=rf"^{_TIME}$", min_length=2, description="Time between scrapes such as 30s or 1m30s."
    )
    labels: Labels = Field({}, description="Labels by which a Prometheus selects it, text to text.")
