"""Environment variables: those that are settings here, those that the stack sets itself, and all others."""

import shlex
from typing import Any

from nim_stack.base import names
from nim_stack.importing import forms
from nim_stack.importing.draft import Draft
from nim_stack.importing.keys import KEYS, Key
from nim_stack.importing.rows import Document, Row, left, moved

_MPI = "it belongs to MPI or Triton, by which NIM 1.x joins nodes; NIM 2.x does it by Ray"
_JSON = (
    "set to 0: NIM's JSON formatter is not there in Ray workers, which fail with it (NVIDIA's page on multi-node "
    "deployment, known limitations)"
)

ROWS: tuple[Row, ...] = (
    moved("NIM_MODEL_PATH", "model", forms.text),
    moved("NIM_MODEL_NAME", "model", forms.text, "the name that NIM 1.x has for NIM_MODEL_PATH"),
    moved("NIM_MODEL_PROFILE", "profile", forms.text),
    moved("NIM_TENSOR_PARALLEL_SIZE", "tensorParallel", forms.count),
    moved("NIM_PIPELINE_PARALLEL_SIZE", "pipelineParallel", forms.count),
    moved("NIM_SERVED_MODEL_NAME", "servedModelName", forms.text),
    moved("NIM_MAX_MODEL_LEN", "maxModelLen", forms.count),
    moved("NIM_PASSTHROUGH_ARGS", "passthroughArgs", lambda value: shlex.split(forms.text(value))),
    moved("NIM_LOG_LEVEL", "logLevel", forms.log_level),
    moved("NIM_SERVER_PORT", "ports.server", forms.count),
    moved("NIM_REPOSITORY_OVERRIDE", "download.repositoryOverride", forms.text),
    moved("NIM_DISABLE_MODEL_DOWNLOAD", "download.disabled", forms.truth),
    moved("HF_HUB_OFFLINE", "download.disabled", forms.truth),
    moved("HF_ENDPOINT", "download.hubEndpoint", forms.text),
    left("NIM_JSONL_LOGGING", _JSON, changes=True),
    left("NIM_CACHE_PATH", f"the cache is mounted at {names.CACHE_MOUNT}, and the stack points there"),
    left("NIM_NUM_COMPUTE_NODES", "the stack sets it to nodes"),
    left("NIM_HTTP_API_PORT", "NIM 2.x reads NIM_SERVER_PORT, which the stack sets to ports.server"),
    left("NIM_USE_SGLANG", "across nodes the container runs vLLM"),
    *(
        left(name, _MPI)
        for name in (
            *("OMPI_*", "NIM_MPI_*", "NIM_TRITON_*", "NIM_GRPC_API_PORT", "NIM_MULTI_NODE", "NIM_LEADER_ROLE"),
            *("NIM_NODE_RANK", "GPUS_PER_NODE", "CLUSTER_SIZE", "CLUSTER_START_TIMEOUT", "GROUP_INDEX", "LEADER_NAME"),
        )
    ),
)


def take_variables(draft: Draft, source: str, given: Any) -> None:
    """Variables in Kubernetes' form."""
    try:
        variables = forms.objects(given)
    except ValueError as error:
        draft.drop(source, given, str(error))
        return
    for variable in variables:
        _take(draft, source, variable)


def _take(draft: Draft, source: str, variable: dict[str, Any]) -> None:
    name = str(variable.get("name", ""))
    place, value = f"{source}.{name}", variable.get("value")
    if name in KEYS:
        _take_key(draft, place, KEYS[name], variable)
        return
    row = _row(name)
    if row is not None and row.settings and "valueFrom" in variable:
        draft.drop(place, variable["valueFrom"], f"{row.settings[0]} must be known at preview; give its value there")
    elif row is not None and row.settings:
        if not forms.is_unset(value):
            assert row.read is not None
            draft.read(place, value, row.settings[0], row.read, row.says)
    elif row is not None:
        (draft.change if row.changes else draft.drop)(place, value, row.says)
    elif "valueFrom" in variable:
        draft.add(place, variable["valueFrom"], "env", [{"name": name, "valueFrom": variable["valueFrom"]}])
    else:
        written = {"name": name, "value": forms.word("" if value is None else value)}
        draft.add(place, value, "env", [written])


def _take_key(draft: Draft, place: str, key: Key, variable: dict[str, Any]) -> None:
    reference = forms.mapping(variable.get("valueFrom")).get("secretKeyRef")
    if isinstance(reference, dict) and reference.get("name"):
        where = str(reference.get("key", key.usual))
        name = str(reference["name"])
        draft.take(place, reference, key.setting, name if where == key.usual else {"name": name, "key": where})


def _row(name: str) -> Row | None:
    for row in ROWS:
        if row.source == name or (row.source.endswith("*") and name.startswith(row.source[:-1])):
            return row
    return None


def take_proxy(draft: Draft, document: Document) -> None:
    """Variables of a proxy, in both spellings, as the operator sets them."""
    for field, variable in (("httpProxy", "HTTP_PROXY"), ("httpsProxy", "HTTPS_PROXY"), ("noProxy", "NO_PROXY")):
        source, value = f"spec.proxy.{field}", document.get(f"spec.proxy.{field}")
        if not forms.is_unset(value):
            both = [{"name": name, "value": forms.word(value)} for name in (variable, variable.lower())]
            draft.add(document.named(source), value, "env", both)
