"""Requests, limits and node labels of each pod, as a chart and the operator name them alike."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nim_stack.base import names
from nim_stack.catalog.load import load_catalog
from nim_stack.importing.converters import is_unset, mapping, texts, word
from nim_stack.importing.rows import Field, Fields

PARTS = "resources.memory resources.ephemeralStorage resources.extended"
"""Settings of what a request and a limit both name, separated by blanks; gpusPerNode is one more."""
_SETTINGS_OF = {"memory": "resources.memory", "ephemeral-storage": "resources.ephemeralStorage"}
_SAME = "as its limit, which is the request too"


def take_resources(own: Fields, at: str) -> None:
    """Requests and limits. GPUs and devices are both here, whichever of the two names them.

    Args:
        own: rows of limits and requests.
        at: the name above both.
    """
    limits, requests = own[f"{at}.limits"], own[f"{at}.requests"]
    for field in (limits, requests):
        if field and not mapping(field.value):
            field.drop("it is not a mapping")
    for name, value in mapping(limits.value).items():
        if not is_unset(value):
            _take_limit(_part(limits, name, value), str(name))
    for name, value in mapping(requests.value).items():
        if not is_unset(value):
            _take_request(_part(requests, name, value), str(name), mapping(limits.value))


def _part(field: Field, name: object, value: Any) -> Field:
    return replace(field, name=f"{field.name}.{name}", value=value)


def _take_limit(limit: Field, name: str) -> None:
    if name == "cpu":
        limit.drop("pods have a CPU request and no limit: throttled ranks hold up all others")
    else:
        _take(limit, name, "")


def _take_request(request: Field, name: str, limits: Mapping[str, Any]) -> None:
    limit = limits.get(name)
    same = limit is not None and word(limit) == word(request.value)
    if name == "cpu":
        request.take(word(request.value), "resources.cpu")
    elif limit is None or (name == names.GPU_RESOURCE and not same):
        _take(
            request, name, "" if name in limits else "a limit too here, so that a pod is never the first to be evicted"
        )
    else:
        request.drop(_SAME if same else f"its limit {limit} is taken")


def _take(field: Field, name: str, why: str) -> None:
    if name == names.GPU_RESOURCE:
        field.read("gpusPerNode")
    elif name in _SETTINGS_OF:
        field.take(word(field.value), _SETTINGS_OF[name], why)
    else:
        field.add({name: word(field.value)}, "resources.extended", _fabric(name))


def _fabric(resource: str) -> str:
    fitting = [fabric.name for fabric in load_catalog().fabrics.values() if resource in fabric.resources]
    if not fitting:
        return ""
    return f"the fabric {' or '.join(fitting)} has it with the variables and capabilities that it needs: see --fabric"


def node_selector(own: Fields) -> None:
    """Node labels. The label of the GPU's product is a GPU type of the catalogue."""
    for field in own:
        if field:
            _take_labels(field)


def _take_labels(field: Field) -> None:
    try:
        labels = texts(field.value)
    except ValueError as error:
        field.drop(str(error))
        return
    product = labels.get(names.GPU_PRODUCT_LABEL)
    gpu = next((gpu for gpu in load_catalog().gpus.values() if gpu.product_label == product), None)
    if gpu is not None and field.draft.get("gpu") is None:
        del labels[names.GPU_PRODUCT_LABEL]
        field.told(product).take(gpu.name, "gpu", "selects the same label, and its memory is planned with")
    if labels:
        field.add(labels, "nodeSelector")
