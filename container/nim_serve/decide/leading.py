"""The leader's decisions: model, Ray head, the whole group, engine, proof; and, at a fault, how much starts again.

Pure: events go in with the time, actions come out. A fault ends what is broken at once, so that requests in flight get
an error; then the engine, or the Ray cluster of the whole group under a new epoch, starts again in place.
"""

from nim_serve.contract.limits import CLEAR_SECONDS
from nim_serve.decide import events as e
from nim_serve.decide.events import Action, Event, Scope, Status
from nim_serve.decide.messages import Order
from nim_serve.decide.phases import ENGINE_RUNS, SHORT, Phase
from nim_serve.decide.recovering import Recovering
from nim_serve.ray.membership import complete, describe


class Leading(Recovering):
    """One leader, from its start to its exit."""

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
            case e.ModelDone(problem, final) if self.phase is Phase.MODEL:
                self._after_model(problem, final)
            case e.HeadListens() if self.phase is Phase.HEAD:
                self.head = self.address
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
                    self._give_up(what, hold=True)
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

    def _after_model(self, problem: str, final: bool) -> None:
        if final:
            self._give_up(problem, hold=True)
        elif problem:
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
        self._loading_since = self.now
        self._in_flight = None
        self._out.append(e.StartEngine())

    def _after_proof(self, problem: str) -> None:
        if problem:
            self._fault(Scope.ENGINE, f"the engine is up but does not generate: {problem}")
            return
        self._enter(Phase.SERVE)
        self.served, self._doubted = True, False
        self._out.append(e.Show(Status.READY))
        fields: list[tuple[str, object]] = [
            (f"{name}_s", self.seconds[phase]) for phase, name in SHORT.items() if phase in self.seconds
        ]
        if self.fault:
            fields = [("healed_s", round(self.now - self.noticed, 1)), *fields]
            self._say("info", f"serving again after a fault: {self.fault}", *fields)
        else:
            self._say("info", "serving", *fields)
        self.fault, self.seconds = "", {}

    # Time

    def _go_on(self) -> None:
        waited = self.now - self.since
        if (self.phase in ENGINE_RUNS or self.phase is Phase.GATHER) and (
            reason := self.crew.broken(self.epoch, self.now)
        ):
            self._fault(Scope.RAY, reason)
            return
        if self.phase not in ENGINE_RUNS:
            self.crew.forget_gone(self.now)
        match self.phase:
            case Phase.GATHER:
                self._check_group(waited)
            case Phase.LOAD | Phase.PROVE:
                # One limit for both: an engine that is up late has less time left for its first token.
                left = self.limits.load - (self.now - self._loading_since)
                if left <= 0:
                    self._fault(Scope.RAY, f"the engine did not serve within {self.limits.load:.0f} s")
                else:
                    what = "vLLM to load the model" if self.phase is Phase.LOAD else "the first token"
                    self._out.append(e.Wait(f"for {what}", waited, left))
            case Phase.SERVE:
                self.tries.serving(self.now)
                self._doubt(self.crew.missing())
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

    def _doubt(self, who: str | None) -> None:
        """Without a heartbeat nobody knows, so the group is not ready; it is again if the worker comes back in time."""
        if who is not None and not self._doubted:
            self._out.append(e.Show(Status.HEALING, f"{who} hung up"))
        elif who is None and self._doubted:
            self._out.append(e.Show(Status.READY))
        self._doubted = who is not None

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
