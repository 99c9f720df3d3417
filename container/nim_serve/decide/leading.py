"""The leader's decisions: model, Ray head, the whole group, engine, proof; and, at a fault, how much starts again.

Pure: events go in with the time, actions come out. A fault ends what is broken at once, so that requests in flight get
an error; then the engine, or the Ray cluster of the whole group under a new epoch, starts again in place. The page
docs/healing.md has the diagram of the phases.
"""

from typing import assert_never

from nim_serve.contract.limits import CLEAR_SECONDS, ENGINE_GRACE_SECONDS, RAY_GRACE_SECONDS, Limits, Tries
from nim_serve.decide import events as e
from nim_serve.decide.events import Action, Event, Scope, Status
from nim_serve.decide.membership import Member, complete, describe
from nim_serve.decide.messages import Order, Report
from nim_serve.decide.phases import ENGINE_RUNS, SHORT, Phase
from nim_serve.decide.worker_registry import WorkerRegistry


class Leading:
    """One leader, from its start to its exit."""

    def __init__(
        self, nodes: int, gpus: int, address: str, life: str, limits: Limits, *, ray: bool, now: float
    ) -> None:
        """Begin in the phase `MODEL`, at the time `now` in seconds of any clock.

        `nodes` and `gpus` are those of the whole group, `address` is host and port of the Ray head, `life` is a name
        that no other leader has, and `ray` is False for a pod that serves alone.
        """
        self.nodes, self.gpus, self.address, self.life = nodes, gpus, address, life
        self.limits, self.ray = limits, ray
        self.registry = WorkerRegistry(nodes - 1)
        """What the workers have reported."""
        self.tries = Tries(limits)
        """Counts the restarts in place since the group last served for a while."""
        self.phase, self.since, self.now = Phase.MODEL, now, now
        """The phase, the time at which it began, and the time of the event that is being handled."""
        self.epoch_number = 1
        """Counts the Ray clusters of this leader; the epoch is named after it."""
        self.engine = 1
        """Counts the engines of this leader; workers end the ranks of an earlier one."""
        self.head = ""
        """Address of the Ray head for the workers; empty until it takes connections."""
        self.members: tuple[Member, ...] = ()
        """The nodes of the Ray cluster, as Ray said last."""
        self.served = False
        """Whether this leader's group has ever served."""
        self.seconds: dict[Phase, float] = {}
        """How long each phase of the present start has lasted, in seconds, for the log."""
        self.fault, self.noticed = "", now
        """Why the group starts again (empty on a first start and while it serves), and when that was noticed."""
        self._scope = Scope.ENGINE
        """What the phases `CLEAR` and `STOP` are ending."""
        self._again, self._until = Phase.MODEL, now
        """Where the start goes on after the phase `PAUSE`, and when that is over."""
        self._in_flight: tuple[float, int] | None = None
        """When this engine last said how many requests it works on, and how many; None before it has."""
        self._loading_since = now
        """When the present engine was started."""
        self._stopping = False
        """Whether the leader is to exit: it was asked to, or it has given up."""
        self._doubted = False
        """Whether the group is shown as not ready because a worker's connection is down."""
        self._exit, self._told = e.Exit(0), Order()
        """The exit that follows when everything has ended, and the order that the workers have."""
        self._out: list[Action] = []
        """The actions for the event that is being handled."""

    @property
    def epoch(self) -> str:
        """The name of the present Ray cluster, which no other leader repeats, not even at the same address."""
        return f"{self.life}.{self.epoch_number}"

    def start(self) -> list[Action]:
        """Give the first actions."""
        self._out = [e.Show(Status.STARTING), e.FetchModel()]
        self._tell()
        return self._out

    def handle(self, event: Event, now: float) -> list[Action]:
        """Decide what to do about one event at this time."""
        self.now, self._out = now, []
        self._take(event)
        self._go_on()
        self._tell()
        return self._out

    def _take(self, event: Event) -> None:
        match event:
            case e.StopAsked():
                self._stop_asked()
            case e.ModelDone(problem, final):
                self._after_model(problem, final)
            case e.HeadListens():
                if self.phase is Phase.HEAD:
                    self.head = self.address
            case e.RayStarted(problem):
                self._after_head(problem)
            case e.Members(members, problem):
                self._take_members(members, problem)
            case e.EngineUp():
                if self.phase is Phase.LOAD:
                    self._enter(Phase.PROVE)
                    self._out.append(e.Prove())
            case e.Proved(problem):
                self._after_proof(problem)
            case e.InFlight(requests):
                self._in_flight = (self.now, requests)
            case e.Broken(scope, what, final):
                self._broken(scope, what, final)
            case e.Heard(report):
                self._take_report(report)
            case e.HungUp(worker, how, silent):
                self.registry.hung_up(worker, how, silent, self.now)
            case e.Ended(scope):
                self._after_end(scope)
            case e.Tick() | e.Connected() | e.Unreachable() | e.Ordered():
                pass  # `_go_on` looks at the time after every event; the other three happen to workers
            case _:
                assert_never(event)

    def _tell(self) -> None:
        """Keep the workers' order up to date."""
        bye = self.phase is Phase.STOP and self._scope is Scope.RAY
        note = f"{self.phase}{f', after a fault: {self.fault}' if self.fault and not self._stopping else ''}"
        needed = self.phase in (Phase.SERVE, Phase.DRAIN) or (self.phase is Phase.STOP and not bye)
        order = Order(self.epoch, self.engine, self.head, note, needed, bye)
        if order != self._told:
            self._told = order
            self._out.insert(0, e.Tell(order))

    def _enter(self, phase: Phase) -> None:
        self.seconds[self.phase] = round(self.now - self.since, 1)
        self.phase, self.since = phase, self.now

    def _say(self, level: str, message: str, *fields: tuple[str, object]) -> None:
        self._out.append(e.Say(level, message, fields))

    # Starting

    def _after_model(self, problem: str, final: bool) -> None:
        if self.phase is not Phase.MODEL:
            return
        if final:
            self._give_up(problem, delayed=True)
        elif problem:
            if self._count_try(problem):
                self._again = Phase.MODEL
                self._enter(Phase.PAUSE)
        elif self.ray:
            self._start_head()
        else:
            self._start_engine()

    def _start_head(self) -> None:
        self._enter(Phase.HEAD)
        self._out.append(e.StartRay())

    def _after_head(self, problem: str) -> None:
        if self.phase is not Phase.HEAD:
            return
        if problem:
            self._fault(Scope.RAY, problem)
        else:
            self.head = self.address
            self._gather()

    def _gather(self) -> None:
        self._enter(Phase.GATHER)
        self.members = ()
        self._out.append(e.AskMembers())

    def _take_members(self, members: tuple[Member, ...], problem: str) -> None:
        if self.phase is not Phase.GATHER:
            return
        self.members = members or self.members
        if problem:
            self._fault(Scope.RAY, problem)

    def _take_report(self, report: Report) -> None:
        self.registry.heard(report)
        same = report.epoch == self.epoch and (report.fault_in_ray or report.engine == self.engine)
        if report.fault and same:
            scope = Scope.RAY if report.fault_in_ray else Scope.ENGINE
            self._fault(scope, f"worker {report.worker} ({report.address}): {report.fault}")

    def _start_engine(self) -> None:
        self._enter(Phase.LOAD)
        self._loading_since = self.now
        self._in_flight = None
        self._out.append(e.StartEngine())

    def _after_proof(self, problem: str) -> None:
        if self.phase is not Phase.PROVE:
            return
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

    # Faults

    def _broken(self, scope: Scope, what: str, final: bool) -> None:
        if final and not self.served:
            self._give_up(what, delayed=True)
        else:
            self._fault(scope, what)

    def _fault(self, scope: Scope, what: str) -> None:
        if not self.ray:
            scope = Scope.ENGINE
        if self.phase is Phase.STOP:
            return
        if self._stopping:
            self._say("warning", f"requests in flight are lost: {what}")
            self._stop()
        elif self.phase in (Phase.CLEAR, Phase.PAUSE) or (
            # A pod that dies takes a rank with it, and the rank was noticed first.
            self.phase is Phase.GATHER and self.fault and self._scope is Scope.ENGINE
        ):
            if scope > self._scope:
                self._say("warning", f"the fault is larger: {what}")
                self._clear(scope)
        elif self.phase in ENGINE_RUNS or scope is Scope.RAY:
            # The second try in a row takes Ray with it: what looks like the engine's fault may be Ray's.
            again = scope if self.tries.count == 0 or not self.ray else Scope.RAY
            if self._count_try(what):
                self._clear(again)

    def _count_try(self, what: str) -> bool:
        """Count a restart in place because of this fault, and begin its pause; False when no try is left."""
        self.fault = self.fault or what
        self.noticed = self.now if self.phase in (Phase.SERVE, Phase.DRAIN) or not self.served else self.noticed
        count = self.tries.count
        pause = self.tries.next_pause()
        if pause is None:
            after = f" after {count} restarts in place" if count else ""
            self._give_up(f"{what}{after}", delayed=True)
            return False
        fields = (("try", f"{count + 1}/{self.limits.tries}"), ("pause_s", pause))
        self._say("warning", f"fault: {what}", *fields)
        self._out.append(e.Show(Status.HEALING, what))
        self._until = self.now + pause
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

    def _go_on(self) -> None:
        waited = self.now - self.since
        if (self.phase in ENGINE_RUNS or self.phase is Phase.GATHER) and (
            reason := self.registry.broken(self.epoch, self.now)
        ):
            self._fault(Scope.RAY, reason)
            return
        if self.phase not in ENGINE_RUNS:
            self.registry.forget_gone(self.now)
        match self.phase:
            case Phase.MODEL | Phase.HEAD:
                pass  # whoever fetches the model or starts Ray has a limit of its own, and says when it is over
            case Phase.GATHER:
                self._check_group(waited)
            case Phase.LOAD | Phase.PROVE:
                self._check_load(waited)
            case Phase.SERVE:
                self.tries.serving(self.now)
                self._doubt(self.registry.missing())
                if who := self.registry.leaving():
                    self._drain(f"{who} was asked to stop")
            case Phase.DRAIN:
                self._check_drained(waited)
            case Phase.PAUSE:
                if self.now >= self._until:
                    self._try_again()
            case Phase.CLEAR | Phase.STOP:
                if waited >= CLEAR_SECONDS:
                    self._out.append(e.Exit(1, f"processes did not end within {CLEAR_SECONDS:.0f} s of SIGKILL"))
            case _:
                assert_never(self.phase)

    def _check_group(self, waited: float) -> None:
        workers = self.registry.joined(self.epoch, self.engine)
        missing = describe(self.members, self.nodes, self.gpus)
        if complete(self.members, self.nodes, self.gpus) and len(workers) >= self.registry.size:
            self._say("info", f"the group is complete: {missing}")
            self._start_engine()
            return
        limit = self.limits.rejoin if self.served else self.limits.join
        detail = self.registry.describe(self.epoch, self.engine)
        missing = f"{missing} ({detail})" if detail else missing
        if waited >= limit:
            self._give_up(f"the group was not complete within {limit:.0f} s: {missing}")
        else:
            self._out.append(e.Wait(f"for the group: {missing}", waited, limit - waited))

    def _check_load(self, waited: float) -> None:
        """One limit holds for load and proof: an engine that is up late has less time left for its first token."""
        left = self.limits.load - (self.now - self._loading_since)
        if left <= 0:
            self._fault(Scope.RAY, f"the engine did not serve within {self.limits.load:.0f} s")
        else:
            what = "vLLM to load the model" if self.phase is Phase.LOAD else "the first token"
            self._out.append(e.Wait(f"for {what}", waited, left))

    def _doubt(self, who: str | None) -> None:
        """Without a heartbeat nobody knows, so the group is not ready; it is again if the worker comes back in time."""
        if who is not None and not self._doubted:
            self._out.append(e.Show(Status.HEALING, f"{who} hung up"))
        elif who is None and self._doubted:
            self._out.append(e.Show(Status.READY))
        self._doubted = who is not None

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

    def _stop(self) -> None:
        self._enter(Phase.STOP)
        self._scope = Scope.ENGINE
        self._out += [e.Show(Status.DRAINING, "stopping"), e.End(Scope.ENGINE, ENGINE_GRACE_SECONDS)]

    def _give_up(self, why: str, *, delayed: bool = False) -> None:
        """With healing switched off the pod ends at once, whatever the fault: somebody else restarts it."""
        self._exit = e.Exit(1, why, delayed=delayed and self.limits.tries > 0)
        self._stopping = True
        self._enter(Phase.STOP)
        self._scope = Scope.RAY
        self._out += [e.Show(Status.HEALING, why), e.End(Scope.RAY, RAY_GRACE_SECONDS)]
