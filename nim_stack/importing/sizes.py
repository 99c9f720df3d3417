"""Nodes, GPUs and the split, where the other deployer leaves one of them to a default of its own."""

from nim_stack.catalog.profiles import read_profile
from nim_stack.importing.draft import Draft


def derive_gpus(draft: Draft, source: str, default: str) -> None:
    """GPUs of a node from the split, when no resource says them. What the default would be cannot run it."""
    if draft.get("gpusPerNode") is not None:
        return
    tensor, pipeline, nodes = (draft.get(name) for name in ("tensorParallel", "pipelineParallel", "nodes"))
    profile = read_profile(draft.get("profile") or "")
    if profile is not None:
        tensor, pipeline = profile.tensor_parallel, profile.pipeline_parallel
    if None not in (tensor, pipeline, nodes) and nodes and tensor * pipeline % nodes == 0:
        gpus = tensor * pipeline // nodes
        why = f"it names no GPU and {default}; {tensor} × {pipeline} ranks on {nodes} nodes need {gpus} on each"
        draft.take(source, None, "gpusPerNode", gpus, why)
    else:
        draft.ask("gpusPerNode", f"{source} names no GPU and {default}; without it those of a usual node are taken")


def profile_note(profile: str) -> str:
    """What is to be said of a profile's name, beside that it is taken."""
    name = profile.split("-")
    if len(profile) == 64 or (name[1:2] and name[1] in _SHIPPED and "pp1" in name):
        return ""
    return (
        "NVIDIA's later documents list bf16, fp8, mxfp4 and nvfp4 with pp1 alone; run `list-model-profiles` in the "
        "image, or use tensorParallel and pipelineParallel instead"
    )


_SHIPPED = ("bf16", "fp8", "mxfp4", "nvfp4")
