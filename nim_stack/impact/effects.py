"""What a step on an object other than a group means: for weights, secrets, access and the cluster."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nim_stack.impact.fields import shown
from nim_stack.impact.preview import Json, Step, object_name
from nim_stack.quantity import to_bytes

Approval = Literal["outage", "deletion", "gpus", "address", "exposure", "failure", "unknown"]
APPROVALS: dict[Approval, str] = {
    "outage": "for some time no group of a model serves",
    "deletion": "a group, claim, namespace, Secret, CRD or the LWS controller is deleted or replaced",
    "gpus": "more GPUs are held than before",
    "address": "clients have to use another address or port",
    "exposure": "the API becomes reachable for more clients",
    "failure": "the update cannot end well as it stands",
    "unknown": "what happens is known only in the update",
}
Topic = Literal["weights", "secrets", "access", "cluster"]


@dataclass(frozen=True)
class Effect:
    """One consequence, in a sentence."""

    topic: Topic
    text: str
    approvals: tuple[Approval, ...] = ()


def effects(steps: list[Step]) -> Iterator[Effect]:
    """Of the deployment's objects; those of the LWS release are taken together."""
    release = [step for step in steps if step.of_lws and step.op != "same"]
    if release:
        yield from _lws_release(release)
    for step in steps:
        if step.op == "same" or step.of_lws:
            continue
        if step.is_kubernetes and step.kind != "LeaderWorkerSet":
            yield from _KINDS.get(step.kind, _other)(step)
        elif step.type == "pulumi:providers:kubernetes" and step.op == "replace":
            text = (
                "the connection leads to another cluster: what it made is left there, or deleted if it can be reached"
            )
            yield Effect("cluster", text, ("deletion",))


def _goes(step: Step) -> bool:
    return step.op in ("delete", "replace", "discard") and not step.retained


def _spec(inputs: Json, *path: str) -> Any:
    value: Any = inputs.get("spec")
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


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
        made = f"claim {object_name(step.after)} of {shown(_spec(step.after, *size))} is made"
        yield Effect("weights", made + kept)
    if step.op == "update":
        old, new = _spec(step.before, *size), _spec(step.after, *size)
        if old != new:
            yield _resized(step.name, str(old), str(new))
        yield from _retention(step, f"claim {step.name}", "weights")


def _resized(name: str, old: str, new: str) -> Effect:
    try:
        shrinks = to_bytes(new) < to_bytes(old)
    except (ValueError, KeyError):
        shrinks = False
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


def _secret(step: Step) -> Iterator[Effect]:
    if step.op == "create":
        yield Effect("secrets", f"Secret {step.name} is made")
    elif _goes(step):
        text = f"Secret {step.name} is deleted: pods that still name it do not start any more"
        if step.op == "replace":
            text = f"Secret {step.name} is replaced by {object_name(step.after)}: pods that still name it do not start"
        yield Effect("secrets", text, ("deletion",))
    elif step.op == "update":
        keys = [path for path in step.fields if path.startswith(("data", "stringData"))]
        if keys:
            names = ", ".join(_key(path) for path in keys)
            text = f"Secret {step.name}: {names} changes in place; pods that run keep what they have, new ones read it"
            yield Effect("secrets", text)


def _key(path: str) -> str:
    """Of a property path such as data.NGC_API_KEY or data[".dockerconfigjson"]."""
    found = re.fullmatch(r'(?:data|stringData)(?:\.(.+)|\["(.+)"\])', path)
    return (found[1] or found[2]) if found else "its data"


_OUTSIDE = ("NodePort", "LoadBalancer")


def _service(step: Step) -> Iterator[Effect]:
    old, new = _spec(step.before, "type") or "ClusterIP", _spec(step.after, "type") or "ClusterIP"
    if step.after and new in _OUTSIDE and (not step.before or old != new):
        text = f"Service {object_name(step.after)} is a {new}: clients outside the cluster reach the API"
        yield Effect("access", text, ("exposure",))
    if step.op == "delete" and _goes(step):
        yield Effect("access", f"Service {step.name} is deleted: its clients reach nothing", ("address",))
    elif step.op == "replace":
        same = object_name(step.after) == step.name
        name = "its name stays, its address changes" if same else f"clients have to use {object_name(step.after)}"
        yield Effect("access", f"Service {step.name} is replaced: {name}", ("address",))
    elif step.op == "update":
        for part in ("type", "ports", "selector"):
            if _spec(step.before, part) != _spec(step.after, part):
                text = (
                    f"Service {step.name}: {part} {shown(_spec(step.before, part))} → {shown(_spec(step.after, part))}"
                )
                yield Effect("access", text, ("address",))


def _route(step: Step) -> Iterator[Effect]:
    hosts = {which: _hosts(inputs) for which, inputs in (("before", step.before), ("after", step.after))}
    opened = [host for host in hosts["after"] if host not in hosts["before"]]
    closed = [host for host in hosts["before"] if host not in hosts["after"]]
    what = f"{step.kind} {step.name}"
    if opened:
        yield Effect("access", f"{what}: the API is reachable as {', '.join(opened)}", ("exposure",))
    if closed:
        yield Effect("access", f"{what}: the API is no longer reachable as {', '.join(closed)}", ("address",))
    if not opened and not closed:
        yield from _other(step)


def _hosts(inputs: Json) -> list[str]:
    if not inputs:
        return []
    rules = _spec(inputs, "rules") or []
    found = [str(rule.get("host")) for rule in rules if isinstance(rule, Mapping) and rule.get("host")]
    return found or [str(host) for host in _spec(inputs, "hostnames") or []] or ["any host name"]


def _network_policy(step: Step) -> Iterator[Effect]:
    if _goes(step) and step.op == "delete":
        text = f"NetworkPolicy {step.name} is deleted: every pod of the cluster reaches API and Ray"
        yield Effect("access", text, ("exposure",))
    elif step.op == "update":
        text = f"NetworkPolicy {step.name} changes: {', '.join(step.fields[:5])}"
        widened = _spec(step.before, "ingress") != _spec(step.after, "ingress")
        yield Effect("access", text, ("exposure",) if widened else ())
    else:
        yield from _other(step)


def _definition(step: Step) -> Iterator[Effect]:
    if _goes(step):
        text = f"CRD {step.name} is deleted, and with it every object of its kind in the cluster"
        yield Effect("cluster", text, ("outage", "deletion"))
    else:
        yield from _other(step)


def _other(step: Step) -> Iterator[Effect]:
    verb = {"create": "is made", "delete": "is deleted", "replace": "is replaced", "update": "changes"}.get(
        step.op, step.op
    )
    if step.op == "delete" and step.retained:
        verb = "stays, no longer managed by this stack"
    fields = f": {', '.join(step.fields[:5])}" if step.op == "update" and step.fields else ""
    yield Effect("cluster", f"{step.kind} {step.name} {verb}{fields}")


def _lws_release(steps: list[Step]) -> Iterator[Effect]:
    gone = [step for step in steps if _goes(step) and step.op == "delete"]
    definitions = [step for step in gone if step.kind == "CustomResourceDefinition"]
    for step in definitions:
        yield from _definition(step)
    if gone:
        kept = sum(step.op == "delete" and step.retained for step in steps)
        yield Effect(
            "cluster",
            f"the LWS controller is deleted ({len(gone)} objects; {kept} CRDs stay): no group of the cluster is made, "
            "updated or restarted until another stack installs it; groups that serve go on",
            ("deletion",),
        )
    made = sum(step.op == "create" for step in steps)
    if made:
        yield Effect("cluster", f"the LWS controller is installed ({made} objects)")
    changed = [step for step in steps if step.op in ("update", "replace")]
    if changed:
        named = ", ".join(f"{step.kind} {step.name}" for step in changed[:3])
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        text = f"the LWS controller changes ({named}{more}): groups go on, and none is made or restarted meanwhile"
        yield Effect("cluster", text)


_KINDS: dict[str, Callable[[Step], Iterator[Effect]]] = {
    "PersistentVolumeClaim": _claim,
    "Namespace": _namespace,
    "Secret": _secret,
    "Service": _service,
    "Ingress": _route,
    "HTTPRoute": _route,
    "NetworkPolicy": _network_policy,
    "CustomResourceDefinition": _definition,
}
