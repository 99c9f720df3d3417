"""What happens to a supervisor (events), and what it does about it (actions): plain values that tests can compare."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from nim_serve.decide.messages import Order, Report
from nim_serve.ray.membership import Member


class Scope(IntEnum):
    """How much has to be started again."""

    ENGINE = 1
    """vLLM and its ranks; Ray lives on."""

    RAY = 2
    """The Ray cluster of the whole group as well, under a new epoch."""


class Status(StrEnum):
    """What health says, and vLLM's middleware with it."""

    STARTING = "starting"
    READY = "ready"
    HEALING = "healing"
    DRAINING = "draining"


# Events


@dataclass(frozen=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True)
class StopAsked:
    """SIGTERM."""


@dataclass(frozen=True)
class ModelDone:
    """The model is in place; or why it is not, and whether another try would end the same way."""

    problem: str = ""
    final: bool = False


@dataclass(frozen=True)
class RayStarted:
    """`ray start` left its daemons; or why it did not."""

    problem: str = ""


@dataclass(frozen=True)
class HeadListens:
    """Ray's head takes connections, though `ray start` has not ended: workers can begin."""


@dataclass(frozen=True)
class Members:
    """Who is in the Ray cluster; or why nobody can say."""

    members: tuple[Member, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class EngineUp:
    """vLLM says that it is healthy."""


@dataclass(frozen=True)
class Proved:
    """The engine has generated a token; or why not."""

    problem: str = ""


@dataclass(frozen=True)
class InFlight:
    """Requests that vLLM has accepted and not answered yet."""

    requests: int


@dataclass(frozen=True)
class Broken:
    """A process of the engine or of Ray ended, was stopped, or says that it cannot go on."""

    scope: Scope
    what: str
    final: bool = False
    """Another try would end the same way, unless the group has served before."""


@dataclass(frozen=True)
class Ended:
    """Every process that had to go has gone."""

    scope: Scope


@dataclass(frozen=True)
class Heard:
    """A worker reported."""

    report: Report


@dataclass(frozen=True)
class HungUp:
    """A worker's connection is closed, or silent."""

    worker: str
    how: str
    silent: bool = False


@dataclass(frozen=True)
class Connected:
    """The leader's supervisor answered."""

    peer: str
    own: str


@dataclass(frozen=True)
class Unreachable:
    """It did not, or the connection ended."""

    how: str


@dataclass(frozen=True)
class Ordered:
    """The leader said what the group is to be."""

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
    """Get the model into this pod's cache, unless it is there; answers ModelDone."""


@dataclass(frozen=True)
class StartRay:
    """Start the head (without an address) or a worker's node; answers RayStarted."""

    head: str = ""


@dataclass(frozen=True)
class AskMembers:
    """Ask Ray who is there until the group is complete, from a process of its own; answers Members."""


@dataclass(frozen=True)
class StartEngine:
    """Start vLLM; answers EngineUp, and InFlight from then on."""


@dataclass(frozen=True)
class Prove:
    """Have the engine generate one token; answers Proved."""


@dataclass(frozen=True)
class End:
    """End vLLM and its ranks, or everything below this process; answers Ended.

    The grace is the time between SIGTERM and SIGKILL; without one it is SIGKILL at once.
    """

    scope: Scope
    grace: float = 0.0


@dataclass(frozen=True)
class Tell:
    """Send this to the other side now, and again with every beat."""

    message: Order | Report


@dataclass(frozen=True)
class Show:
    """Answer health with this."""

    status: Status
    reason: str = ""


@dataclass(frozen=True)
class Wait:
    """Say what is being waited for, and until when."""

    reason: str
    waited: float
    left: float | None = None


@dataclass(frozen=True)
class Say:
    """A line in the log."""

    level: str
    message: str
    fields: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Exit:
    """End this process; a reason goes into the termination message."""

    code: int
    reason: str = ""
    hold: bool = False
    """Whether a new pod would most likely end the same way, so that there is no hurry."""


Action = FetchModel | StartRay | AskMembers | StartEngine | Prove | End | Tell | Show | Wait | Say | Exit
