"""What `list-model-profiles` prints: the profiles the open image offers, and the one that is selected."""

from nim_serve.contract.serve_config import ServeConfig
from nim_serve.contract.values import PRECISIONS


def selected(config: ServeConfig) -> str:
    """Name the profile that the environment amounts to."""
    names = {dtype: name for name, dtype in PRECISIONS.items()}
    return f"vllm-{names[config.precision]}-tp{config.tensor_parallel}-pp{config.pipeline_parallel}"


def profiles_page(config: ServeConfig | None) -> str:
    """Write the page for people; without an environment it names no selected profile."""
    lines = [
        "MODEL PROFILES",
        "The open image serves every model that vLLM can, under any profile of this form:",
        f"  vllm-<precision>-tp<N>-pp<M>    precision: {', '.join(PRECISIONS)}; N × M: the GPUs of the group",
        "Select one with NIM_MODEL_PROFILE, or set NIM_TENSOR_PARALLEL_SIZE and NIM_PIPELINE_PARALLEL_SIZE.",
    ]
    if config is not None:
        lines.append(f"Selected by this environment: {selected(config)} for {config.model.name}")
    return "\n".join(lines)
