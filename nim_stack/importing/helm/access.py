"""Ingress, autoscaling, monitoring and probes of the chart."""

from nim_stack.importing import forms
from nim_stack.importing.draft import Draft
from nim_stack.importing.rows import Document
from nim_stack.importing.shared import startup_seconds, take_metrics


def take_access(draft: Draft, document: Document) -> None:
    _take_ingress(draft, document)
    _take_autoscaling(draft, document)
    _take_monitor(draft, document)
    _note_startup(draft, document)


def _off(draft: Draft, document: Document, subject: str, *names: str) -> bool:
    """Whether a subject is off, in which case what stands below it says nothing."""
    if forms.on(document.get(f"{subject}.enabled")):
        return False
    for name in names:
        if document.has(f"{subject}.{name}"):
            draft.drop(f"{subject}.{name}", document.get(f"{subject}.{name}"), f"{subject} is off")
    return True


def _take_ingress(draft: Draft, document: Document) -> None:
    if _off(draft, document, "ingress", "className", "annotations", "hosts", "tls"):
        return
    hosts = forms.mappings(document.get("ingress.hosts"))
    if not hosts or forms.is_unset(hosts[0].get("host")):
        draft.ask("ingress.host", "ingress is on, and its first host has no name")
        return
    draft.take("ingress.enabled", True, "ingress.host", hosts[0]["host"])
    draft.take("ingress.hosts[].host", hosts[0]["host"], "ingress.host", hosts[0]["host"])
    for further in hosts[1:]:
        draft.drop("ingress.hosts[].host", further.get("host"), "an Ingress of a stack has one host")
    paths = forms.mappings(hosts[0].get("paths"))
    for position, item in enumerate(paths):
        if position:
            draft.drop("ingress.hosts[].paths[].path", item.get("path"), "an Ingress of a stack has one path")
        elif not forms.is_unset(item.get("path")):
            draft.take("ingress.hosts[].paths[].path", item["path"], "ingress.path", item["path"])
        for field in ("pathType", "serviceType"):
            source = f"ingress.hosts[].paths[].{field}"
            if not forms.is_unset(item.get(field)):
                draft.drop(source, item[field], document.says(source))
    if document.has("ingress.className"):
        draft.read("ingress.className", document.get("ingress.className"), "ingress.className", forms.text)
    if document.has("ingress.annotations"):
        draft.read("ingress.annotations", document.get("ingress.annotations"), "ingress.annotations", forms.texts)
    for position, item in enumerate(forms.mappings(document.get("ingress.tls"))):
        if position:
            draft.drop("ingress.tls", item.get("secretName"), "an Ingress of a stack has one certificate")
        elif not forms.is_unset(item.get("secretName")):
            draft.take("ingress.tls", item["secretName"], "ingress.tlsSecret", item["secretName"])


def _take_autoscaling(draft: Draft, document: Document) -> None:
    replicas = document.get("replicaCount")
    if _off(draft, document, "autoscaling", "minReplicas", "maxReplicas", "metrics"):
        if not forms.is_unset(replicas):
            draft.read("replicaCount", replicas, "replicas", forms.count)
        return
    if not forms.is_unset(replicas):
        draft.drop("replicaCount", replicas, "the autoscaler owns the number of groups")
    for field, default in (("maxReplicas", 10), ("minReplicas", None)):
        source, value = f"autoscaling.{field}", document.get(f"autoscaling.{field}")
        if value is not None or default is not None:
            draft.read(source, default if value is None else value, f"autoscaling.{field}", forms.count)
    draft.take("autoscaling.enabled", True, "autoscaling.maxReplicas", draft.get("autoscaling.maxReplicas"))
    take_metrics(draft, "autoscaling.metrics", document.get("autoscaling.metrics"))


def _take_monitor(draft: Draft, document: Document) -> None:
    if _off(draft, document, "metrics.serviceMonitor", "additionalLabels"):
        return
    why = "a PodMonitor: the chart's ServiceMonitor selects by a label that its Service has not, and at /metrics"
    labels = document.get("metrics.serviceMonitor.additionalLabels")
    draft.take("metrics.serviceMonitor.enabled", True, "podMonitor", {}, why)
    if not forms.is_unset(labels):
        draft.read("metrics.serviceMonitor.additionalLabels", labels, "podMonitor.labels", forms.texts)


def _note_startup(draft: Draft, document: Document) -> None:
    """How long the chart lets a start take."""
    probe = document.get("startupProbe")
    if isinstance(probe, dict):
        draft.startup_seconds = startup_seconds(probe, delay=40, failures=180)
