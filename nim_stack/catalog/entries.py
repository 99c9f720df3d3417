"""Entries of the catalogue: models, GPU types and fabrics. A stack can bring its own, in the same form."""

from typing import Annotated

from pydantic import Field, model_validator

from nim_stack.base.names import GPU_PRODUCT_LABEL
from nim_stack.values.types import Count, CountFromZero, EnvVar, Positive, Precision, Quantity, Settings

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=100)]
HubName = Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
Few = Annotated[Count, Field(le=4096)]
"""A count of parts of a model, such as layers, heads or experts: 1 to 4096."""
Sources = Annotated[tuple[str, ...], Field(min_length=1)]


class Latent(Settings):
    """Multi-head latent attention (MLA): one compressed vector for all heads, which tensor parallel cannot split."""

    rank: Count = Field(description="kv_lora_rank of config.json.")
    rope: Count = Field(description="qk_rope_head_dim of config.json.")


class Experts(Settings):
    """Mixture of experts (MoE): the part of the layers that holds most of the weights."""

    count: Few = Field(description="Routed experts of a layer.")
    active: Few = Field(description="Routed experts that a token passes through.")
    intermediate: Count = Field(description="Intermediate size of one expert.")
    dense_layers: CountFromZero = Field(0, description="Leading layers without experts.")
    every: Count = Field(1, description="1 when each further layer has experts, 2 when each second one has.")


class Architecture(Settings):
    """The numbers of config.json that decide how a model can be split and what it takes."""

    layers: Few = Field(description="num_hidden_layers.")
    hidden: Count = Field(description="hidden_size.")
    attention_heads: Few = Field(description="num_attention_heads.")
    kv_heads: Few | None = Field(None, description="num_key_value_heads; not with latent.")
    head_dim: Few | None = Field(None, description="head_dim; not with latent.")
    latent: Latent | None = Field(None, description="Mapping with rank and rope, instead of kvHeads and headDim.")
    index_dim: CountFromZero = Field(
        0, description="index_head_dim of a sparse attention's indexer, which is cached too."
    )
    attention_layers: Few | None = Field(
        None, description="Layers with a KV cache, when not all have one, as in models with state-space layers."
    )
    experts: Experts | None = Field(
        None, description="Mapping with count, active, intermediate, every and denseLayers."
    )
    vocabulary: Count = Field(description="vocab_size.")
    context_length: Count = Field(description="max_position_embeddings.")
    tied_embeddings: bool = Field(False, description="true or false: whether input and output share one embedding.")

    @model_validator(mode="after")
    def _one_kind_of_attention(self) -> "Architecture":
        if (self.latent is None) == (self.kv_heads is None or self.head_dim is None):
            raise ValueError("give either kvHeads and headDim or latent")
        return self

    @property
    def expert_layers(self) -> tuple[bool, ...]:
        """For each layer, whether it has routed experts."""
        if self.experts is None:
            return (False,) * self.layers
        first, every = self.experts.dense_layers, self.experts.every
        return tuple(layer >= first and (layer - first) % every == every - 1 for layer in range(self.layers))


class Checkpoint(Settings):
    """The model in one precision, as it is published."""

    precision: Precision = Field(description="bf16, fp16, fp8, int8, int4, mxfp4 or nvfp4.")
    huggingface: HubName = Field(description="<owner>/<model> on the Hugging Face hub.")
    files_gb: Positive = Field(description="Size of its safetensors files in 10⁹ bytes.")
    unused_gb: Annotated[float, Field(ge=0)] = Field(
        0, description="Part of the files that is not loaded for serving, such as a layer that predicts further tokens."
    )
    scale_block: Count | None = Field(
        None, description="Block of weights that share one FP8 scale, where each rank must hold whole blocks."
    )
    gated: bool = Field(False, description="true or false: whether the hub asks users to accept a licence.")
    source: str = Field(min_length=1, description="Where the size comes from.")

    @property
    def files(self) -> float:
        """The size of the checkpoint's files in bytes."""
        return self.files_gb * 1e9

    @property
    def loaded(self) -> float:
        """Bytes in the memory of all GPUs together."""
        return max(self.files_gb - self.unused_gb, 0) * 1e9


class ModelSpec(Settings):
    """One model: its architecture, where it comes from and what it takes."""

    name: Name = Field(description="Lower-case letters, digits, dots and dashes.")
    served_name: str = Field(min_length=1, description="Name of the model in the API.")
    nim_image: str | None = Field(None, description="Model-specific NIM image, which knows its model.")
    architecture: Architecture = Field(description="Mapping of the numbers of config.json.")
    checkpoints: Annotated[tuple[Checkpoint, ...], Field(min_length=1)] = Field(
        description="List of precisions; the first is what is meant when a stack names none."
    )
    pipeline_parallel: bool = Field(True, description="true or false: whether vLLM can split it into stages.")
    sources: Sources = Field(description="List of where the figures come from.")

    @model_validator(mode="after")
    def _each_precision_once(self) -> "ModelSpec":
        precisions = [checkpoint.precision for checkpoint in self.checkpoints]
        if len(set(precisions)) < len(precisions):
            raise ValueError("name each precision once")
        return self

    def checkpoint(self, precision: str) -> Checkpoint | None:
        """The checkpoint of this precision, such as `fp8`; None when the model has none."""
        return next((found for found in self.checkpoints if found.precision == precision), None)


class GpuSpec(Settings):
    """One GPU type, and the node label by which to find it."""

    name: Name = Field(description="Lower-case letters, digits, dots and dashes.")
    product_label: str = Field(min_length=1, description="Value of the node label nvidia.com/gpu.product.")
    memory_gib: Positive = Field(description="Memory that CUDA reports, in GiB; less than the name says.")
    per_node: Count = Field(8, description="GPUs of a usual node.")
    nvlink: bool = Field(True, description="true or false: whether NVLink joins the GPUs of a node.")
    native: Annotated[tuple[Precision, ...], Field(min_length=1)] = Field(description="Precisions it computes in.")
    weight_only: tuple[Precision, ...] = Field(
        (), description="Precisions in which it can hold weights while it computes in 16 bits."
    )
    block_fp8: bool = Field(True, description="true or false: whether FP8 with a scale for each block works.")
    max_sequences: Count = Field(1024, description="vLLM's default of --max-num-seqs on it.")
    sources: Sources = Field(description="List of where the figures come from.")

    @property
    def memory(self) -> float:
        """Memory of one GPU in bytes."""
        return self.memory_gib * 1024**3

    @property
    def node_selector(self) -> dict[str, str]:
        """The label by which nodes with this GPU type are found."""
        return {GPU_PRODUCT_LABEL: self.product_label}


class FabricSpec(Settings):
    """The network between the nodes of a group, and what pods need in order to use it."""

    name: Name = Field(description="Lower-case letters, digits, dots and dashes.")
    description: str = Field(min_length=1, description="What it is.")
    rdma: bool = Field(description="true or false: whether NCCL writes into the other node's memory directly.")
    nvlink: bool = Field(False, description="true or false: whether NVLink joins the nodes.")
    gigabits: Positive = Field(description="Gigabits per second of a usual node, all its ports together.")
    resources: dict[str, Quantity] = Field({}, description="Extended resources of each pod, as request and limit.")
    annotations: dict[str, str] = Field({}, description="Annotations of each pod.")
    capabilities: tuple[str, ...] = Field((), description="Linux capabilities of the container.")
    env: tuple[EnvVar, ...] = Field((), description="List of {name, value}.")
    min_kubernetes: str | None = Field(
        None, pattern=r"^[0-9]+\.[0-9]+$", description="Oldest Kubernetes that has what it needs, such as 1.32."
    )
    sources: Sources = Field(description="List of where the values come from.")
