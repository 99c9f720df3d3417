"""What an all-reduce between the nodes measured, and whether it is what the plan's fabric should give.

Bandwidths as NVIDIA's nccl-tests report them (doc/PERFORMANCE.md): algorithm bandwidth is size over time, bus bandwidth
that times 2 (n - 1) / n for n ranks, which compares with the speed of the links whatever n is.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nim_stack.base.problems import Finding
from nim_stack.manifests.programs.all_reduce import MARK
from nim_stack.operations.doctor.check import ok, unknown, warning
from nim_stack.plan import DeploymentPlan

FLOOR = 0.4
"""Part of the line rate, 0 to 1. A network that works gives more with large messages."""
LARGE = 64 * 1024**2
"""Bytes from which on a message says something of the bandwidth rather than of the latency."""
_GPUS_OF_A_NODE = 8
_SOCKETS = "NET/Socket"
_MNNVL = "P2P/MNNVL"


@dataclass(frozen=True)
class Timing:
    """How long an all-reduce of one message size took."""

    size: int
    """Size of the message in bytes."""
    seconds: float
    """Time of one all-reduce on the slowest rank."""
    ranks: int

    @property
    def algorithm(self) -> float:
        """Algorithm bandwidth in 10⁹ bytes per second."""
        return self.size / self.seconds / 1e9

    @property
    def bus(self) -> float:
        """Bus bandwidth in 10⁹ bytes per second."""
        return self.algorithm * 2 * (self.ranks - 1) / self.ranks


@dataclass(frozen=True)
class Measured:
    """The figures of one all-reduce, and how NCCL sent them."""

    facts: Mapping[str, Any]
    """What pod 0 reported: backend, ranks, pods, device, torch, nccl."""
    timings: tuple[Timing, ...]
    ways: tuple[str, ...] = ()
    """The transports by which NCCL sends between the nodes, in its own words."""
    networks: tuple[str, ...] = ()
    """The networks that NCCL chose, such as IB or Socket."""
    notes: tuple[str, ...] = ()
    """NCCL's words about networks that it did not take."""

    @property
    def best(self) -> Timing:
        """The timing with the largest bus bandwidth."""
        return max(self.timings, key=lambda timing: timing.bus)

    @property
    def document(self) -> dict[str, Any]:
        """The figures for programs; bandwidths in 10⁹ bytes per second."""
        return {
            **self.facts,
            "sizes": [
                {"bytes": one.size, "seconds": one.seconds, "algorithmBandwidth": round(one.algorithm, 3),
                 "busBandwidth": round(one.bus, 3)}
                for one in self.timings
            ],
            "ways": list(self.ways),
            "networks": list(self.networks),
            "notes": list(self.notes),
        }  # fmt: skip


@dataclass
class PodReports:
    """What the pods wrote for doctor in their logs, sorted by what it is about."""

    facts: dict[str, Any] = field(default_factory=dict)
    timings: list[tuple[int, float]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    ways: dict[str, None] = field(default_factory=dict)
    networks: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def measured(self) -> Measured | None:
        """The figures; None when not one size was measured."""
        if not self.timings:
            return None
        timings = tuple(Timing(size, seconds, self.facts["ranks"]) for size, seconds in self.timings)
        return Measured(self.facts, timings, tuple(self.ways), tuple(self.networks), tuple(self.notes))


def read_reports(lines: Iterable[str]) -> PodReports:
    """The reports in the logs of all pods; lines that something else wrote are left out."""
    reports = PodReports()
    for line in lines:
        if not line.startswith(MARK):
            continue
        try:
            document = json.loads(line.removeprefix(MARK))
        except ValueError:
            continue
        if "failed" in document:
            reports.failed.append(document["failed"])
        elif "waiting" in document:
            reports.waiting.append(document["waiting"])
        elif "bytes" in document:
            reports.timings.append((document["bytes"], document["seconds"]))
        elif "ways" in document:
            reports.ways |= dict.fromkeys(document["ways"])
            reports.networks |= dict.fromkeys(document["networks"])
            reports.notes |= dict.fromkeys(document["notes"])
        else:
            reports.facts |= document
    return reports


def line_rate(plan: DeploymentPlan) -> float | None:
    """10⁹ bytes per second that bus bandwidth can come to on the plan's fabric; None when the plan names none.

    The figure of the catalogue is that of a whole node. With RDMA each GPU has its part of it. Where NVLink joins the
    nodes the link of each GPU is the limit, however many there are.
    """
    if plan.fabric is None:
        return None
    node, gpus = plan.fabric.gigabits / 8, plan.gpu.per_node if plan.gpu else _GPUS_OF_A_NODE
    if plan.fabric.nvlink:
        return node / gpus
    return node * min(1.0, plan.gpus_per_node / gpus) if plan.fabric.rdma else node


def judged(plan: DeploymentPlan, measured: Measured) -> Iterator[Finding]:
    """The bandwidth, and the way it was reached."""
    best, rate = measured.best, line_rate(plan)
    what = (
        f"bus bandwidth {best.bus:.3g} GB/s ({best.size // 1024**2} MiB, {measured.facts['ranks']} ranks on "
        f"{measured.facts['pods']} nodes)"
    )
    if measured.facts.get("backend") != "nccl":
        yield ok(f"{what}, by Gloo between CPUs: the image's vLLM is a build for CPU")
        return
    if rate is None or plan.fabric is None:
        yield ok(f"{what}; no nim.fabric is named to compare it with")
    else:
        what += f", {best.bus / rate:.0%} of {plan.fabric.name}'s {rate:.4g} GB/s"
        if best.bus >= FLOOR * rate:
            yield ok(what)
        elif measured.timings[-1].size < LARGE:
            yield ok(f"{what}; messages from {LARGE // 1024**2} MiB on would say more")
        else:
            yield warning(what, _slow(measured))
    yield _way(plan, measured)


def _slow(measured: Measured) -> str:
    causes = ["that all ports of the nodes are up and at full speed (ibstat, ethtool)", "the MTU", "NCCL_IB_HCA"]
    if any(way.startswith("NET/") and "GPUDirect" not in way for way in measured.ways):
        causes.insert(0, "GPUDirect RDMA (nvidia-peermem, DMA-BUF), without which all passes the host's memory")
    return f"See {', '.join(causes)}; nim.catalog.fabrics describes a network of another speed."


def _way(plan: DeploymentPlan, measured: Measured) -> Finding:
    ways = measured.ways or tuple(f"NET/{name}" for name in measured.networks)
    what = f"NCCL {measured.facts.get('nccl')} sends between the nodes by {', '.join(ways)}"
    fabric = plan.fabric
    if not ways:
        return unknown("NCCL's log does not say how it sends between the nodes", "See it with NCCL_DEBUG=INFO.")
    if fabric is not None and fabric.nvlink and _MNNVL not in ways:
        do = "See that the IMEX daemons run, that the nodes are of one clique (nvidia.com/gpu.clique), and the claim."
        return warning(f"{what}, and not by the NVLink of {fabric.name}{_because(measured)}", do)
    if fabric is not None and fabric.rdma and any(way.startswith(_SOCKETS) for way in ways):
        do = (
            f"See that the pods get {fabric.name}'s devices ({', '.join(fabric.resources) or 'its interfaces'}), "
            "NCCL_IB_HCA and NCCL_IB_DISABLE, the IPC_LOCK capability and its ulimit, and that the image has the "
            "fabric's library (libibverbs, or its NCCL plugin)."
        )
        return warning(f"{what}: a fall back to TCP, while nim.fabric is {fabric.name}{_because(measured)}", do)
    return ok(what)


def _because(measured: Measured) -> str:
    return f" (NCCL: {'; '.join(measured.notes[-3:])})" if measured.notes else ""
