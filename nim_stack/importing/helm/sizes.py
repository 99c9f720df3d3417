"""Nodes, GPUs and the split of the chart, and the model that it serves."""

from typing import Any

from nim_stack.catalog.profiles import read_profile
from nim_stack.importing.converters import count, is_unset, word
from nim_stack.importing.model import profile_note
from nim_stack.importing.rows import Fields


def sizes(own: Fields) -> None:
    """Nodes from workers, which count the leader in chart 1.x and do not in chart 2.0; and the split."""
    group, chart, known_by = own.at("multiNode"), own.document.chart, own.document.known_by
    enabled, workers = group["enabled"], group["workers"]
    split = [group[name] for name in ("tensorParallelSize", "pipelineParallelSize", "gpusPerNode")]
    if not enabled.is_on:
        silent = f" and workers {workers.value} say nothing" if workers else ""
        enabled.told(False).take(1, why=f"multiNode is off, so that one pod serves alone{silent}")
        return
    try:
        nodes = _nodes(workers.value, chart)
    except ValueError as error:
        workers.drop(str(error))
        return
    enabled.told(True).take(nodes)
    if chart == "2.0":
        why = f"chart 2.0 ({known_by}): workers {nodes - 1}, and the leader, which is not counted"
    else:
        why = f"chart 1.x ({known_by}): the leader is among them; chart 2.0 would have one more"
    workers.take(nodes, why=why)
    for size in split:
        if word(size.value) != "0":
            size.read()


def _nodes(workers: Any, chart: str) -> int:
    """The chart's default is 1."""
    given = 1 if is_unset(workers) else count(workers)
    return given + 1 if chart == "2.0" else max(given, 1)


def model(own: Fields) -> None:
    """The model by its path, and its profile."""
    path, profile = own["model.modelPath"], own["model.profile"]
    path.read()
    profile.read(why=profile_note(str(profile.value)))


def default_gpus(own: Fields) -> None:
    """GPUs of a node from the split, when no resource says them. What the chart's default would be cannot run it."""
    draft, named = own.draft, own["resources"]
    if draft.get("gpusPerNode") is not None:
        return
    default = "the chart's default is 1 GPU for each pod"
    tensor, pipeline, nodes = (draft.get(name) for name in ("tensorParallel", "pipelineParallel", "nodes"))
    profile = read_profile(draft.get("profile") or "")
    if profile is not None:
        tensor, pipeline = profile.tensor_parallel, profile.pipeline_parallel
    if None not in (tensor, pipeline, nodes) and nodes and tensor * pipeline % nodes == 0:
        gpus = tensor * pipeline // nodes
        why = f"it names no GPU and {default}; {tensor} × {pipeline} ranks on {nodes} nodes need {gpus} on each"
        named.told(None).take(gpus, "gpusPerNode", why)
    else:
        named.ask("gpusPerNode", f"resources names no GPU and {default}; without it those of a usual node are taken")
