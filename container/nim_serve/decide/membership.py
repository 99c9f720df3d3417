"""The nodes of a Ray cluster as values: whether the group is complete, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from nim_serve.system.abbreviation import abbreviated


@dataclass(frozen=True)
class Member:
    """A living Ray node."""

    address: str
    """The IP address of its pod."""

    port: int
    """The port of its raylet."""

    gpus: int
    """The number of GPUs that it brings."""


def complete(members: Sequence[Member], nodes: int, gpus: int) -> bool:
    """Say whether all nodes of the group and all their GPUs have joined; a node is counted by its address."""
    return len({member.address for member in members}) >= nodes and sum(member.gpus for member in members) >= gpus


def describe(members: Sequence[Member], nodes: int, gpus: int) -> str:
    """Give the words of the log for what has joined and what is missing, of so many nodes and GPUs."""
    there = abbreviated(f"{member.address} ({member.gpus} GPUs)" for member in members) or "nobody"
    missing_nodes = max(0, nodes - len({member.address for member in members}))
    missing_gpus = max(0, gpus - sum(member.gpus for member in members))
    return f"joined: {there}; missing: {missing_nodes} of {nodes} nodes, {missing_gpus} of {gpus} GPUs"
