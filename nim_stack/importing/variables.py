"""Environment variables: those that are settings here, those that the stack sets itself, and all others."""

import shlex
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from nim_stack.base import names
from nim_stack.importing.converters import count, log_level, objects, text, truth, word
from nim_stack.importing.keys import KEYS
from nim_stack.importing.rows import Field, Fields, Row, each, judged, left, moved

_MPI = "it belongs to MPI or Triton, by which NIM 1.x joins nodes; NIM 2.x does it by Ray"
_JSON = (
    "set to 0: NIM's JSON formatter is not there in Ray workers, which fail with it (NVIDIA's page on multi-node "
    "deployment, known limitations)"
)

ROWS: tuple[Row, ...] = (
    moved("NIM_MODEL_PATH", "model", text),
    moved("NIM_MODEL_NAME", "model", text, "the name that NIM 1.x has for NIM_MODEL_PATH"),
    moved("NIM_MODEL_PROFILE", "profile", text),
    moved("NIM_TENSOR_PARALLEL_SIZE", "tensorParallel", count),
    moved("NIM_PIPELINE_PARALLEL_SIZE", "pipelineParallel", count),
    moved("NIM_SERVED_MODEL_NAME", "servedModelName", text),
    moved("NIM_MAX_MODEL_LEN", "maxModelLen", count),
    moved("NIM_PASSTHROUGH_ARGS", "passthroughArgs", lambda value: shlex.split(text(value))),
    moved("NIM_LOG_LEVEL", "logLevel", log_level),
    moved("NIM_SERVER_PORT", "ports.server", count),
    moved("NIM_REPOSITORY_OVERRIDE", "download.repositoryOverride", text),
    moved("NIM_DISABLE_MODEL_DOWNLOAD", "download.disabled", truth),
    moved("HF_HUB_OFFLINE", "download.disabled", truth),
    moved("HF_ENDPOINT", "download.hubEndpoint", text),
    *(
        judged(each, name, KEYS[name].setting, KEYS[name].reference, "the Secret of valueFrom")
        for name in (names.NGC_KEY, names.HF_KEY)
    ),
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


def variables(own: Fields) -> None:
    """Variables in Kubernetes' form: each by its own row, and all others to `env` by the row of the list."""
    for env in own:
        if not env:
            continue
        try:
            found = objects(env.value)
        except ValueError as error:
            env.drop(str(error))
            continue
        for variable in found:
            _take(env, variable)


def _take(env: Field, variable: dict[str, Any]) -> None:
    name = str(variable.get("name", ""))
    row = next((row for row in ROWS if fnmatchcase(name, row.source)), None)
    value = variable.get("valueFrom", variable.get("value"))
    field = replace(env, name=f"{env.name}.{name}", value=value)
    if row is None:
        written = {"valueFrom": value} if "valueFrom" in variable else {"value": word("" if value is None else value)}
        field.add([{"name": name, **written}])
        return
    field = replace(field, row=row, by=(row.source,))
    if not row.settings:
        told = field.told(variable.get("value"))
        (told.change if row.changes else told.drop)(row.says)
    elif name in KEYS:
        _take_reference(field)
    elif "valueFrom" not in variable:
        field.apply()
    else:
        field.drop(f"{row.settings[0]} must be known at preview; give its value there")


def _take_reference(field: Field) -> None:
    try:
        secret = field.row.read(field.value)
    except ValueError as error:
        field.drop(str(error))
    else:
        field.told(field.value["secretKeyRef"]).take(secret)
