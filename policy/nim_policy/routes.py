"""Which groups can be reached from outside of the cluster, and by which objects."""

from collections.abc import Iterator, Mapping
from typing import Any

from nim_policy.objects import Resource
from nim_policy.pods import LWS_NAME_LABEL, LWS_WORKER_INDEX_LABEL, Pods, has_pods, is_group, pods_of
from nim_policy.values import NotKnownError, items, mapping, read

GATEWAY = "gateway.networking.k8s.io"
ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute")
OUTSIDE = ("LoadBalancer", "NodePort")


def is_public(resource: Resource) -> bool:
    """Whether the object opens something to the outside.

    Raises:
        NotKnownError: before the update.
    """
    place = (resource.group, resource.kind)
    if place == ("core", "Service"):
        return read(resource.props, "spec", "type") in OUTSIDE or bool(items(resource.props, "spec", "externalIPs"))
    return place in (("networking.k8s.io", "Ingress"), ("route.openshift.io", "Route")) or (
        resource.group == GATEWAY and resource.kind in ROUTES
    )


def groups_behind(public: Resource, resources: list[Resource]) -> list[tuple[Resource, Pods]]:
    """LeaderWorkerSets that a public object leads to, with the pods of each that it reaches.

    Raises:
        NotKnownError: it is not known before the update where the object leads, or the way leaves the stack.
    """
    found = []
    for kind, namespace, name in _targets(public):
        if kind not in ("Service", "InferencePool"):
            raise NotKnownError(f"it leads to {kind} {name}, which is no kind that this policy follows")
        target = next((item for item in resources if _is(item, kind, namespace, name)), None)
        if target is None:
            raise NotKnownError(f"it leads to {kind} {name}, which is not in this stack")
        found += _selected(target, resources)
    return found


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector, `matchLabels` and `matchExpressions`, takes these labels; an empty one takes all.

    Raises:
        NotKnownError: before the update.
    """
    wanted = mapping(selector, "matchLabels")
    if any(read(wanted, name) != read(labels, name) for name in wanted):
        return False
    return all(_holds(expression, labels) for expression in items(selector, "matchExpressions"))


def labels_of(group: Resource, pods: Pods) -> Mapping[str, str]:
    """Labels of pods of a LeaderWorkerSet: those of the template, and those that its controller adds.

    Raises:
        NotKnownError: before the update.
    """
    index = {LWS_WORKER_INDEX_LABEL: "0"} if pods.role == "leader" else {}
    return {**pods.labels, LWS_NAME_LABEL: group.name, **index}


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = read(expression, "key"), items(expression, "values")
    match read(expression, "operator"):
        case "In":
            return read(labels, key) in values
        case "NotIn":
            return read(labels, key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case other:
            raise NotKnownError(f"a selector has the operator {other}")


def _is(resource: Resource, kind: str, namespace: str, name: str) -> bool:
    return resource.kind == kind and resource.namespace == namespace and resource.name == name


def _targets(public: Resource) -> Iterator[tuple[str, str, str]]:
    """Kind, namespace and name of what is behind it."""
    spec = mapping(public.props, "spec")
    if public.kind == "Service":
        yield "Service", public.namespace, public.name
    elif public.kind == "Ingress":
        paths = [path for rule in items(spec, "rules") for path in items(rule, "http", "paths")]
        for backend in [mapping(spec, "defaultBackend"), *(mapping(path, "backend") for path in paths)]:
            if backend:
                yield _referred(read(backend, "resource") or {"kind": "Service", **mapping(backend, "service")}, public)
    elif public.kind == "Route":
        for to in [mapping(spec, "to"), *items(spec, "alternateBackends")]:
            yield _referred(to, public)
    else:
        for rule in items(spec, "rules"):
            for reference in items(rule, "backendRefs"):
                yield _referred(reference, public)


def _referred(reference: Mapping[str, Any], public: Resource) -> tuple[str, str, str]:
    kind, namespace = read(reference, "kind") or "Service", read(reference, "namespace") or public.namespace
    return str(kind), str(namespace), str(read(reference, "name"))


def _selected(target: Resource, resources: list[Resource]) -> list[tuple[Resource, Pods]]:
    """Groups whose pods it selects; none where it selects other pods of this stack alone.

    Raises:
        NotKnownError: before the update, or where the pods are not in this stack.
    """
    selector = mapping(target.props, "spec", "selector")
    selector = selector if "matchLabels" in selector else {"matchLabels": selector}
    if not mapping(selector, "matchLabels"):
        raise NotKnownError(f"{target.title} has no selector, so that its pods are not known")
    found, others = [], False
    for resource in filter(has_pods, resources):
        if resource.namespace != target.namespace:
            continue
        for pods in pods_of(resource):
            if is_group(resource) and selects(selector, labels_of(resource, pods)):
                found.append((resource, pods))
            elif not is_group(resource):
                others = others or selects(selector, pods.labels)
    if not found and not others:
        raise NotKnownError(f"{target.title} selects no pods of this stack")
    return found
