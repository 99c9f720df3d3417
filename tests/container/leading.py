"""One leader and its clock, for the tests of its decisions."""

from dataclasses import replace

from nim_serve.contract.limits import Limits
from nim_serve.decide import events as e
from nim_serve.decide.events import Action, Event
from nim_serve.decide.leading import Leading
from nim_serve.decide.membership import Member
from nim_serve.decide.messages import Order, Report
from nim_serve.decide.phases import Phase

from tests.container.state_table import LEADER
from tests.container.walks import recorded

LIMITS = Limits(join=100, rejoin=50, load=1000, tries=3, window=60, drain=40, drain_delay=5)
BOTH = (Member("10.0.0.1", 1, 1), Member("10.0.0.2", 1, 1))
GONE_RAYLET = "raylet was killed by signal 9"


class Play:
    """One leader and its clock; `do` gives what it answers, without the lines of the log."""

    def __init__(self, limits: Limits = LIMITS, *, nodes: int = 2, ray: bool = True) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.machine = Leading(nodes, nodes, "10.0.0.1:6379", "life", limits, ray=ray, now=0.0)
        self.steps = recorded(self.machine)
        self.first = self.machine.start()
        self.order = next(a.message for a in self.first if isinstance(a, e.Tell))

    def do(self, *events: Event, after: float = 0.0) -> list[Action]:
        self.now += after
        out: list[Action] = []
        for event in events:
            for action in self.machine.handle(event, self.now):
                if isinstance(action, e.Tell):
                    self.order = action.message
                elif isinstance(action, e.Say):
                    self.said.append(action.message)
                elif not isinstance(action, e.Wait):
                    out.append(action)
        assert {*self.steps} <= {*LEADER.steps()}, "the diagram in docs/healing.md has not got this change of phase"
        return out

    @property
    def phase(self) -> Phase:
        return self.machine.phase

    def report(self, **changes: object) -> Report:
        """A worker that has done what the order says."""
        assert isinstance(self.order, Order)
        own = Report(worker="1", address="10.0.0.2", nodes=2, gpus=1, epoch=self.order.epoch, engine=self.order.engine)
        return replace(own, **changes)  # type: ignore[arg-type]

    def gathered(self) -> list[Action]:
        return self.do(e.Heard(self.report()), e.Members(BOTH))

    def serving(self) -> "Play":
        self.do(e.ModelDone(), e.RayStarted())
        self.gathered()
        self.do(e.EngineUp(), e.Proved())
        assert self.phase is Phase.SERVE
        return self
