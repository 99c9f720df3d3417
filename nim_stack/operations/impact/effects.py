"""What a step on an object other than a group means: for weights, secrets, access and the cluster."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.base.quantity import Quantity
from nim_stack.operations.impact.access import network_policy, route, service
from nim_stack.operations.impact.effect import Effect, Topic, goes, other, spec_of
from nim_stack.operations.impact.fields import shown
from nim_stack.operations.impact.preview import Step, object_name


def effects(steps: list[Step]) -> Iterator[Effect]:
    """Of the deployment's objects; those of the LWS release are taken together."""
    release = [step for step in steps if step.of_lws and step.op != "same"]
    if release:
        yield from _lws_release(release)
    for step in steps:
        if step.op == "same" or step.of_lws:
            continue
        if step.is_kubernetes and step.kind != "LeaderWorkerSet":
            yield from _KINDS.get(step.kind, other)(step)
        elif step.type == "pulumi:providers:kubernetes" and step.op == "replace":
            text = (
                "the connection leads to another cluster: what it made is left there, or deleted if it can be reached"
            )
            yield Effect("cluster", text, ("deletion",))


def _claim(step: Step) -> Iterator[Effect]:
    size = ("resources", "requests", "storage")
    if step.op in ("delete", "replace"):
        if step.retained:
            text = f"claim {step.name} stays in the cluster with its weights, no longer managed by this stack"
            yield Effect("weights", text)
        else:
            yield Effect("weights", f"claim {step.name} is deleted, and the weights in it are lost", ("deletion",))
    if step.op in ("create", "replace"):
        kept = ", or taken up with its weights if it is there from before" if step.retained_after else ""
        made = f"claim {object_name(step.after)} of {shown(spec_of(step.after, *size))} is made"
        yield Effect("weights", made + kept)
    if step.op == "update":
        old, new = spec_of(step.before, *size), spec_of(step.after, *size)
        if old != new:
            yield _resized(step.name, old, new)
        yield from _retention(step, f"claim {step.name}", "weights")


def _resized(name: str, old: Any, new: Any) -> Effect:
    try:
        shrinks = Quantity.parse(new) < Quantity.parse(old)
    except ValueError:
        sizes = " ".join(
            f"{way} {'no size' if size is None else shown(size)}" for way, size in (("from", old), ("to", new))
        )
        text = f"claim {name} changes {sizes}; whether it shrinks, which Kubernetes refuses, is not known"
        return Effect("weights", text, ("unknown",))
    if shrinks:
        text = f"claim {name} would shrink from {old} to {new}, which Kubernetes refuses"
        return Effect("weights", text, ("failure",))
    return Effect("weights", f"claim {name} grows from {old} to {new} in place, if its class allows expansion")


def _retention(step: Step, what: str, topic: Topic) -> Iterator[Effect]:
    if step.retained != step.retained_after:
        then = "outlives" if step.retained_after else "is deleted by"
        yield Effect(topic, f"{what} from now on {then} `pulumi destroy`")


def _namespace(step: Step) -> Iterator[Effect]:
    if step.op in ("delete", "replace"):
        if step.retained:
            yield Effect("cluster", f"namespace {step.name} stays, no longer managed by this stack")
        else:
            text = f"namespace {step.name} is deleted with all that is in it: groups that serve, claims, Secrets"
            yield Effect("cluster", text, ("outage", "deletion") if step.op == "delete" else ("deletion",))
    if step.op in ("create", "replace"):
        yield Effect("cluster", f"namespace {object_name(step.after)} is made")
    if step.op == "update":
        yield from _retention(step, f"namespace {step.name}", "cluster")
        old, new = (_labels(inputs).get(names.POD_SECURITY_LABEL) for inputs in (step.before, step.after))
        if old != new:
            levels = f"{old or 'of the cluster'} → {new or 'of the cluster'}"
            yield Effect("cluster", f"namespace {step.name}: security level of new pods {levels}")


def _labels(inputs: Json) -> Json:
    metadata = inputs.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    return labels if isinstance(labels, dict) else {}


def _secret(step: Step) -> Iterator[Effect]:
    if step.op == "create":
        yield Effect("secrets", f"Secret {step.name} is made")
    elif goes(step):
        text = f"Secret {step.name} is deleted: pods that still name it do not start any more"
        if step.op == "replace":
            text = f"Secret {step.name} is replaced by {object_name(step.after)}: pods that still name it do not start"
        yield Effect("secrets", text, ("deletion",))
    elif step.op == "update":
        keys = [path for path in step.fields if path.startswith(("data", "stringData"))]
        if keys:
            changed = ", ".join(_key(path) for path in keys)
            text = (
                f"Secret {step.name}: {changed} changes in place; pods that run keep what they have, new ones read it"
            )
            yield Effect("secrets", text)


def _key(path: str) -> str:
    """Of a property path such as data.NGC_API_KEY or data[".dockerconfigjson"]."""
    found = re.fullmatch(r'(?:data|stringData)(?:\.(.+)|\["(.+)"\])', path)
    return (found[1] or found[2]) if found else "its data"


def _definition(step: Step) -> Iterator[Effect]:
    if goes(step):
        text = f"CRD {step.name} is deleted, and with it every object of its kind in the cluster"
        yield Effect("cluster", text, ("outage", "deletion"))
    else:
        yield from other(step)


def _lws_release(steps: list[Step]) -> Iterator[Effect]:
    """The objects of the LWS release, taken together."""
    yield from _lws_gone(steps)
    made = [step for step in steps if step.op == "create"]
    if made:
        taken = ", or taken over where it is there" if all(step.retained_after for step in made) else ""
        yield Effect("cluster", f"the LWS controller is installed ({len(made)} objects){taken}")
    for step in steps:
        if step.kind == "Deployment" and step.op == "update":
            yield from _retention(step, "LWS", "cluster")
    changed = [step for step in steps if step.op in ("update", "replace")]
    if changed:
        named = ", ".join(f"{step.kind} {step.name}" for step in changed[:3])
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        text = f"the LWS controller changes ({named}{more}): groups go on, and none is made or restarted meanwhile"
        yield Effect("cluster", text)


def _lws_gone(steps: list[Step]) -> Iterator[Effect]:
    """Objects of the release that are deleted, or that only this stack gives up."""
    gone = [step for step in steps if goes(step) and step.op == "delete"]
    released = [step for step in steps if step.op == "delete" and step.retained]
    for step in gone:
        if step.kind == "CustomResourceDefinition":
            yield from _definition(step)
    if gone:
        yield Effect(
            "cluster",
            f"the LWS controller is deleted ({len(gone)} objects; {len(released)} CRDs stay): no group of the cluster "
            "is made, updated or restarted until another stack installs it; groups that serve go on",
            ("deletion",),
        )
    elif released:
        text = f"LWS stays in the cluster as it is ({len(released)} objects), no longer managed by this stack"
        yield Effect("cluster", text)


_KINDS: dict[str, Callable[[Step], Iterator[Effect]]] = {
    "PersistentVolumeClaim": _claim,
    "Namespace": _namespace,
    "Secret": _secret,
    "Service": service,
    "Ingress": route,
    "HTTPRoute": route,
    "NetworkPolicy": network_policy,
    "CustomResourceDefinition": _definition,
}
