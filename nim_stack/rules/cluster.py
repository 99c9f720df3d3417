"""Rules on the cluster: LWS, Kubernetes, and the names that are taken there."""

import re
from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import rule

LWS_OLDEST = (0, 9)
"""The first whose status says which generation it is about, and which has RecreateGroupAfterStart."""
KUBERNETES_OLDEST = (1, 27)
"""LWS needs the StatefulSet's start ordinal, which is on by default from there."""
KUBERNETES_APART = (1, 31)
"""`matchLabelKeys` of a pod affinity is on by default from there."""

KUBERNETES_CLAIMS = (1, 32)
"""Dynamic resource allocation is beta from there, and on by default from 1.34."""


def version(text: str) -> tuple[int, int]:
    """The major and the minor number of a version of Kubernetes, such as v1.35.4."""
    major, minor = re.findall(r"[0-9]+", text)[:2]
    return int(major), int(minor)


def _spelled(found: tuple[int, int]) -> str:
    return f"{found[0]}.{found[1]}"


@rule(
    "NIM090",
    "The LWS release is not pinned",
    cause="It is installed cluster-wide, with webhooks, so that its content must be what somebody has read.",
    cure="Set lws.sha256 to the digest of the manifest, or lws to existing where LWS is installed already.",
    reads=frozenset({"nim.lws"}),
)
def lws_digest(resolved: Resolution) -> Iterator[Finding]:
    lws = resolved.settings.lws
    if lws.mode == "install" and lws.sha256 is None:
        fetch = f"curl -fsSL {lws.manifest}" if "://" in lws.manifest else f"cat {lws.manifest}"
        yield Finding(
            "nim.lws.sha256",
            None,
            "the LWS release is installed cluster-wide, so its manifest is pinned",
            f"Read the manifest, then set the digest that `{fetch} | sha256sum` prints; or set nim.lws to existing "
            "where LWS 0.9 or newer is installed already.",
        )


@rule(
    "NIM091",
    "LWS is too old",
    cause="Before 0.9 the status does not say which generation it is about, so that an update could be reported done "
    "before it began, and the restart policy RecreateGroupAfterStart is unknown.",
    cure="Install LWS 0.9 or newer.",
    reads=frozenset({"nim.lws"}),
)
def lws_version(resolved: Resolution) -> Iterator[Finding]:
    lws = resolved.settings.lws
    in_url = re.search(r"/v([0-9]+\.[0-9]+)[^/]*/[^/]*$", lws.manifest) if lws.mode == "install" else None
    for path, given in (("version", lws.version), ("manifest", in_url[1] if in_url else None)):
        if given is not None and version(given) < LWS_OLDEST:
            why = f"it is LWS {_spelled(version(given))}, whose status does not say which generation it is about"
            shown = lws.version if path == "version" else lws.manifest
            yield Finding(f"nim.lws.{path}", shown, why, f"Use LWS {_spelled(LWS_OLDEST)} or newer.")


@rule(
    "NIM092",
    "Kubernetes is too old",
    cause="LWS needs 1.27 or newer, and some fabrics more: ComputeDomains are claimed by dynamic resource allocation.",
    cure="Use a newer cluster, or another fabric.",
    reads=frozenset({"nim.cluster", "nim.fabric", "nim.pods"}),
)
def kubernetes(resolved: Resolution) -> Iterator[Finding]:
    given = resolved.settings.cluster.kubernetes_version
    if given is None:
        return
    needs = [(KUBERNETES_OLDEST, "LWS")]
    if resolved.layout.fabric is not None and resolved.layout.fabric.min_kubernetes is not None:
        needs.append((version(resolved.layout.fabric.min_kubernetes), f"the fabric {resolved.layout.fabric.name}"))
    if resolved.settings.pods.resource_claims or resolved.settings.pods.compute_domain is not None:
        needs.append((KUBERNETES_CLAIMS, "a claim of devices (dynamic resource allocation)"))
    oldest, who = max(needs)
    if version(given) < oldest:
        why = f"{who} needs {_spelled(oldest)} or newer"
        yield Finding("nim.cluster.kubernetesVersion", given, why, f"Use a cluster of {_spelled(oldest)} or newer.")


@rule(
    "NIM093",
    "Groups keep apart from each other",
    cause="Pods of one group never share a node. Before Kubernetes 1.31 the rule for that cannot tell groups apart, so "
    "that pods of different groups do not share one either.",
    cure="None is needed when there are as many nodes as pods.",
    severity="warning",
    reads=frozenset({"nim.cluster", "nim.replicas", "nim.autoscaling"}),
)
def apart(resolved: Resolution) -> Iterator[Finding]:
    given, replicas = resolved.settings.cluster.kubernetes_version, resolved.settings.most_groups
    if given is not None and replicas > 1 and KUBERNETES_OLDEST <= version(given) < KUBERNETES_APART:
        why = f"before {_spelled(KUBERNETES_APART)} pods of different groups cannot share a node"
        instead = f"Have {resolved.layout.nodes * replicas} nodes for {replicas} groups, or a newer cluster."
        yield Finding("nim.cluster.kubernetesVersion", given, why, instead)


@rule(
    "NIM097",
    "The namespace is that of LWS",
    cause="The LWS release has its namespace to itself, and removes it when it goes.",
    cure="Use another namespace.",
    reads=frozenset({"nim.lws"}),
)
def namespace(resolved: Resolution) -> Iterator[Finding]:
    settings = resolved.settings
    if settings.lws.mode == "install" and settings.namespace == names.LWS_NAMESPACE:
        why = "the LWS release has this namespace to itself"
        yield Finding("nim.namespace", settings.namespace, why, "Use another one, such as nim.")


@rule(
    "NIM098",
    "The name could be that of another deployment's Service",
    cause="LWS makes a headless Service of the deployment's name, and leaders are reached by one that ends in -leader. "
    "When both exist in a namespace, workers or clients reach the wrong pods.",
    cure="Use a name that does not end in -leader.",
    severity="warning",
)
def leader_name(resolved: Resolution) -> Iterator[Finding]:
    name = resolved.settings.name
    suffix = names.leader_service("")
    if name.endswith(suffix):
        other = name.removesuffix(suffix)
        why = f"a deployment {other} in the same namespace would have its Service of this name"
        yield Finding("nim.name", name, why, f"Use a name that does not end in {suffix}.")
