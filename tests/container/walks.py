"""Random walks through both state machines: the events that can happen in each situation, drawn from a seed.

A walk answers the machine's actions as the supervisor would: a model that is fetched arrives or fails, a process that
was started can break, and one that was ended has gone some time later. An event comes only where a supervisor could
post it, or where the machines bear it all the same: a daemon of Ray that breaks before `ray start` has ended.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from nim_serve.contract.limits import Limits
from nim_serve.decide import events as e
from nim_serve.decide import phases, worker_phases
from nim_serve.decide.events import Action, Event, Scope
from nim_serve.decide.following import Following
from nim_serve.decide.leading import Leading
from nim_serve.decide.membership import Member
from nim_serve.decide.messages import Order, Report

Step = tuple[str, str, str]
"""The name of the phase before, the cause, and the name of the phase after.

The cause is the name of the event that was handled, or `Tick` where the machine looks at the time and at what it knows,
as it does after every event."""

BEGIN, EXIT = "BEGIN", "EXIT"
"""The cause of what `start` does, and the phase after the last one."""

SHORT = (0.0, 0.2, 0.5)
LONG = (3.0, 15.0, 50.0, 130.0, 1100.0)
"""Seconds that pass between two events: less and more than each limit of the machines."""

MOST_EVENTS = 120
BOTH = (Member("10.0.0.1", 1, 1), Member("10.0.0.2", 1, 1))
IDLE = Report(worker="1", address="10.0.0.2", nodes=2, gpus=1)
LIMITS = Limits(join=100, rejoin=50, load=1000, tries=2, window=60, drain=40, drain_delay=5)


def recorded(machine: Leading | Following) -> list[Step]:
    """Keep a machine's changes of phase from now on; the list grows while the machine is used."""
    steps: list[Step] = []
    cause = BEGIN
    take, go_on, enter = machine._take, machine._go_on, machine._enter

    def exits() -> int:
        return sum(isinstance(action, e.Exit) for action in machine._out)

    def noting_take(event: Event) -> None:
        nonlocal cause
        cause = type(event).__name__
        take(event)
        if exits():
            steps.append((machine.phase.name, cause, EXIT))

    def noting_go_on() -> None:
        nonlocal cause
        cause, before = e.Tick.__name__, exits()
        go_on()
        if exits() > before:
            steps.append((machine.phase.name, cause, EXIT))

    def noting_enter(phase: phases.Phase | worker_phases.Phase) -> None:
        steps.append((machine.phase.name, cause, phase.name))
        enter(phase)  # type: ignore[arg-type]  # each machine is given phases of its own

    for name, method in {"_take": noting_take, "_go_on": noting_go_on, "_enter": noting_enter}.items():
        setattr(machine, name, method)
    return steps


def leader_steps(seed: int) -> list[Step]:
    """Walk one leader of a group, or of a pod that serves alone, to its exit or for so many events."""
    return list(_LeaderWalk(Random(seed)).steps())


def worker_steps(seed: int) -> list[Step]:
    """Walk one worker to its exit or for so many events."""
    return list(_WorkerWalk(Random(seed)).steps())


class _Walk:
    """What both walks share: the outstanding answers to actions, and the clock."""

    machine: Leading | Following

    def __init__(self, random: Random) -> None:
        self.random, self.now = random, 0.0
        self.limits = replace(LIMITS, tries=random.choice((0, 1, 2, 4)))
        self.calm = random.choice((0.6, 0.9, 0.97))
        """How likely it is that all goes well for one event more."""
        self.fetching = self.starting = self.daemons = self.stopped = self.over = False
        self.ending: Scope | None = None

    def steps(self) -> Iterator[Step]:
        noted = recorded(self.machine)
        for action in self.first():
            self.act(action)
        for _ in range(MOST_EVENTS):
            calm = self.random.random() < self.calm
            self.now += self.random.choice(SHORT if calm else LONG)
            happens = self.random.choice([e.Tick(), *(self.likely() if calm else self.faults())])
            for event in (happens, e.Tick()):
                self.before(event)
                for action in self.machine.handle(event, self.now):
                    self.act(action)
            if self.over:
                break
        yield from noted

    def first(self) -> list[Action]:
        raise NotImplementedError

    def likely(self) -> list[Event]:
        """The events that can happen now when all goes well."""
        events: list[Event] = [e.ModelDone()] if self.fetching else []
        if self.ending is not None:
            events.append(e.Ended(self.ending))
        return events

    def faults(self) -> list[Event]:
        """The others that can happen now."""
        events: list[Event] = [] if self.stopped or self.random.random() < 0.7 else [e.StopAsked()]
        if self.fetching:
            events += [e.ModelDone("429"), e.ModelDone("no config.json", final=True)]
        if self.daemons or self.starting:
            # More often while an engine is being ended: that takes a moment only, and the fault becomes a larger one.
            events += (5 if self.ending else 1) * [e.Broken(Scope.RAY, "raylet has gone")]
        return events

    def before(self, event: Event) -> None:
        """An event happens: what it answers is outstanding no more."""
        if isinstance(event, e.ModelDone):
            self.fetching = False
        elif isinstance(event, e.RayStarted):
            self.starting, self.daemons = False, not event.problem
        elif isinstance(event, e.Broken) and event.scope is Scope.RAY:
            self.daemons = False
        elif isinstance(event, e.Ended):
            self.ending = None
        elif isinstance(event, e.StopAsked):
            self.stopped = True

    def act(self, action: Action) -> None:
        """Do what the machine says."""
        if isinstance(action, e.FetchModel):
            self.fetching = True
        elif isinstance(action, e.StartRay):
            self.starting = True
        elif isinstance(action, e.Exit):
            self.over = True
        elif isinstance(action, e.End):
            self.ending = action.scope
            if action.scope is Scope.RAY:
                self.fetching = self.starting = self.daemons = False


class _LeaderWalk(_Walk):
    machine: Leading

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        ray = random.random() < 0.8
        nodes = 2 if ray else 1
        self.machine = Leading(nodes, nodes, "10.0.0.1:6379", "life", self.limits, ray=ray, now=0.0)
        self.ray, self.listens = ray, False
        self.asking = self.proving = self.loading = self.runs = self.worker = False
        self.order = Order()

    def first(self) -> list[Action]:
        return self.machine.start()

    def likely(self) -> list[Event]:
        events = super().likely()
        if self.starting:
            events += [e.HeadListens(), e.RayStarted()]
        if self.asking:
            events += [e.Members(BOTH[:1]), e.Members(BOTH)]
        if self.loading:
            events.append(e.EngineUp())
        if self.proving:
            events.append(e.Proved())
        if self.runs:
            events += [e.InFlight(0), e.InFlight(3)]
        if self.ray:
            events += 2 * [e.Heard(self.joined() if self.order.ray else IDLE)]
        return events

    def faults(self) -> list[Event]:
        events = super().faults()
        if self.starting:
            events.append(e.RayStarted("port in use"))
        if self.asking:
            events.append(e.Members(problem="the Ray head stopped answering"))
        if self.proving:
            events.append(e.Proved("500"))
        if self.runs:
            events.append(e.Broken(Scope.ENGINE, "rank has gone"))
            events.append(e.Broken(Scope.ENGINE, "vLLM ended by itself with exit code 2", final=True))
        if self.order.ray:
            broken = [replace(self.joined(), fault="it has gone", fault_in_ray=in_ray) for in_ray in (True, False)]
            events += [*map(e.Heard, broken), e.Heard(IDLE), *3 * [e.Heard(replace(self.joined(), leaving=True))]]
        if self.worker:
            events += [e.HungUp("1", "its process has ended"), e.HungUp("1", "silent for 15 s", silent=True)]
        return events

    def joined(self) -> Report:
        """A worker that has done what the order says."""
        return replace(IDLE, epoch=self.order.epoch, engine=self.order.engine)

    def before(self, event: Event) -> None:
        super().before(event)
        if isinstance(event, e.EngineUp):
            self.loading = False
        elif isinstance(event, e.Proved):
            self.proving = False
        elif isinstance(event, e.Members) and event.problem:
            self.asking = False
        elif isinstance(event, e.Broken):
            self.runs = False
        elif isinstance(event, e.Heard | e.HungUp):
            self.worker = isinstance(event, e.Heard)

    def act(self, action: Action) -> None:
        super().act(action)
        if isinstance(action, e.AskMembers):
            self.asking = True
        elif isinstance(action, e.StartEngine):
            self.asking, self.loading, self.runs = False, True, True
        elif isinstance(action, e.Prove):
            self.proving = True
        elif isinstance(action, e.End):
            self.asking = self.loading = self.runs = self.proving = False
        elif isinstance(action, e.Tell):
            assert isinstance(action.message, Order)
            self.order = action.message


class _WorkerWalk(_Walk):
    machine: Following

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.machine = Following(Report(worker="1", nodes=2, gpus=1), self.limits, now=0.0)
        self.connected = False
        self.order = Order("life.1", 1, note="gets the model")

    def first(self) -> list[Action]:
        return self.machine.start(fetch=self.random.random() < 0.3)

    def likely(self) -> list[Event]:
        events = super().likely()
        if self.starting:
            events.append(e.RayStarted())
        if self.connected:
            offered = replace(self.order, ray="10.0.0.1:6379")
            return [*events, e.Ordered(self.order), e.Ordered(offered), e.Ordered(replace(offered, serving=True))]
        return [*events, e.Connected("10.0.0.1", "10.0.0.2")]

    def faults(self) -> list[Event]:
        events = [*super().faults(), e.Unreachable("its process has ended")]
        if self.starting:
            events.append(e.RayStarted("exit code 1"))
        if self.daemons:
            events.append(e.Broken(Scope.ENGINE, "rank has gone"))
        if self.connected:
            same, number = self.order, int(self.order.epoch.rpartition(".")[2]) + 1
            fresh = Order(f"life.{number}", same.engine + 1, note="ends what is left, after a fault: rank has gone")
            events += [e.Ordered(fresh), e.Ordered(replace(same, bye=True))]
            events += 3 * [e.Ordered(replace(same, engine=same.engine + 1))] if same.ray else []
        return events

    def before(self, event: Event) -> None:
        super().before(event)
        if isinstance(event, e.Connected):
            self.connected = True
        elif isinstance(event, e.Unreachable):
            self.connected = False
        elif isinstance(event, e.Ordered):
            self.order = replace(event.order, bye=False)
