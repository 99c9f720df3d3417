"""Service, routes, autoscaling, monitoring and probes of a NIMService."""

from nim_stack.importing import forms
from nim_stack.importing.draft import Draft
from nim_stack.importing.rows import Document
from nim_stack.importing.shared import startup_seconds, take_metrics


def take_access(draft: Draft, service: Document) -> None:
    port = service.get("spec.expose.service.port")
    if not forms.is_unset(port):
        for setting in ("service.port", "ports.server"):
            draft.read("spec.expose.service.port", port, setting, forms.count)
    _take_ingress(draft, service)
    _take_router(draft, service)
    _take_autoscaling(draft, service)
    _take_monitor(draft, service)
    probe = service.get("spec.startupProbe.probe")
    if isinstance(probe, dict):
        draft.startup_seconds = startup_seconds(probe, delay=0, failures=3)


def _take_ingress(draft: Draft, service: Document) -> None:
    """The older form, with the spec of an Ingress."""
    base = "spec.expose.ingress"
    spec = service.get(f"{base}.spec")
    if not forms.on(service.get(f"{base}.enabled")):
        if spec:
            draft.drop(f"{base}.spec", spec, "expose.ingress is off")
        return
    spec = forms.mapping(spec)
    rules = forms.mappings(spec.get("rules"))
    host = rules[0].get("host") if rules else None
    if host is None:
        draft.ask("ingress.host", f"{base} is on, and its first rule has no host")
        return
    draft.take(f"{base}.enabled", True, "ingress.host", host)
    draft.take(f"{base}.spec", host, "ingress.host", host)
    paths = forms.mappings(forms.mapping(rules[0].get("http")).get("paths"))
    if paths and paths[0].get("path"):
        draft.take(f"{base}.spec", paths[0]["path"], "ingress.path", paths[0]["path"])
    if len(rules) > 1 or len(paths) > 1:
        draft.drop(f"{base}.spec", [rules[1:], paths[1:]], "an Ingress of a stack has one host and one path")
    if spec.get("ingressClassName"):
        draft.take(f"{base}.spec", spec["ingressClassName"], "ingress.className", spec["ingressClassName"])
    for item in forms.mappings(spec.get("tls"))[:1]:
        if item.get("secretName"):
            draft.take(f"{base}.spec", item["secretName"], "ingress.tlsSecret", item["secretName"])
    if service.has(f"{base}.annotations"):
        draft.read(f"{base}.annotations", service.get(f"{base}.annotations"), "ingress.annotations", forms.texts)


def _take_router(draft: Draft, service: Document) -> None:
    base = "spec.expose.router"
    domain = service.get(f"{base}.hostDomainName")
    host = f"{service.get('metadata.name')}.{service.get('metadata.namespace') or 'default'}.{domain}"
    ingress, gateway = service.get(f"{base}.ingress"), service.get(f"{base}.gateway")
    if isinstance(ingress, dict) and domain:
        draft.take(f"{base}.hostDomainName", domain, "ingress.host", host)
        for field, setting in (("ingressClass", "ingress.className"), ("tlsSecretName", "ingress.tlsSecret")):
            if ingress.get(field):
                draft.take(f"{base}.ingress.{field}", ingress[field], setting, ingress[field])
        _take_annotations(draft, service, "ingress.annotations")
    elif isinstance(gateway, dict) and gateway.get("httpRoutesEnabled", True):
        parent = [{"name": gateway.get("name"), "namespace": gateway.get("namespace")}]
        for field in ("name", "namespace", "httpRoutesEnabled"):
            if field in gateway:
                draft.add(f"{base}.gateway.{field}", gateway[field], "httpRoute.parentRefs", parent)
        if domain:
            draft.add(f"{base}.hostDomainName", domain, "httpRoute.hostnames", [host])
        _take_annotations(draft, service, "httpRoute.annotations")
    elif isinstance(gateway, dict):
        draft.drop(f"{base}.gateway.name", gateway.get("name"), "its HTTPRoutes are off")


def _take_annotations(draft: Draft, service: Document, setting: str) -> None:
    source = "spec.expose.router.annotations"
    if service.has(source):
        draft.read(source, service.get(source), setting, forms.texts)


def _take_autoscaling(draft: Draft, service: Document) -> None:
    replicas = service.get("spec.replicas")
    hpa = forms.mapping(service.get("spec.scale.hpa"))
    if not forms.on(service.get("spec.scale.enabled")):
        if hpa:
            draft.drop("spec.scale.hpa", hpa, "scale is off")
        if replicas is not None:
            draft.read("spec.replicas", replicas, "replicas", forms.count)
        return
    if replicas is not None:
        draft.drop("spec.replicas", replicas, "the autoscaler owns the number of groups")
    for field in ("minReplicas", "maxReplicas"):
        if hpa.get(field) is not None:
            draft.read(f"spec.scale.hpa.{field}", hpa[field], f"autoscaling.{field}", forms.count)
    most = draft.get("autoscaling.maxReplicas")
    if most is None:
        draft.ask("autoscaling.maxReplicas", "scale is on, and hpa.maxReplicas is not there")
    else:
        draft.take("spec.scale.enabled", True, "autoscaling.maxReplicas", most)
    if hpa.get("behavior"):
        draft.add("spec.scale.hpa.behavior", hpa["behavior"], "autoscaling.behavior", hpa["behavior"])
    take_metrics(draft, "spec.scale.hpa.metrics", hpa.get("metrics"))


def _take_monitor(draft: Draft, service: Document) -> None:
    base = "spec.metrics.serviceMonitor"
    labels, interval = service.get(f"{base}.additionalLabels"), service.get(f"{base}.interval")
    if not forms.on(service.get("spec.metrics.enabled")):
        for source, value in ((f"{base}.additionalLabels", labels), (f"{base}.interval", interval)):
            if not forms.is_unset(value):
                draft.drop(source, value, "metrics are off")
        return
    draft.take("spec.metrics.enabled", True, "podMonitor", {}, "a PodMonitor on the leaders, which goes with the stack")
    if not forms.is_unset(labels):
        draft.read(f"{base}.additionalLabels", labels, "podMonitor.labels", forms.texts)
    if not forms.is_unset(interval):
        draft.read(f"{base}.interval", interval, "podMonitor.interval", forms.text)
