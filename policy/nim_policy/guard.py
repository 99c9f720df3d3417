"""Public routes guarded: an API key of the model server, or a NetworkPolicy that does not let everybody in."""

from collections.abc import Iterable, Mapping
from typing import Any

from nim_policy.objects import HELM_RELEASE, Resource, of_kind
from nim_policy.pods import Pods, entry, is_group, serving
from nim_policy.routes import groups_behind, is_public, labels_of, selects
from nim_policy.values import NotKnownError, items, mapping, read
from nim_policy.verdict import Verdict

EVERYWHERE = ("0.0.0.0/0", "::/0")


def guarded_routes(resources: Iterable[Resource], config: Mapping[str, Any]) -> Verdict:
    """Groups that can be reached from outside of the cluster, and that nothing guards.

    Args:
        resources: all resources of the stack.
        config: `keyVariables` are the variables of a container that hold its API key; with `acceptNetworkPolicy` false
            a NetworkPolicy does not do.
    """  # noqa: DOC501 (`judging` catches it and leaves the verdict open)
    verdict = Verdict()
    resources = list(resources)
    for public in resources:
        with verdict.judging(f"Whether {public.title} is guarded is not judged", public.urn):
            if public.type == HELM_RELEASE and any(map(is_group, resources)):
                raise NotKnownError("a Helm release does not show its objects to the engine")
            for group, pods in groups_behind(public, resources) if is_public(public) else ():
                reasons = _reasons(group, pods, resources, config)
                if reasons:
                    verdict.violated(
                        f"{public.title} opens {group.title} to the outside, and nothing guards it: "
                        f"{' and '.join(reasons)}. Give the pods VLLM_API_KEY from a Secret (nim.env)"
                        + (", or set nim.networkPolicy." if config.get("acceptNetworkPolicy", True) else "."),
                        public.urn,
                    )
    return verdict


def _reasons(group: Resource, pods: Pods, resources: list[Resource], config: Mapping[str, Any]) -> list[str]:
    """Why nothing guards these pods; empty where something does.

    Raises:
        NotKnownError: one guard is missing, and whether the other is there is not known.
    """
    missing, unknown = [], []
    for guard in (_without_key, _without_policy):
        if guard is _without_policy and not config.get("acceptNetworkPolicy", True):
            continue
        try:
            reason = guard(group, pods, resources, config)
        except NotKnownError as error:
            unknown.append(str(error))
            continue
        if reason is None:
            return []
        missing.append(reason)
    if unknown:
        raise NotKnownError(" and ".join(unknown))
    return missing


def _without_key(_group: Resource, pods: Pods, _resources: list[Resource], config: Mapping[str, Any]) -> str | None:
    """Why the pods have no API key; None where they have one from a Secret."""
    names = list(config.get("keyVariables") or ["VLLM_API_KEY"])
    container = serving(pods)
    plain = ""
    for name in names:
        found = entry(container, name)
        if found is None:
            continue
        reference = mapping(found, "valueFrom", "secretKeyRef")
        if reference and read(reference, "optional") is not True:
            return None
        plain = f"{name} is not from a Secret" if not reference else f"the Secret of {name} is optional"
    return plain or f"the pods have no {' or '.join(names)}"


def _without_policy(group: Resource, pods: Pods, resources: list[Resource], _config: Mapping[str, Any]) -> str | None:
    """Why no NetworkPolicy guards the pods; None where one does, and none lets everybody in."""
    labels = labels_of(group, pods)
    policies = [
        policy
        for policy in of_kind(resources, "networking.k8s.io", "NetworkPolicy")
        if policy.namespace == group.namespace
        and "Ingress" in (items(policy.props, "spec", "policyTypes") or ["Ingress"])
        and selects(mapping(policy.props, "spec", "podSelector"), labels)
    ]
    if not policies:
        return "no NetworkPolicy of this stack selects the pods"
    # What one policy lets in, no other keeps out.
    opened = [
        policy.title
        for policy in policies
        for rule in items(policy.props, "spec", "ingress")
        if _lets_everybody_in(rule)
    ]
    return f"{opened[0]} lets everybody in" if opened else None


def _lets_everybody_in(rule: Mapping[str, Any]) -> bool:
    """On some port; which one is not looked at, since a port that nothing listens on needs no rule."""
    peers = items(rule, "from")
    return not peers or any(read(peer, "ipBlock", "cidr") in EVERYWHERE for peer in peers)
