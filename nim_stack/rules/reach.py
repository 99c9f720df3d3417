"""Rules on what lies between clients and the model: Ingress, NetworkPolicy."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from nim_stack.base import names
from nim_stack.base.problems import Finding, choices
from nim_stack.deployment.public_url import is_of_the_api
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import rule
from nim_stack.rules.service import peers

_POLICY = frozenset({"nim.networkPolicy"})
_PORTS = {"http": 80, "https": 443}


@rule(
    "NIM145",
    "The model does not answer below the Ingress's path",
    cause="The API is below /v1, and an Ingress hands the path on as it is. Some controllers take a prefix off by an "
    "annotation of their own; there is none that all of them know.",
    cure="Use / or /v1, the annotation of the controller, or an HTTPRoute, which takes the prefix off.",
    severity="warning",
    reads=frozenset({"nim.ingress"}),
)
def ingress_path(resolved: Resolution) -> Iterator[Finding]:
    ingress = resolved.settings.ingress
    if ingress is not None and not is_of_the_api(ingress.path) and not ingress.annotations:
        why = f"the model gets the path as it is, and answers below {names.API} alone"
        instead = f"Use / or {names.API}, an annotation by which the controller takes the prefix off, or nim.httpRoute."
        yield Finding("nim.ingress.path", ingress.path, why, instead)


@rule(
    "NIM146",
    "A NetworkPolicy has no effect on the node's network",
    cause="With pods.hostNetwork the pods have the node's address, and network plugins do not apply policies to them. "
    "The deployment would look protected and be open.",
    cure="Leave hostNetwork or networkPolicy out.",
    reads=_POLICY | {"nim.pods"},
)
def host_network(resolved: Resolution) -> Iterator[Finding]:
    if resolved.settings.network_policy is not None and resolved.settings.pods.host_network:
        why = "pods with nim.pods.hostNetwork have the node's address, to which no policy applies"
        yield Finding("nim.networkPolicy", None, why, "Leave one of the two out.")


@rule(
    "NIM147",
    "What reaches the model from outside of the namespace is no client",
    cause="Without networkPolicy.clients the pods of the namespace alone reach the API. Ingress controllers, Gateways, "
    "load balancers and Prometheus are usually elsewhere.",
    cure="Name them under networkPolicy.clients, beside the pods that are to reach the API.",
    severity="warning",
    reads=_POLICY | {"nim.service", "nim.ingress", "nim.httpRoute", "nim.podMonitor"},
)
def outside_clients(resolved: Resolution) -> Iterator[Finding]:
    settings = resolved.settings
    if settings.network_policy is None or settings.network_policy.clients is not None:
        return
    outside = {
        "nim.ingress": settings.ingress is not None,
        "nim.httpRoute": settings.http_route is not None,
        "nim.podMonitor": settings.pod_monitor is not None,
        f"nim.service.type {settings.service.type}": settings.service.type != "ClusterIP",
    }
    used = [name for name, there in outside.items() if there]
    if used:
        why = (
            "without it only the pods of the namespace reach the API, and requests by "
            f"{' and '.join(used)} may come from outside"
        )
        instead = "List who reaches it, such as {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: …}}}."
        yield Finding("nim.networkPolicy.clients", None, why, instead)


@rule(
    "NIM148",
    "The NetworkPolicy blocks the download",
    cause="Without networkPolicy.download the pods reach other hosts on port 443 alone, and this one is on another.",
    cure="Name the mirror under networkPolicy.download, or its port under networkPolicy.egress.",
    reads=_POLICY | {"nim.download"},
)
def download(resolved: Resolution) -> Iterator[Finding]:
    settings, policy = resolved.settings, resolved.settings.network_policy
    source = settings.download
    if policy is None or policy.download is not None or policy.egress or source.disabled:
        return
    for name, url in (("repositoryOverride", source.repository_override), ("hubEndpoint", source.hub_endpoint)):
        port = _port(url)
        if port not in (None, 443):
            why = f"nim.networkPolicy lets the pods reach port 443 of other hosts, and this is port {port}"
            instead = "Name the mirror under nim.networkPolicy.download, such as {ipBlock: {cidr: …}}."
            yield Finding(f"nim.download.{name}", url, why, instead)


def _port(url: str | None) -> int | None:
    """Port of an HTTP URL; None for what has another scheme, or cannot be read."""
    try:
        parts = urlsplit(url or "")
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


@rule(
    "NIM149",
    "A peer is none that Kubernetes knows",
    cause="A NetworkPolicyPeer is either a range of addresses, or pods by their labels and those of their namespaces. "
    "The API server refuses an empty one, and one that is both.",
    cure="Use ipBlock, or podSelector and namespaceSelector.",
    reads=_POLICY,
)
def peer_form(resolved: Resolution) -> Iterator[Finding]:
    selectors = ("podSelector", "namespaceSelector")
    for path, peer in peers(resolved):
        given = [name for name in (*selectors, "ipBlock") if peer.get(name) is not None]
        if not given:
            everyone = "{namespaceSelector: {}} is all pods of the cluster, {ipBlock: {cidr: 0.0.0.0/0}} all addresses"
            yield Finding(path, "{}", "it names nobody", f"Use {choices([*selectors, 'ipBlock'])}; {everyone}.")
        elif "ipBlock" in given and len(given) > 1:
            yield Finding(path, " and ".join(given), "addresses and pods cannot be one peer", "Make two peers of it.")
