"""What happens to a supervisor (events), and what it does about it (actions): plain values that tests can compare.

Both state machines take every event of `Event` apart in a `match` that ends with `assert_never`, so mypy refuses a new
event that one of them does not mention; the supervisors do the same with `Action`.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from nim_serve.decide.membership import Member
from nim_serve.decide.messages import Order, Report


class Scope(IntEnum):
    """How much has to be started again; the larger scope includes the smaller one."""

    ENGINE = 1
    """vLLM and its ranks; Ray lives on."""

    RAY = 2
    """The Ray cluster of the whole group as well, under a new epoch."""


class Status(StrEnum):
    """What the supervisor answers health with; vLLM's middleware reads it from a file."""

    STARTING = "starting"
    READY = "ready"
    HEALING = "healing"
    DRAINING = "draining"


# Events


@dataclass(frozen=True)
class Tick:
    """Time has passed. One follows every other event."""


@dataclass(frozen=True)
class StopAsked:
    """The supervisor was sent SIGTERM or SIGINT."""


@dataclass(frozen=True)
class ModelDone:
    """The model is in place, or the attempt to get it has failed."""

    problem: str = ""
    """Why the model is not in place; empty when it is."""

    final: bool = False
    """Whether another try would end the same way."""


@dataclass(frozen=True)
class RayStarted:
    """`ray start` has ended."""

    problem: str = ""
    """Why Ray's daemons do not run; empty when they do."""


@dataclass(frozen=True)
class HeadListens:
    """Ray's head takes connections although `ray start` has not ended, so workers can begin."""


@dataclass(frozen=True)
class Members:
    """Ray was asked which nodes its cluster has."""

    members: tuple[Member, ...] = ()
    problem: str = ""
    """Why Ray cannot be asked; empty when it has answered."""


@dataclass(frozen=True)
class EngineUp:
    """vLLM answers its health check."""


@dataclass(frozen=True)
class Proved:
    """The engine was asked for one token."""

    problem: str = ""
    """Why the token did not come; empty when it did."""


@dataclass(frozen=True)
class InFlight:
    """vLLM was asked how many requests it works on."""

    requests: int
    """How many requests it has accepted and not answered yet."""


@dataclass(frozen=True)
class Broken:
    """A process of the engine or of Ray has ended, was stopped by a signal, or says that it cannot go on."""

    scope: Scope
    what: str
    """The sentence for the log and for the termination message."""

    final: bool = False
    """Whether another try would end the same way, unless the group has served before."""


@dataclass(frozen=True)
class Ended:
    """Every process that the action `End` names has gone."""

    scope: Scope


@dataclass(frozen=True)
class Heard:
    """A worker has sent a report to the leader."""

    report: Report


@dataclass(frozen=True)
class HungUp:
    """The leader has lost the connection to a worker."""

    worker: str
    """The worker's name, as in its reports."""

    how: str
    """Why the connection has ended."""

    silent: bool = False
    """Whether the leader closed it because the worker said nothing for too long."""


@dataclass(frozen=True)
class Connected:
    """The worker has a connection to the leader's supervisor."""

    peer: str
    """The leader's IP address."""

    own: str
    """The worker's own IP address on this connection."""


@dataclass(frozen=True)
class Unreachable:
    """The worker could not connect to the leader, or the connection has ended."""

    how: str
    """Why."""


@dataclass(frozen=True)
class Ordered:
    """The leader has sent an order to the worker."""

    order: Order


Event = (
    Tick
    | StopAsked
    | ModelDone
    | RayStarted
    | HeadListens
    | Members
    | EngineUp
    | Proved
    | InFlight
    | Broken
    | Ended
    | Heard
    | HungUp
    | Connected
    | Unreachable
    | Ordered
)

# Actions


@dataclass(frozen=True)
class FetchModel:
    """Get the model into this pod's cache, unless it is there. The event `ModelDone` answers it."""


@dataclass(frozen=True)
class StartRay:
    """Run `ray start`. The event `RayStarted` answers it."""

    head: str = ""
    """Address and port of the head that a worker's node joins; empty to start the head itself."""


@dataclass(frozen=True)
class AskMembers:
    """Ask Ray which nodes it has until the group is complete, from a process of its own. `Members` answers it."""


@dataclass(frozen=True)
class StartEngine:
    """Start vLLM. The event `EngineUp` answers it, and `InFlight` comes from then on."""


@dataclass(frozen=True)
class Prove:
    """Have the engine generate one token. The event `Proved` answers it."""


@dataclass(frozen=True)
class End:
    """End vLLM and its ranks, or every process below this one. The event `Ended` answers it."""

    scope: Scope
    grace: float = 0.0
    """Seconds between SIGTERM and SIGKILL; with 0 there is no SIGTERM."""


@dataclass(frozen=True)
class Tell:
    """Send this to the other side of the heartbeat now, and again with every beat."""

    message: Order | Report


@dataclass(frozen=True)
class Show:
    """Answer health with this from now on."""

    status: Status
    reason: str = ""


@dataclass(frozen=True)
class Wait:
    """Log what is being waited for."""

    reason: str
    waited: float
    """Seconds since the wait began."""

    left: float | None = None
    """Seconds until the wait is given up; None when it never is."""


@dataclass(frozen=True)
class Say:
    """Write a line to the log."""

    level: str
    """`info` or `warning`."""

    message: str
    fields: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Exit:
    """End the supervisor."""

    code: int
    reason: str = ""
    """What goes into the termination message; empty for an exit with code 0."""

    delayed: bool = False
    """Whether a new pod would most likely end the same way, so that the exit may wait until the log has been read."""


RoleAction = FetchModel | StartRay | AskMembers | StartEngine | Prove | Tell
"""What a leader does in another way than a worker, or what only one of them does."""

Action = RoleAction | End | Show | Wait | Say | Exit
