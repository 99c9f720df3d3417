"""Ingress, autoscaling, monitoring and the startup probe of the chart."""

from nim_stack.importing.access import startup_seconds, take_metrics
from nim_stack.importing.converters import is_unset, mappings
from nim_stack.importing.rows import Fields


def _is_off(part: Fields, *names: str) -> bool:
    """Whether a part of the values is off, in which case the values with these names are not taken."""
    if part["enabled"].is_on:
        return False
    for name in names:
        if part[name]:
            part[name].drop(f"{part.base.rstrip('.')} is off")
    return True


def ingress(own: Fields) -> None:
    """An Ingress with its first host, the first path of that, and its first certificate."""
    part = own.at("ingress")
    if _is_off(part, "className", "annotations", "hosts", "tls"):
        return
    hosts = part.items("hosts")
    if not hosts or not hosts[0]["host"]:
        part["enabled"].ask("ingress.host", "ingress is on, and its first host has no name")
        return
    first, *further = hosts
    part["enabled"].told(True).take(first["host"].value)
    first["host"].take(first["host"].value)
    for host in further:
        host["host"].drop("an Ingress of a stack has one host")
    _take_paths(first)
    part["className"].read()
    part["annotations"].read()
    for position, item in enumerate(mappings(part["tls"].value)):
        name = item.get("secretName")
        if position:
            part["tls"].told(name).drop("an Ingress of a stack has one certificate")
        elif not is_unset(name):
            part["tls"].told(name).take(name)


def _take_paths(host: Fields) -> None:
    for position, item in enumerate(host.items("paths")):
        path = item["path"]
        if position:
            path.drop("an Ingress of a stack has one path")
        elif path:
            path.take(path.value)
        for name in ("pathType", "serviceType"):
            item[name].apply()


def autoscaling(own: Fields) -> None:
    """An autoscaler, or a fixed number of groups."""
    part, replicas = own.at("autoscaling"), own["replicaCount"]
    if _is_off(part, "minReplicas", "maxReplicas", "metrics"):
        replicas.read()
        return
    if replicas:
        replicas.drop("the autoscaler owns the number of groups")
    most = part["maxReplicas"]
    (most if most else most.told(10)).read()
    part["minReplicas"].read()
    part["enabled"].told(True).take(own.draft.get("autoscaling.maxReplicas"))
    take_metrics(part["metrics"])


def monitor(own: Fields) -> None:
    """A PodMonitor in place of the ServiceMonitor."""
    part = own.at("metrics.serviceMonitor")
    if _is_off(part, "additionalLabels"):
        return
    why = "a PodMonitor: the chart's ServiceMonitor selects by a label that its Service has not, and at /metrics"
    part["enabled"].told(True).take({}, why=why)
    part["additionalLabels"].read()


def startup(own: Fields) -> None:
    """How long the chart lets a start take."""
    probe = {field.name.removeprefix("startupProbe."): field.value for field in own}
    own.draft.startup_seconds = startup_seconds(probe, delay=40, failures=180)
