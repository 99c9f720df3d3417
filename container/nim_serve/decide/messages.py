"""What the supervisors of a group tell each other: always the whole state, so that a lost line costs a second.

The leader sends an `Order`, what the group is to be; a worker sends a `Report`, what its pod is. JSON, one a line.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

VERSION = 1
LONGEST_LINE = 64 << 10


class MessageError(ValueError):
    """A line that is not of this protocol; the connection is of no use."""


@dataclass(frozen=True)
class Order:
    """The leader's side. A worker whose raylet belongs to another epoch ends it: it cannot join this one."""

    epoch: str = ""
    """Names one life of the Ray cluster; never used twice, also not by another leader."""

    engine: int = 0
    """Counts the engines of this leader; ranks of an earlier one are ended."""

    ray: str = ""
    """Address of the Ray head, once it answers."""

    note: str = ""
    """What the leader is doing, for the worker's log."""

    serving: bool = False
    """Requests may be running or the engine stopping, so a worker that was asked to stop waits."""

    bye: bool = False
    """The leader leaves."""

    refusal: str = ""
    """Why this worker does not belong here."""

    version: int = VERSION


@dataclass(frozen=True)
class Report:
    """A worker's side."""

    worker: str = ""
    """Its index in the group, or its address."""

    group: str = ""
    """The leader's name as this worker was told; a stale DNS answer may lead to another group's leader."""

    nodes: int = 1
    address: str = ""
    gpus: int = 0
    epoch: str = ""
    """The epoch that its raylet joined; empty without a raylet."""

    engine: int = 0
    """Ranks of earlier engines than this are gone from the pod."""

    note: str = ""
    fault: str = ""
    """What broke; it concerns the whole Ray cluster or only the engine."""

    fault_in_ray: bool = False
    leaving: bool = False
    version: int = VERSION


Message = TypeVar("Message", Order, Report)


def encode(message: Order | Report) -> bytes:
    """One line."""
    return json.dumps(asdict(message), separators=(",", ":")).encode() + b"\n"


def decode(kind: type[Message], line: bytes) -> Message:
    """The line, read again; members that a newer version added are ignored.

    Raises:
        MessageError: not an object, or a member of another type.
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
    """Why a worker does not belong to this leader's group, or nothing; `group` is the leader's own name if known."""
    if report.version != VERSION:
        return f"the worker's image speaks version {report.version}, the leader's {VERSION}: use one image for both"
    if group and report.group and report.group != group:
        return f"the worker looks for {report.group}, and this is {group}: its DNS answer is out of date"
    if report.nodes != nodes:
        return f"NIM_NUM_COMPUTE_NODES is {report.nodes} in the worker and {nodes} in the leader"
    return ""
