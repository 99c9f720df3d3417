"""Rules on what an autoscaler measures."""

from collections.abc import Iterator, Mapping
from typing import Any

from nim_stack.base import names
from nim_stack.base.problems import Finding, choices
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import rule
from nim_stack.settings import StackSettings

_READS = frozenset({"nim.autoscaling", "nim.resources", "nim.pods"})
_SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}
_TARGETS = {"Utilization": "averageUtilization", "AverageValue": "averageValue", "Value": "value"}


def _metrics(resolved: Resolution) -> Iterator[tuple[str, Mapping[str, Any]]]:
    scaling = resolved.settings.autoscaling
    for position, metric in enumerate(scaling.metrics if scaling else ()):
        yield f"nim.autoscaling.metrics.{position}", metric


@rule(
    "NIM155",
    "A metric cannot be measured",
    cause="The API server or the autoscaler cannot use it: its type and its source do not belong together, or it is a "
    "share of a request that the pods do not make.",
    cure="Do as the message says.",
    reads=_READS,
)
def measurable(resolved: Resolution) -> Iterator[Finding]:
    for path, metric in _metrics(resolved):
        kind = metric["type"]
        source = _SOURCES[kind]
        there = [name for name in _SOURCES.values() if metric.get(name) is not None]
        if there != [source]:
            why = f"it has {choices(there)}" if there else "its source is missing"
            yield Finding(f"{path}.type", kind, why, f"Say what to measure under {source}, and nothing else.")
        else:
            yield from _target(resolved.settings, f"{path}.{source}", source, metric[source])


def _target(settings: StackSettings, path: str, source: str, measured: Mapping[str, Any]) -> Iterator[Finding]:
    target = measured["target"]
    kind = target.get("type")
    field = _TARGETS.get(str(kind))
    possible = ["Utilization", "AverageValue"] if "esource" in source else ["AverageValue"]
    possible += ["Value"] if source in ("object", "external") else []
    if kind not in possible:
        yield Finding(f"{path}.target.type", kind, "this source has no such target", f"Use {choices(possible)}.")
    elif target.get(field) is None:
        yield Finding(f"{path}.target", None, f"{field} is missing, which the type {kind} needs", f"Add {field}.")
    elif kind == "Utilization":
        yield from _requests(settings, path, source, measured)


def _requests(settings: StackSettings, path: str, source: str, measured: Mapping[str, Any]) -> Iterator[Finding]:
    """A utilization is a share of a request, which the containers of the leader must make: all, or the one named."""
    resource = str(measured.get("name"))
    containers = _containers(settings)
    if source == "containerResource":
        named = str(measured.get("container"))
        if named not in containers:
            yield Finding(f"{path}.container", named, "pods have no such container", f"Use {choices(containers)}.")
            return
        containers = {named: containers[named]}
    lacking = [name for name, requests in containers.items() if resource not in requests]
    if lacking:
        why = f"it is a share of what is requested, and {' and '.join(lacking)} of the leader's pod requests none"
        ours = (
            f"Set nim.resources.{resource}, or use"
            if names.MODEL_CONTAINER in lacking
            else "Add the request to the sidecar, or use"
        )
        yield Finding(f"{path}.name", resource, why, f"{ours} the target type AverageValue.")


def _containers(settings: StackSettings) -> dict[str, set[str]]:
    """What each container of the leader's pod requests of CPU and memory."""
    pods = settings.pods
    ours = settings.resources.overridden(pods.leader.resources)
    found = {names.MODEL_CONTAINER: {name for name in ("cpu", "memory") if getattr(ours, name)}}
    beside = [one for one in (*pods.init_containers, *pods.leader.init_containers) if "restartPolicy" in one]
    for sidecar in (*beside, *pods.sidecars, *pods.leader.sidecars):
        resources = sidecar.get("resources") or {}
        found[str(sidecar.get("name"))] = {*(resources.get("requests") or {}), *(resources.get("limits") or {})}
    return found


@rule(
    "NIM156",
    "CPU and memory say little of a model's load",
    cause="The autoscaler looks at the leaders alone, since the LWS's scale subresource selects them. Their CPU is "
    "busy with HTTP, and their memory is full, whether the GPUs have work or not.",
    cure="Use a metric of the requests, such as vllm:num_requests_waiting, of the type Pods, Object or External.",
    severity="warning",
    reads=_READS,
)
def leaders_alone(resolved: Resolution) -> Iterator[Finding]:
    for path, metric in _metrics(resolved):
        if metric.get("type") in ("Resource", "ContainerResource"):
            why = "the autoscaler sees the leaders alone, whose CPU and memory say little of the work of the GPUs"
            instead = f"Use a metric of requests that {names.METRICS} has, such as vllm:num_requests_waiting."
            yield Finding(f"{path}.type", metric["type"], why, instead)
