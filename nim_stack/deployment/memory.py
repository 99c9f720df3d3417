"""Memory of one GPU: weights by stage, KV cache of a token, and what the engine itself takes.

The shapes are vLLM's own. Layers are dealt to stages as `get_pp_indices` does (vllm/distributed/utils.py): what does
not divide goes to the stages before the last one. A KV head is stored on as many GPUs as there are when there are more
GPUs than KV heads; the one latent vector of MLA is stored on each. All stages get the number of tokens that the
fullest of them has room for (vllm/v1/core/kv_cache_utils.py).

The constants of `_overhead` are fitted to the memory profiles of vLLM 0.19 that llm-d-planner published for small
models (docs/figures.md lists them, and compares the result with other figures).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nim_stack.catalog.entries import Architecture, Checkpoint, GpuSpec
from nim_stack.deployment.vllm_options import number, option

GIB = 1024**3
UTILISATION = 0.9
"""vLLM's default of --gpu-memory-utilization, up to 0.20; 0.92 since."""
BYTES = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "int4": 0.5625, "mxfp4": 0.53125, "nvfp4": 0.5625}
"""Bytes of one weight, by precision. A 4-bit weight shares a scale with its neighbours, and its part of the scale is
added to its half byte: mxfp4 has a scale of 8 bits for 32 weights; published checkpoints have a scale of 8 bits for 16
weights (nvfp4), or of 16 bits for 32 weights (int4)."""
EMBEDDING_BYTES = 2
"""Embeddings stay in 16 bits in every published checkpoint of the catalogue."""
CACHE_BYTES = 2

_LAST_STAGE_GIB = 0.38
_SAMPLER_BYTES = 12.6
"""Bytes that the sampler takes for each sequence and each entry of the vocabulary, on the last stage."""
_OTHER_STAGE_GIB = 1.1
_EXPERTS_GIB = 0.35
_ALONE_GIB, _COLLECTIVE_GIB = 0.25, 2.1
"""What the CUDA context and the libraries take on each GPU: where the engine uses one GPU alone, and where it uses
several, with NCCL's buffers."""
_GRAPHS_GIB = 1.0
"""What the captured CUDA graphs take on each GPU."""


@dataclass(frozen=True)
class Engine:
    """Options of vLLM that change what fits."""

    utilisation: float = UTILISATION
    cache_bytes: int = CACHE_BYTES
    max_sequences: int = 1024
    counts_graphs: bool = True
    """Whether CUDA graphs are part of the share that vLLM may use, as from 0.20 or 0.21 on, or beside it. A plan
    counts them always, since beside the share they take as much."""


def read_engine(arguments: Sequence[str], gpu: GpuSpec | None) -> Engine:
    """The options from vLLM's arguments, or its defaults."""
    utilisation = number(arguments, "--gpu-memory-utilization") or UTILISATION
    cache = option(arguments, "--kv-cache-dtype") or ""
    sequences = number(arguments, "--max-num-seqs") or (gpu.max_sequences if gpu else 1024)
    return Engine(
        utilisation=min(utilisation, 1.0),
        cache_bytes=1 if cache.startswith("fp8") else 2,
        max_sequences=int(min(sequences, 1e6)) or 1,
    )


@dataclass(frozen=True)
class Stage:
    """One pipeline stage, on each of its GPUs; in bytes."""

    layers: int
    weights: float
    overhead: float
    cache_per_token: float

    def tokens(self, budget: float) -> int:
        """Tokens of KV cache that this stage has room for."""
        return max(int((budget - self.weights - self.overhead) / self.cache_per_token), 0)


@dataclass(frozen=True)
class Memory:
    """What a plan takes of each GPU, and what it leaves for the KV cache."""

    stages: tuple[Stage, ...]
    budget: float
    """Bytes of a GPU that vLLM may use."""

    @property
    def weights(self) -> float:
        """Of the GPU that holds most."""
        return max(stage.weights for stage in self.stages)

    @property
    def needed(self) -> float:
        """Weights and engine, of the GPU that needs most."""
        return max(stage.weights + stage.overhead for stage in self.stages)

    @property
    def fits(self) -> bool:
        """Whether every stage has room for its weights and at least one token of KV cache."""
        return self.tokens > 0

    @property
    def tokens(self) -> int:
        """Tokens of KV cache that fit in all stages."""
        return min(stage.tokens(self.budget) for stage in self.stages)

    def sequences(self, length: int) -> float:
        """How many sequences of this length fit at once."""
        return self.tokens / length


def estimate(
    shape: Architecture, checkpoint: Checkpoint, tensor: int, pipeline: int, gpu_bytes: float, engine: Engine
) -> Memory:
    """Memory of each stage when the model is split into `tensor` × `pipeline`; `pipeline` is at most the layers."""
    layers = _layer_bytes(shape, checkpoint)
    embedding = embedding_bytes(shape)
    cached = (shape.attention_layers or shape.layers) / shape.layers
    stages, first = [], 0
    for position, count in enumerate(partition(shape.layers, pipeline)):
        last = position == pipeline - 1
        weights = sum(layers[first : first + count])
        weights += embedding * (position == 0) + embedding * (last and not (shape.tied_embeddings and pipeline == 1))
        first += count
        stages.append(
            Stage(
                layers=count,
                weights=weights / tensor,
                overhead=_overhead(shape, engine, several=tensor > 1, last=last),
                cache_per_token=count * cached * cache_per_layer(shape, tensor, engine.cache_bytes),
            )
        )
    return Memory(stages=tuple(stages), budget=gpu_bytes * engine.utilisation)


def partition(layers: int, stages: int) -> list[int]:
    """How many layers each pipeline stage has, the first stage first; vLLM deals them out like this."""
    counts = [layers // stages] * stages
    for place in range(layers % stages):
        counts[-place - 2] += 1
    return counts


def embedding_bytes(shape: Architecture) -> float:
    """Bytes of the embedding of all tokens of the vocabulary, before it is divided by tensor parallel."""
    return float(shape.vocabulary * shape.hidden * EMBEDDING_BYTES)


def cache_per_layer(shape: Architecture, tensor: int, value_bytes: int = CACHE_BYTES) -> float:
    """Bytes of KV cache of one token in one layer on one GPU."""
    if shape.latent is not None:
        return float((shape.latent.rank + shape.latent.rope) * value_bytes + shape.index_dim)
    heads = shape.kv_heads or 1
    return 2.0 * max(1, -(-heads // tensor)) * (shape.head_dim or 1) * value_bytes


def _layer_bytes(shape: Architecture, checkpoint: Checkpoint) -> list[float]:
    """Weights of each layer: routed experts where they are, everything else evenly."""
    embeddings = embedding_bytes(shape) * (1 if shape.tied_embeddings else 2)
    total = max(checkpoint.loaded - embeddings, 0.0)
    has_experts = shape.expert_layers
    experts = 0.0
    if shape.experts is not None and any(has_experts):
        each = 3.0 * shape.hidden * shape.experts.intermediate * BYTES[checkpoint.precision]
        experts = min(each * shape.experts.count, total / sum(has_experts))
    rest = (total - experts * sum(has_experts)) / shape.layers
    return [rest + (experts if here else 0.0) for here in has_experts]


def _overhead(shape: Architecture, engine: Engine, *, several: bool, last: bool) -> float:
    sampler = engine.max_sequences * shape.vocabulary * _SAMPLER_BYTES
    activations = _LAST_STAGE_GIB * GIB + sampler if last else _OTHER_STAGE_GIB * GIB
    experts = _EXPERTS_GIB if shape.experts else 0.0
    libraries = _COLLECTIVE_GIB if several else _ALONE_GIB
    graphs = _GRAPHS_GIB if engine.counts_graphs else 0.0
    return activations + (experts + libraries + graphs) * GIB
