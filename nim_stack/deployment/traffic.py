"""Bytes that each token sends from one node to another, for tensor and for pipeline parallel.

Lower bounds: what the algorithm must move, whatever library moves it.
"""

from dataclasses import dataclass

from nim_stack.catalog.entries import Architecture, FabricSpec

_VALUE_BYTES = 2
"""Bytes of one activation: they have 16 bits, whatever the weights have."""
_REDUCTIONS = 2
"""All-reduces of a layer under tensor parallel: after attention and after the MLP."""


@dataclass(frozen=True)
class Traffic:
    """Between neighbouring nodes, in bytes per token and direction."""

    tensor: int
    """If a tensor parallel group spans the nodes: two all-reduces a layer."""
    pipeline: int
    """If a boundary between stages lies between the nodes: hidden state and residual, once."""


def traffic(shape: Architecture) -> Traffic:
    """What one token sends between the GPUs of a group, in bytes."""
    return Traffic(
        tensor=_REDUCTIONS * shape.layers * shape.hidden * _VALUE_BYTES,
        pipeline=2 * shape.hidden * _VALUE_BYTES,
    )


def ceiling(bytes_per_token: int, fabric: FabricSpec) -> float:
    """Tokens per second that the network lets through, however fast the GPUs are."""
    return fabric.gigabits * 1e9 / 8 / bytes_per_token
