"""What values of a chart and of the operator have in common: image, model, resources, nodes, security."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from nim_stack.base import names
from nim_stack.catalog.entries import ModelSpec
from nim_stack.catalog.load import load_catalog
from nim_stack.importing import forms
from nim_stack.importing.draft import Draft
from nim_stack.importing.rows import Document

_OWN_LABEL = "nvidia.com/gpu.product"


def take_image(draft: Draft, document: Document, repository_at: str, tag_at: str, default_tag: str) -> None:
    """Image and model. A model-specific image says which model it is by the last part of its repository."""
    repository, tag = document.get(repository_at), document.get(tag_at)
    if forms.is_unset(repository):
        return
    source = document.named(repository_at)
    if forms.is_placeholder(repository):
        draft.ask("image", f"{source} is the placeholder {repository}; the catalogue's image is used without one")
        return
    model = _model_of(str(repository))
    if draft.get("model") is None and model is not None:
        draft.take(source, repository, "model", model.name)
    _take_tag(draft, document, source, str(repository), tag_at, tag, default_tag)
    if draft.get("model") is None:
        why = f"the image {repository} is of no model in the catalogue (`nim-stack models`)"
        draft.ask("model", f"{why}; give --model, or describe it under catalog.models with its nimImage")


def _take_tag(
    draft: Draft,
    document: Document,
    source: str,
    repository: str,
    tag_at: str,
    tag: Any,
    default_tag: str,
) -> None:
    named, licensed = document.named(tag_at), repository.startswith(f"{names.NGC_REGISTRY}/")
    if forms.is_unset(tag) or forms.is_placeholder(tag):
        draft.ask("image", f"{named} is not there, and {default_tag}; the catalogue's image is used without one")
        return
    version = forms.word(tag)
    if licensed and re.match(r"v?1\.", version):
        why = "NIM 1.x joins nodes by MPI over ssh and has no Ray; the catalogue's image of NIM 2.x is used, or --image"
        draft.change(named, tag, why)
        return
    image = f"{repository}@{version}" if version.startswith("sha256:") else f"{repository}:{version}"
    draft.take(source, repository, "image", image)
    if draft.get("image") == image:
        draft.take(named, tag, "image", image)


def _model_of(repository: str) -> ModelSpec | None:
    last = repository.rstrip("/").rpartition("/")[2]
    for model in load_catalog().models.values():
        own = (model.nim_image or "").split("@")[0].rpartition("/")[2].split(":")[0]
        if last in (own, model.name):
            return model
    return None


_SETTINGS_OF = {"memory": "resources.memory", "ephemeral-storage": "resources.ephemeralStorage"}


def take_resources(draft: Draft, document: Document, at: str) -> None:
    """Requests and limits of each pod. GPUs and devices are both here, whichever of the two names them."""
    limits, requests = (forms.mapping(document.get(f"{at}.{part}")) for part in ("limits", "requests"))
    for part, found in (("limits", limits), ("requests", requests)):
        if document.has(f"{at}.{part}") and not found:
            draft.drop(document.named(f"{at}.{part}"), document.get(f"{at}.{part}"), "it is not a mapping")
    for part, values, other in (("limits", limits, {}), ("requests", requests, limits)):
        for name, value in values.items():
            if not forms.is_unset(value):
                _take_resource(draft, document.named(f"{at}.{part}"), str(name), value, other.get(name), limits)


def _take_resource(draft: Draft, source: str, name: str, value: Any, limit: Any, limits: Mapping[str, Any]) -> None:
    place, written = f"{source}.{name}", forms.word(value)
    is_limit = source.endswith("limits")
    if name == names.GPU_RESOURCE:
        if not is_limit and limit is not None and forms.word(limit) == written:
            draft.drop(place, value, "as its limit, which is the request too")
        else:
            draft.read(place, value, "gpusPerNode", forms.count)
    elif name == "cpu":
        if is_limit:
            draft.drop(place, value, "pods have a CPU request and no limit: throttled ranks hold up all others")
        else:
            draft.take(place, value, "resources.cpu", written)
    elif not is_limit and limit is not None:
        same = forms.word(limit) == written
        draft.drop(place, value, "as its limit, which is the request too" if same else f"its limit {limit} is taken")
    elif name in _SETTINGS_OF:
        why = "" if is_limit or name in limits else "a limit too here, so that a pod is never the first to be evicted"
        draft.take(place, value, _SETTINGS_OF[name], written, why)
    else:
        draft.add(place, value, "resources.extended", {name: written}, _fabric(name))


def _fabric(resource: str) -> str:
    fitting = [fabric.name for fabric in load_catalog().fabrics.values() if resource in fabric.resources]
    if not fitting:
        return ""
    return f"the fabric {' or '.join(fitting)} has it with the variables and capabilities that it needs: see --fabric"


def take_node_selector(draft: Draft, source: str, given: Any) -> None:
    """Node labels. The label of the GPU's product is a GPU type of the catalogue."""
    try:
        labels = forms.texts(given)
    except ValueError as error:
        draft.drop(source, given, str(error))
        return
    product = labels.get(_OWN_LABEL)
    gpu = next((gpu for gpu in load_catalog().gpus.values() if gpu.product_label == product), None)
    if gpu is not None and draft.get("gpu") is None:
        del labels[_OWN_LABEL]
        draft.take(source, product, "gpu", gpu.name, "selects the same label, and its memory is planned with")
    if labels:
        draft.add(source, given, "nodeSelector", labels)


def take_security(draft: Draft, document: Document, at: str) -> None:
    """Fields of the pod's security context that no row of its own has."""
    given = document.get(at)
    if not isinstance(given, Mapping):
        return
    own = ("runAsUser", "runAsGroup", "fsGroup")
    further = {key: value for key, value in given.items() if key not in own and value is not None}
    draft.add(document.named(at), further, "pods.securityContext", further)


def container(given: Mapping[str, Any]) -> dict[str, Any]:
    """A Kubernetes container from the operator's form of one, which has the image in parts."""
    image = forms.mapping(given.get("image"))
    found = {key: given[key] for key in ("name", "command", "args", "env", "workingDir") if given.get(key)}
    if image.get("repository"):
        found["image"] = f"{image['repository']}:{image['tag']}" if image.get("tag") else str(image["repository"])
        if image.get("pullPolicy"):
            found["imagePullPolicy"] = image["pullPolicy"]
    return found


def different_name(name: str) -> str:
    """A name for the new deployment, which runs beside the old one. LWS makes a Service of its own name, and finds
    none of its pods when there is one already."""
    return f"{name[: names.MAX_NAME - 4].rstrip('-')}-nim"


def startup_seconds(probe: Mapping[str, Any], *, delay: int, failures: int) -> int | None:
    """Seconds until a startup probe gives up, with the deployer's defaults; the period's is 10 with both."""
    given = [probe.get(name) for name in ("initialDelaySeconds", "periodSeconds", "failureThreshold")]
    if given == [None, None, None]:
        return None
    try:
        first, period, times = (
            default if value is None else forms.count(value)
            for value, default in zip(given, (delay, 10, failures), strict=True)
        )
    except ValueError:
        return None
    return first + period * times


def take_metrics(draft: Draft, source: str, metrics: Any) -> None:
    """Metrics of an autoscaler, which may be those of an object that is called something else here."""
    if forms.is_unset(metrics):
        draft.ask("autoscaling.metrics", f"{source} is empty, and without metrics an autoscaler could never act")
        return
    draft.read(source, metrics, "autoscaling.metrics", forms.metrics)
    for metric in forms.mappings(metrics):
        described = forms.mapping(forms.mapping(metric.get("object")).get("describedObject"))
        if described.get("kind") == "Service":
            why = f"a metric is that of the Service {described.get('name')}; the stack's is called <name>-leader"
            draft.ask("autoscaling.metrics", why)


def note_unknown(draft: Draft, document: Document, what: str) -> None:
    """Names of the document that no row has."""
    for source, value, close in document.unknown():
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        draft.unknown(source, value, f"no {what}{hint}")


def ask_missing(draft: Draft, settings: Iterable[tuple[str, str]]) -> None:
    for setting, why in settings:
        if draft.get(setting) is None and not any(e.kind == "asked" and e.source == setting for e in draft.entries):
            draft.ask(setting, why)
