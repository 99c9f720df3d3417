"""What steps on Services, routes and network policies mean for those who reach the API, and those who should not."""

from collections.abc import Iterator, Mapping
from typing import Any

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.operations.impact.effect import Effect, goes, other, spec_of
from nim_stack.operations.impact.fields import shown
from nim_stack.operations.impact.preview import Step, object_name

_OUTSIDE = ("NodePort", "LoadBalancer")


def service(step: Step) -> Iterator[Effect]:
    """What a changed Service means for its clients: who reaches it, and under which address."""
    old, new = spec_of(step.before, "type") or "ClusterIP", spec_of(step.after, "type") or "ClusterIP"
    if step.after and new in _OUTSIDE and (not step.before or old != new):
        text = f"Service {object_name(step.after)} is a {new}: clients outside the cluster reach the API"
        yield Effect("access", text, ("exposure",))
    if step.op == "delete" and goes(step):
        yield Effect("access", f"Service {step.name} is deleted: its clients reach nothing", ("address",))
    elif step.op == "replace":
        same = object_name(step.after) == step.name
        name = "its name stays, its address changes" if same else f"clients have to use {object_name(step.after)}"
        yield Effect("access", f"Service {step.name} is replaced: {name}", ("address",))
    elif step.op == "update":
        for part in ("type", "ports", "selector"):
            before, after = spec_of(step.before, part), spec_of(step.after, part)
            if part == "selector" and (switched := _switched(before, after)):
                text = f"Service {step.name} leads from now on to {switched[1]} instead of {switched[0]}"
                yield Effect("access", text)
            elif before != after:
                text = f"Service {step.name}: {part} {shown(before)} → {shown(after)}"
                yield Effect("access", text, ("address",))


def _switched(before: Any, after: Any) -> tuple[str, str] | None:
    """The two deployments, where a Service changes from the leaders of one to those of another: its clients go on
    asking at the same address."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return None
    old, new = before.get(names.LWS_NAME_LABEL), after.get(names.LWS_NAME_LABEL)
    both = old != new and isinstance(old, str) and isinstance(new, str)
    if both and dict(before) == names.leader_pods(str(old)) and dict(after) == names.leader_pods(str(new)):
        return str(old), str(new)
    return None


def route(step: Step) -> Iterator[Effect]:
    """What a changed Ingress or HTTPRoute means for clients outside of the cluster."""
    hosts = {which: _hosts(inputs) for which, inputs in (("before", step.before), ("after", step.after))}
    opened = [host for host in hosts["after"] if host not in hosts["before"]]
    closed = [host for host in hosts["before"] if host not in hosts["after"]]
    what = f"{step.kind} {step.name}"
    if opened:
        yield Effect("access", f"{what}: the API is reachable as {', '.join(opened)}", ("exposure",))
    if closed:
        yield Effect("access", f"{what}: the API is no longer reachable as {', '.join(closed)}", ("address",))
    if not opened and not closed:
        yield from other(step)


def _hosts(inputs: Json) -> list[str]:
    if not inputs:
        return []
    rules = spec_of(inputs, "rules") or []
    found = [str(rule.get("host")) for rule in rules if isinstance(rule, Mapping) and rule.get("host")]
    return found or [str(host) for host in spec_of(inputs, "hostnames") or []] or ["any host name"]


def network_policy(step: Step) -> Iterator[Effect]:
    """What a changed NetworkPolicy means for who reaches API and Ray."""
    if goes(step) and step.op == "delete":
        text = f"NetworkPolicy {step.name} is deleted: every pod of the cluster reaches API and Ray"
        yield Effect("access", text, ("exposure",))
    elif step.op == "update":
        text = f"NetworkPolicy {step.name} changes: {', '.join(step.fields[:5])}"
        widened = spec_of(step.before, "ingress") != spec_of(step.after, "ingress")
        yield Effect("access", text, ("exposure",) if widened else ())
    else:
        yield from other(step)
