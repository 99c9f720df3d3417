"""Autoscalers and startup probes, as a chart and the operator describe them alike."""

from collections.abc import Mapping
from typing import Any

from nim_stack.importing.converters import count, mapping, mappings
from nim_stack.importing.rows import Field


def take_metrics(metrics: Field) -> None:
    """Metrics of an autoscaler, which may be those of an object that is called something else here."""
    setting = "autoscaling.metrics"
    if not metrics:
        metrics.ask(setting, f"{metrics.name} is empty, and without metrics an autoscaler could never act")
        return
    metrics.read()
    for metric in mappings(metrics.value):
        described = mapping(mapping(metric.get("object")).get("describedObject"))
        if described.get("kind") == "Service":
            why = f"a metric is that of the Service {described.get('name')}; the stack's is called <name>-leader"
            metrics.ask(setting, why)


def startup_seconds(probe: Mapping[str, Any], *, delay: int, failures: int) -> int | None:
    """Seconds until a startup probe gives up, None when the probe says nothing of it or nothing that can be read.

    Args:
        probe: a Kubernetes probe.
        delay: the deployer's default of initialDelaySeconds, in seconds.
        failures: its default of failureThreshold; periodSeconds is 10 by default with both.
    """
    given = [probe.get(name) for name in ("initialDelaySeconds", "periodSeconds", "failureThreshold")]
    if given == [None, None, None]:
        return None
    try:
        first, period, times = (
            default if value is None else count(value)
            for value, default in zip(given, (delay, 10, failures), strict=True)
        )
    except ValueError:
        return None
    return first + period * times
