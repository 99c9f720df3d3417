"""Service, routes, autoscaling, monitoring and the startup probe of a NIMService."""

from typing import Any

from nim_stack.importing.access import startup_seconds, take_metrics
from nim_stack.importing.converters import mapping, mappings
from nim_stack.importing.rows import Field, Fields


def port(own: Fields) -> None:
    """The port of the Service, which is that of the container too."""
    own["spec.expose.service.port"].read()


def ingress(own: Fields) -> None:
    """The older form of an Ingress, with the spec of one."""
    part = own.at("spec.expose.ingress")
    enabled, given = part["enabled"], part["spec"]
    if not enabled.is_on:
        if given:
            given.drop("expose.ingress is off")
        return
    spec = mapping(given.value)
    rules = mappings(spec.get("rules"))
    host = rules[0].get("host") if rules else None
    if host is None:
        enabled.ask("ingress.host", "spec.expose.ingress is on, and its first rule has no host")
        return
    enabled.told(True).take(host)
    paths = mappings(mapping(rules[0].get("http")).get("paths"))
    tls = mappings(spec.get("tls"))
    given.told(host).take(host, "ingress.host")
    _take_part(given, "ingress.path", paths[0].get("path") if paths else None)
    if len(rules) > 1 or len(paths) > 1:
        given.told([rules[1:], paths[1:]]).drop("an Ingress of a stack has one host and one path")
    _take_part(given, "ingress.className", spec.get("ingressClassName"))
    _take_part(given, "ingress.tlsSecret", tls[0].get("secretName") if tls else None)
    part["annotations"].read()


def _take_part(whole: Field, setting: str, value: Any) -> None:
    if value:
        whole.told(value).take(value, setting)


def router(own: Fields) -> None:
    """The newer form: an Ingress or an HTTPRoute, whose host is made of name, namespace and domain."""
    part, name = own.at("spec.expose.router"), own.document.get("metadata.name")
    domain = part["hostDomainName"]
    host = f"{name}.{own.document.get('metadata.namespace') or 'default'}.{domain.value}"
    gateway = part["gateway"].value
    if isinstance(part["ingress"].value, dict) and domain:
        domain.take(host, "ingress.host")
        part["ingress.ingressClass"].read()
        part["ingress.tlsSecretName"].read()
        part["annotations"].read("ingress.annotations")
    elif isinstance(gateway, dict) and gateway.get("httpRoutesEnabled", True):
        parent = [{"name": part["gateway.name"].value, "namespace": part["gateway.namespace"].value}]
        for field in ("gateway.name", "gateway.namespace", "gateway.httpRoutesEnabled"):
            if part[field].value is not None:
                part[field].add(parent)
        if domain:
            domain.add([host], "httpRoute.hostnames")
        part["annotations"].read("httpRoute.annotations")
    elif isinstance(gateway, dict):
        part["gateway.name"].drop("its HTTPRoutes are off")


def autoscaling(own: Fields) -> None:
    """An autoscaler, or a fixed number of groups."""
    replicas, enabled, hpa = own["spec.replicas"], own["spec.scale.enabled"], own.at("spec.scale.hpa")
    if not enabled.is_on:
        if mapping(own["spec.scale.hpa"].value):
            own["spec.scale.hpa"].drop("scale is off")
        replicas.read()
        return
    if replicas.value is not None:
        replicas.drop("the autoscaler owns the number of groups")
    hpa["minReplicas"].read()
    hpa["maxReplicas"].read()
    most = own.draft.get("autoscaling.maxReplicas")
    if most is None:
        enabled.ask("autoscaling.maxReplicas", "scale is on, and hpa.maxReplicas is not there")
    else:
        enabled.told(True).take(most)
    hpa["behavior"].read()
    take_metrics(hpa["metrics"])


def monitor(own: Fields) -> None:
    """A PodMonitor in place of the ServiceMonitor."""
    part = own.at("spec.metrics")
    further = [part["serviceMonitor.additionalLabels"], part["serviceMonitor.interval"]]
    if not part["enabled"].is_on:
        for field in further:
            if field:
                field.drop("metrics are off")
        return
    part["enabled"].told(True).take({}, why="a PodMonitor on the leaders, which goes with the stack")
    for field in further:
        field.read()


def startup(own: Fields) -> None:
    """How long the operator lets a start take."""
    own.draft.startup_seconds = startup_seconds(mapping(own["spec.startupProbe.probe"].value), delay=0, failures=3)
