"""Rules on the Service in front of the leaders, and on ranges of addresses wherever they stand."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from nim_stack.base.problems import Finding
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import rule

NODE_PORTS = range(30000, 32768)
"""The range that an API server has without --service-node-port-range."""
_SERVICE = frozenset({"nim.service"})


@rule(
    "NIM140",
    "A nodePort without a port on the nodes",
    cause="A ClusterIP Service has no port on the nodes, and the API server refuses one.",
    cure="Use the type NodePort or LoadBalancer, or leave nodePort out.",
    reads=_SERVICE,
)
def node_port(resolved: Resolution) -> Iterator[Finding]:
    service = resolved.settings.service
    if service.node_port is not None and service.type == "ClusterIP":
        why = "nim.service.type is ClusterIP, which has no port on the nodes"
        instead = "Set nim.service.type to NodePort or LoadBalancer, or leave it out."
        yield Finding("nim.service.nodePort", service.node_port, why, instead)


@rule(
    "NIM141",
    "The nodePort is outside of the usual range",
    cause="The API server refuses a nodePort outside of its --service-node-port-range, which is 30000-32767 unless it "
    "was started with another one.",
    cure="Use one of the range.",
    severity="warning",
    reads=_SERVICE,
)
def node_port_range(resolved: Resolution) -> Iterator[Finding]:
    service = resolved.settings.service
    if service.node_port is not None and service.type != "ClusterIP" and service.node_port not in NODE_PORTS:
        why = "an API server refuses it, unless it was started with another --service-node-port-range"
        instead = f"Use {NODE_PORTS.start} to {NODE_PORTS.stop - 1}, or leave it out."
        yield Finding("nim.service.nodePort", service.node_port, why, instead)


@rule(
    "NIM142",
    "A setting of a load balancer that is not there",
    cause="loadBalancerClass and loadBalancerSourceRanges are those of a Service of the type LoadBalancer. The API "
    "server refuses the first on another type, and ignores the second.",
    cure="Use the type LoadBalancer, or leave them out.",
    reads=_SERVICE,
)
def load_balancer(resolved: Resolution) -> Iterator[Finding]:
    service = resolved.settings.service
    if service.type == "LoadBalancer":
        return
    given = {
        "loadBalancerClass": service.load_balancer_class,
        "loadBalancerSourceRanges": ", ".join(service.load_balancer_source_ranges) or None,
    }
    for name, value in given.items():
        if value is not None:
            why = f"nim.service.type is {service.type}, which has no load balancer"
            yield Finding(f"nim.service.{name}", value, why, "Set nim.service.type to LoadBalancer, or leave it out.")


@rule(
    "NIM143",
    "Everyone who reaches the load balancer can use the model",
    cause="The API has no authentication. A load balancer is open to every address that reaches it, which is the "
    "internet unless the cloud is told otherwise.",
    cure="Set service.loadBalancerSourceRanges, make it an internal one by an annotation of the cloud, or use an "
    "Ingress or HTTPRoute with authentication.",
    severity="warning",
    reads=_SERVICE,
)
def open_to_all(resolved: Resolution) -> Iterator[Finding]:
    service = resolved.settings.service
    internal = any("internal" in f"{key}={value}".lower() for key, value in service.annotations.items())
    if service.type == "LoadBalancer" and not service.load_balancer_source_ranges and not internal:
        why = "the API has no authentication, and a load balancer is open to every address that reaches it"
        instead = "Set nim.service.loadBalancerSourceRanges, or the annotation that makes it an internal one."
        yield Finding("nim.service.type", service.type, why, instead)


@rule(
    "NIM144",
    "A range of addresses is not one",
    cause="A range is an address and the length of its prefix, and the address has no bits beyond the prefix: API "
    "servers used to take such a range for the one around it, and newer ones refuse it. Exceptions lie inside of the "
    "range that they are of.",
    cure="Write the range as the message does.",
    reads=frozenset({"nim.service", "nim.networkPolicy"}),
)
def ranges(resolved: Resolution) -> Iterator[Finding]:
    for position, given in enumerate(resolved.settings.service.load_balancer_source_ranges):
        yield from _range(f"nim.service.loadBalancerSourceRanges.{position}", given)
    for path, peer in peers(resolved):
        block = peer.get("ipBlock")
        if not isinstance(block, Mapping):
            continue
        yield from _range(f"{path}.ipBlock.cidr", block.get("cidr"))
        outer = _parsed(block.get("cidr"))
        for position, given in enumerate(block.get("except") or ()):
            here = f"{path}.ipBlock.except.{position}"
            yield from _range(here, given)
            inner = _parsed(given)
            if inner and outer and not (inner.version == outer.version and _inside(inner, outer)):
                yield Finding(here, given, f"it is not inside of {outer}", "Use a smaller range inside of it.")


def peers(resolved: Resolution) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every NetworkPolicyPeer of the settings, and where it stands."""
    policy = resolved.settings.network_policy
    if policy is None:
        return
    for name, listed in (("clients", policy.clients), ("download", policy.download)):
        for position, peer in enumerate(listed or ()):
            yield f"nim.networkPolicy.{name}.{position}", peer
    for number, egress in enumerate(policy.egress):
        for position, peer in enumerate(egress.get("to") or ()):
            yield f"nim.networkPolicy.egress.{number}.to.{position}", peer


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _parsed(given: object) -> _Network | None:
    try:
        return ipaddress.ip_network(str(given), strict=False) if "/" in str(given) else None
    except ValueError:
        return None


def _inside(inner: _Network, outer: _Network) -> bool:
    """Strictly; both are of the same version."""
    return inner.prefixlen > outer.prefixlen and inner.network_address in outer


def _range(path: str, given: object) -> Iterator[Finding]:
    network = _parsed(given)
    if network is None:
        why = "it is not an address, a slash and the length of the prefix"
        yield Finding(path, given, why, "Use a range such as 10.0.0.0/8 or 2001:db8::/32; one address has /32 or /128.")
    elif str(network.network_address) != str(ipaddress.ip_address(str(given).split("/")[0])):
        yield Finding(path, given, f"its address has bits beyond the prefix of {network.prefixlen}", f"Use {network}.")
