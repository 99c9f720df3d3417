"""The leader's decisions: model, Ray head, the whole group, engine, proof; and, at a fault, how much starts again.

Pure: events go in with the time, actions come out. A fault ends what is broken at once, so that requests in flight get
an error; then the engine, or the Ray cluster of the whole group under a new epoch, starts again in place.
"""

from enum import StrEnum

from nim_serve import events as e
from nim_serve.crew import Crew
from nim_serve.events import Action, Event, Scope, Status
from nim_serve.limits import CLEAR_SECONDS, ENGINE_GRACE_SECONDS, RAY_GRACE_SECONDS, Limits, Tries
from nim_serve.membership import Member, complete, describe
from nim_serve.messages import Order


class Phase(StrEnum):
    """What the leader is at; the value is what it tells its workers."""

    MODEL = "gets the model"
    HEAD = "starts Ray"
    GATHER = "gathers the group"
    LOAD = "starts the engine"
    PROVE = "has the engine generate a first token"
    SERVE = "serves"
    DRAIN = "finishes the requests in flight"
    CLEAR = "ends what is left"
    PAUSE = "pauses before the next try"
    STOP = "stops"


ENGINE_RUNS = (Phase.LOAD, Phase.PROVE, Phase.SERVE, Phase.DRAIN)


class Leading:
    """One leader, from its start to its exit."""

    def __init__(
        self, nodes: int, gpus: int, address: str, life: str, limits: Limits, *, ray: bool, now: float
    ) -> None:
        self.nodes, self.gpus, self.address, self.limits, self.ray = nodes, gpus, address, limits, ray
        self.life = life
        self.crew = Crew(nodes - 1)
        self.tries = Tries(limits)
        self.phase, self.since, self.now = Phase.MODEL, now, now
        self.epoch_number, self.engine = 1, 1
        self.head = ""
        self.members: tuple[Member, ...] = ()
        self.served = False
        self.seconds: dict[Phase, float] = {}
        self.fault = ""
        self.noticed = now
        self._scope = Scope.ENGINE
        self._again = Phase.MODEL
        self._until = now
        self._in_flight: tuple[float, int] | None = None
        self._stopping = False
        self._exit = e.Exit(0)
        self._told = Order()
        self._out: list[Action] = []

    @property
    def epoch(self) -> str:
        """Unique among all leaders, also those before this one at the same address."""
        return f"{self.life}.{self.epoch_number}"

    def start(self) -> list[Action]:
        """The first actions."""
        self._out = [e.Show(Status.STARTING), e.FetchModel()]
        self._tell()
        return self._out

    def handle(self, event: Event, now: float) -> list[Action]:
        """What to do about one event."""
        self.now, self._out = now, []
        self._take(event)
        self._go_on()
        self._tell()
        return self._out

    def _take(self, event: Event) -> None:
        match event:
            case e.StopAsked():
                self._stop_asked()
            case e.ModelDone(problem) if self.phase is Phase.MODEL:
                self._after_model(problem)
            case e.RayStarted(problem) if self.phase is Phase.HEAD:
                self._after_head(problem)
            case e.Members(members, problem) if self.phase is Phase.GATHER:
                self.members = members or self.members
                if problem:
                    self._fault(Scope.RAY, problem)
            case e.EngineUp() if self.phase is Phase.LOAD:
                self._enter(Phase.PROVE)
                self._out.append(e.Prove())
            case e.Proved(problem) if self.phase is Phase.PROVE:
                self._after_proof(problem)
            case e.InFlight(requests):
                self._in_flight = (self.now, requests)
            case e.Broken(scope, what, final):
                if final and not self.served:
                    self._give_up(what)
                else:
                    self._fault(scope, what)
            case e.Heard(report):
                self.crew.heard(report)
                same = report.epoch == self.epoch and (report.fault_in_ray or report.engine == self.engine)
                if report.fault and same:
                    scope = Scope.RAY if report.fault_in_ray else Scope.ENGINE
                    self._fault(scope, f"worker {report.worker} ({report.address}): {report.fault}")
            case e.HungUp(worker, how, silent):
                self.crew.hung_up(worker, how, silent, self.now)
            case e.Ended(scope):
                self._after_end(scope)
            case _:
                pass

    def _enter(self, phase: Phase) -> None:
        self.seconds[self.phase] = round(self.now - self.since, 1)
        self.phase, self.since = phase, self.now

    def _tell(self) -> None:
        """Keep the workers' order up to date."""
        bye = self.phase is Phase.STOP and self._scope is Scope.RAY
        note = f"{self.phase}{f', after a fault: {self.fault}' if self.fault and not self._stopping else ''}"
        needed = self.phase in (Phase.SERVE, Phase.DRAIN) or (self.phase is Phase.STOP and not bye)
        order = Order(self.epoch, self.engine, self.head, note, needed, bye)
        if order != self._told:
            self._told = order
            self._out.insert(0, e.Tell(order))

    # Starting

    def _after_model(self, problem: str) -> None:
        if problem:
            self._pause_or_give_up(problem, Phase.MODEL)
        elif self.ray:
            self._start_head()
        else:
            self._start_engine()

    def _start_head(self) -> None:
        self._enter(Phase.HEAD)
        self._out.append(e.StartRay())

    def _after_head(self, problem: str) -> None:
        if problem:
            self._fault(Scope.RAY, problem)
        else:
            self.head = self.address
            self._gather()

    def _gather(self) -> None:
        self._enter(Phase.GATHER)
        self.members = ()
        self._out.append(e.AskMembers())

    def _start_engine(self) -> None:
        self._enter(Phase.LOAD)
        self._in_flight = None
        self._out.append(e.StartEngine())

    def _after_proof(self, problem: str) -> None:
        if problem:
            self._fault(Scope.ENGINE, f"the engine is up but does not generate: {problem}")
            return
        self._enter(Phase.SERVE)
        self.served = True
        self._out.append(e.Show(Status.READY))
        names = {
            Phase.MODEL: "model",
            Phase.HEAD: "ray",
            Phase.GATHER: "join",
            Phase.LOAD: "engine",
            Phase.PROVE: "proof",
        }
        fields = [(f"{names[phase]}_s", seconds) for phase, seconds in self.seconds.items() if phase in names]
        if self.fault:
            fields = [("healed_s", round(self.now - self.noticed, 1)), *fields]
            self._say("info", f"serving again after a fault: {self.fault}", *fields)
        else:
            self._say("info", "serving", *fields)
        self.fault, self.seconds = "", {}

    # Faults

    def _fault(self, scope: Scope, what: str) -> None:
        if not self.ray:
            scope = Scope.ENGINE
        if self.phase is Phase.STOP:
            return
        if self._stopping:
            self._say("warning", f"requests in flight are lost: {what}")
            self._stop()
        elif self.phase in (Phase.CLEAR, Phase.PAUSE):
            if scope > self._scope:
                self._say("warning", f"the fault is larger: {what}")
                self._clear(scope)
        elif self.phase in ENGINE_RUNS or scope is Scope.RAY:
            # The second try in a row takes Ray with it: what looks like the engine's fault may be Ray's.
            again = scope if self.tries.count == 0 or not self.ray else Scope.RAY
            if self._pause_or_give_up(what, Phase.HEAD):
                self._clear(again)

    def _pause_or_give_up(self, what: str, again: Phase) -> bool:
        """Count a try; whether there is one left."""
        self.fault = self.fault or what
        self.noticed = self.now if self.phase in (Phase.SERVE, Phase.DRAIN) or not self.served else self.noticed
        count = self.tries.count
        pause = self.tries.next_pause()
        if pause is None:
            after = f" after {count} restarts in place" if count else ""
            self._give_up(f"{what}{after}")
            return False
        fields = (("try", f"{count + 1}/{self.limits.tries}"), ("pause_s", pause))
        self._say("warning", f"fault: {what}", *fields)
        self._out.append(e.Show(Status.HEALING, what))
        self._until, self._again = self.now + pause, again
        self._enter(Phase.PAUSE)
        return True

    def _clear(self, scope: Scope) -> None:
        """End what is broken; requests in flight get an error now."""
        self._enter(Phase.CLEAR)
        self.seconds = {}
        self._scope = scope
        self.engine += 1
        if scope is Scope.RAY:
            self.epoch_number += 1
            self.head = ""
            self._again = Phase.HEAD
        else:
            self._again = Phase.GATHER if self.ray else Phase.LOAD
        self._out.append(e.End(scope))

    def _after_end(self, scope: Scope) -> None:
        if self.phase is Phase.CLEAR and scope is self._scope:
            self._enter(Phase.PAUSE)
        elif self.phase is Phase.STOP and scope is self._scope:
            if scope is Scope.ENGINE:
                self._scope = Scope.RAY
                self._out.append(e.End(Scope.RAY, RAY_GRACE_SECONDS))
            else:
                self._out.append(self._exit)

    # Leaving

    def _stop_asked(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        if self.phase is Phase.DRAIN:
            self._out.append(e.Show(Status.DRAINING))
        elif self.phase is Phase.SERVE:
            self._drain("asked to stop")
        else:
            self._stop()

    def _drain(self, why: str) -> None:
        self._enter(Phase.DRAIN)
        self._out.append(e.Show(Status.DRAINING, why))
        self._say("info", f"{why}: finishing the requests in flight", ("budget_s", self.limits.drain))

    def _stop(self) -> None:
        self._enter(Phase.STOP)
        self._scope = Scope.ENGINE
        self._out += [e.Show(Status.DRAINING, "stopping"), e.End(Scope.ENGINE, ENGINE_GRACE_SECONDS)]

    def _give_up(self, why: str) -> None:
        self._exit = e.Exit(1, why)
        self._stopping = True
        self._enter(Phase.STOP)
        self._scope = Scope.RAY
        self._out += [e.Show(Status.HEALING, why), e.End(Scope.RAY, RAY_GRACE_SECONDS)]

    # Time

    def _go_on(self) -> None:
        waited = self.now - self.since
        if self.phase not in ENGINE_RUNS:
            self.crew.forget_gone(self.now)
        elif reason := self.crew.broken(self.epoch, self.now):
            self._fault(Scope.RAY, reason)
            return
        match self.phase:
            case Phase.GATHER:
                self._check_group(waited)
            case Phase.LOAD | Phase.PROVE:
                if waited >= self.limits.load:
                    self._fault(Scope.RAY, f"the engine did not serve within {self.limits.load:.0f} s")
                else:
                    what = "vLLM to load the model" if self.phase is Phase.LOAD else "the first token"
                    self._out.append(e.Wait(f"for {what}", waited, self.limits.load - waited))
            case Phase.SERVE:
                self.tries.serving(self.now)
                if who := self.crew.leaving():
                    self._drain(f"{who} was asked to stop")
            case Phase.DRAIN:
                self._check_drained(waited)
            case Phase.PAUSE if self.now >= self._until:
                self._try_again()
            case Phase.CLEAR | Phase.STOP if waited >= CLEAR_SECONDS:
                self._out.append(e.Exit(1, f"processes did not end within {CLEAR_SECONDS:.0f} s of SIGKILL"))
            case _:
                pass

    def _try_again(self) -> None:
        if self._again is Phase.MODEL:
            self._enter(Phase.MODEL)
            self._out.append(e.FetchModel())
        elif self._again is Phase.HEAD:
            self._start_head()
        elif self._again is Phase.GATHER:
            self._gather()
        else:
            self._start_engine()

    def _check_group(self, waited: float) -> None:
        workers = self.crew.joined(self.epoch, self.engine)
        if complete(list(self.members), self.nodes, self.gpus) and len(workers) >= self.crew.size:
            self._say("info", f"the group is complete: {describe(list(self.members), self.nodes, self.gpus)}")
            self._start_engine()
            return
        limit = self.limits.rejoin if self.served else self.limits.join
        missing = describe(list(self.members), self.nodes, self.gpus)
        detail = self.crew.describe(self.epoch, self.engine)
        missing = f"{missing} ({detail})" if detail else missing
        if waited >= limit:
            self._give_up(f"the group was not complete within {limit:.0f} s: {missing}")
        else:
            self._out.append(e.Wait(f"for the group: {missing}", waited, limit - waited))

    def _check_drained(self, waited: float) -> None:
        fresh = self._in_flight is not None and self._in_flight[0] >= self.since + self.limits.drain_delay
        done = fresh and self._in_flight is not None and self._in_flight[1] == 0
        if not done and waited < self.limits.drain:
            return
        self._say("info", "drained" if done else "the drain budget is over: requests in flight are cut off")
        if self._stopping:
            self._stop()
        else:
            # Not a try: nothing has failed. The worker that leaves sees the new epoch and goes.
            self.fault, self.noticed = "a worker left", self.now
            self._until = self.now
            self._clear(Scope.RAY)
            self._out.append(e.Show(Status.HEALING, self.fault))

    def _say(self, level: str, message: str, *fields: tuple[str, object]) -> None:
        self._out.append(e.Say(level, message, fields))
