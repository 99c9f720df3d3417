"""What the supervisors of a group tell each other: always the whole state, so that a lost line costs a second.

The leader sends an `Order`, what the group is to be; a worker sends a `Report`, what its pod is. JSON, one a line.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

VERSION = 1
LONGEST_LINE = 64 << 10


class MessageError(ValueError):
    """A line is not of this protocol, so the connection is of no use."""


@dataclass(frozen=True)
class Order:
    """What the leader wants. A worker whose raylet belongs to another epoch ends it: it cannot join this one."""

    epoch: str = ""
    """The name of one life of the Ray cluster; no leader uses it twice, or one that another leader has used."""

    engine: int = 0
    """The number of the leader's present engine; workers end the ranks of an earlier one."""

    ray: str = ""
    """The address of the Ray head; empty until it takes connections."""

    note: str = ""
    """What the leader is doing, for the worker's log."""

    serving: bool = False
    """Whether requests may be running or the engine stopping, so that a worker that was asked to stop waits."""

    bye: bool = False
    """Whether the leader leaves."""

    refusal: str = ""
    """Why this worker does not belong to the leader's group; empty when it does."""

    version: int = VERSION


@dataclass(frozen=True)
class Report:
    """What a worker's pod is."""

    worker: str = ""
    """The worker's index in the group, or its address."""

    group: str = ""
    """The leader's name as this worker was told; a stale DNS answer may lead to another group's leader."""

    nodes: int = 1
    """How many nodes the worker was told that the group has."""

    address: str = ""
    """The IP address of the worker's pod."""

    gpus: int = 0
    """The number of GPUs that the pod brings."""

    epoch: str = ""
    """The epoch that the pod's raylet joined; empty without a raylet."""

    engine: int = 0
    """The number of an engine: the ranks of all earlier ones are gone from the pod."""

    note: str = ""
    """What the worker is doing, for the leader's log."""

    fault: str = ""
    """What broke in this pod; empty when nothing did."""

    fault_in_ray: bool = False
    """Whether the fault concerns the whole Ray cluster rather than only the engine."""

    leaving: bool = False
    """Whether the worker was asked to stop."""
    version: int = VERSION


Message = TypeVar("Message", Order, Report)


def encode(message: Order | Report) -> bytes:
    """Write a message as one line, the line end included."""
    return json.dumps(asdict(message), separators=(",", ":")).encode() + b"\n"


def decode(kind: type[Message], line: bytes) -> Message:
    """Read a line again; members that a newer version added are ignored.

    Raises:
        MessageError: the line is no JSON object, or a member has another type.
    """
    try:
        given = json.loads(line)
    except ValueError as wrong:
        raise MessageError(f"not JSON: {wrong}") from None
    if not isinstance(given, dict):
        raise MessageError("not an object")
    known: dict[str, Any] = {}
    for field in fields(kind):
        value = given.get(field.name, field.default)
        if type(value) is not type(field.default):
            raise MessageError(f"{field.name}={value!r}")
        known[field.name] = value
    return kind(**known)


def refusal(report: Report, nodes: int, group: str | None) -> str:
    """Say why a worker does not belong to this leader's group; empty when it does.

    `nodes` is how many nodes the group has, and `group` the leader's own name, or None where it is not known.
    """
    if report.version != VERSION:
        return f"the worker's image speaks version {report.version}, the leader's {VERSION}: use one image for both"
    if group and report.group and report.group != group:
        return f"the worker looks for {report.group}, and this is {group}: its DNS answer is out of date"
    if report.nodes != nodes:
        return f"NIM_NUM_COMPUTE_NODES is {report.nodes} in the worker and {nodes} in the leader"
    return ""
