"""A worker's decisions: find the leader, join the epoch it names, keep that raylet alive, and leave when told.

Pure: events go in with the time, actions come out. A worker never decides to start the group afresh: it reports what
broke, and the leader's next order says what to do. The page docs/healing.md has the diagram of the phases.
"""

from dataclasses import replace
from typing import assert_never

from nim_serve.contract.limits import CLEAR_SECONDS, GONE_SECONDS, RAY_GRACE_SECONDS, Limits, Tries
from nim_serve.decide import events as e
from nim_serve.decide.events import Action, Event, Scope, Status
from nim_serve.decide.messages import Order, Report
from nim_serve.decide.worker_phases import ENDING, Phase


class Following:
    """One worker, from its start to its exit."""

    def __init__(self, own: Report, limits: Limits, *, now: float) -> None:
        """Begin in the phase `IDLE`, at the time `now` in seconds of any clock.

        `own` is a report with what never changes: the worker's name, group, number of nodes, address and GPUs.
        """
        self.limits = limits
        self.phase, self.since, self.now = Phase.IDLE, now, now
        """The phase, the time at which it began, and the time of the event that is being handled."""
        self.report = own
        """What the leader has been told last."""
        self.order: Order | None = None
        """What the leader has said last; None until it speaks on the present connection."""
        self.connected = False
        """Whether there is a connection to the leader's supervisor."""
        self.how = "it has not answered yet"
        """Why there was no connection the last time."""
        self.peer = ""
        """The leader's IP address."""
        self.alone_since = now
        """Since when no leader has said a word."""
        self.lost_at = now
        """Since when not even the leader's kernel answers: that of a frozen leader does, and this node is needed."""
        self.joined_once = False
        """Whether this worker has ever been part of a group."""
        self.model = False
        """Whether the model is in place in this pod."""
        self._tries = Tries(limits)
        """Counts the attempts to get the model: an exit would cost every pod its download, not only this one."""
        self._until = now
        """When the phase `PAUSE` is over."""
        self._epoch = ""
        """The epoch of the raylet that runs or starts here; empty without one."""
        self._broken_epoch = ""
        """The epoch whose raylet was lost here, which this worker cannot join again."""
        self._leaving_since: float | None = None
        """When this worker was asked to stop; None when it was not."""
        self._exit = e.Exit(0)
        """The exit that follows when everything has ended."""
        self._out: list[Action] = []
        """The actions for the event that is being handled."""

    def start(self, fetch: bool) -> list[Action]:
        """Give the first actions.

        `fetch` is whether this pod downloads the model itself: with a shared cache the leader does, and this pod only
        looks for the model.
        """
        self._out = [e.Show(Status.STARTING)]
        if fetch:
            self._get_model()
        self.report = replace(self.report, note=str(self.phase))
        self._out.append(e.Tell(self.report))
        return self._out

    def handle(self, event: Event, now: float) -> list[Action]:
        """Decide what to do about one event at this time."""
        self.now, self._out = now, []
        self._take(event)
        self._go_on()
        return self._out

    def _take(self, event: Event) -> None:
        match event:
            case e.StopAsked():
                if self._leaving_since is None:
                    self._leaving_since = self.now
                    self._tell(leaving=True)
            case e.Connected(peer, own):
                self.connected, self.order, self.peer = True, None, peer
                self._tell(address=self.report.address or own)
            case e.Unreachable(how):
                self._lose_leader(how)
            case e.Ordered(order):
                if self.order is None:
                    self._say("info", "found the leader", ("leader", self.peer))
                self.order = order
            case e.ModelDone(problem, final):
                if self.phase is Phase.MODEL:
                    self._after_model(problem, final)
            case e.RayStarted(problem):
                if self.phase is Phase.START:
                    self._after_start(problem)
            case e.Broken(scope, what, _):
                self._broken(scope, what)
            case e.Ended(scope):
                self._after_end(scope)
            case e.Tick():
                pass  # `_go_on` looks at the time after every event
            case e.HeadListens() | e.Members() | e.EngineUp() | e.Proved() | e.InFlight() | e.Heard() | e.HungUp():
                pass  # these happen to leaders
            case _:
                assert_never(event)

    def _lose_leader(self, how: str) -> None:
        if self.order is not None:
            self.alone_since = self.now
            self._say("warning", f"the leader's heartbeat ended: {how}")
        if self.connected:
            self.connected, self.order, self.lost_at = False, None, self.now
        self.how = how

    def _enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, self.now
        if phase is not Phase.STOP:
            self._tell(note=str(phase))

    def _tell(self, **changes: object) -> None:
        report = replace(self.report, **changes)  # type: ignore[arg-type]  # by keyword, as below
        if report != self.report:
            self.report = report
            self._out.append(e.Tell(report))

    def _after_model(self, problem: str, final: bool) -> None:
        self.model = not problem
        count = self._tries.count
        if not problem:
            self._enter(Phase.IDLE)
        elif final or (pause := self._tries.next_pause()) is None:
            self._give_up(f"{problem} after {count} further tries" if count else problem, delayed=True)
        else:
            fields = (("try", f"{count + 1}/{self.limits.tries}"), ("pause_s", pause))
            self._say("warning", f"fault: {problem}", *fields)
            self._until = self.now + pause
            self._enter(Phase.PAUSE)

    def _get_model(self) -> None:
        self._enter(Phase.MODEL)
        self._out.append(e.FetchModel())

    def _after_start(self, problem: str) -> None:
        if problem:
            self._lose_ray(problem)
            return
        self._enter(Phase.JOINED)
        self.joined_once = True
        self._tell(epoch=self._epoch, fault="", fault_in_ray=False)
        self._out.append(e.Show(Status.READY))
        self._say("info", "joined", ("epoch", self._epoch), ("gpus", self.report.gpus))

    def _broken(self, scope: Scope, what: str) -> None:
        if scope is Scope.RAY and self.phase in (Phase.START, Phase.JOINED, Phase.RANKS):
            self._lose_ray(what)
        elif scope is Scope.ENGINE and self.phase is Phase.JOINED and not self.report.fault:
            self._say("info", f"{what}: the leader decides what follows")
            self._tell(fault=what, fault_in_ray=False)

    def _lose_ray(self, what: str) -> None:
        """This node has left the epoch for good; the leader has to name another one."""
        self._say("warning", f"fault: {what}")
        if self.limits.tries == 0:
            self._give_up(what)
            return
        self._tell(epoch=self._epoch, fault=what, fault_in_ray=True)
        self._broken_epoch = self._epoch
        self._clear(Status.HEALING, what)

    def _clear(self, status: Status, why: str) -> None:
        self._enter(Phase.CLEAR)
        self._epoch = ""
        self._out += [e.Show(status, why), e.End(Scope.RAY)]

    def _after_end(self, scope: Scope) -> None:
        if self.phase is Phase.CLEAR and scope is Scope.RAY:
            self._enter(Phase.IDLE)
        elif self.phase is Phase.RANKS and scope is Scope.ENGINE:
            self._enter(Phase.JOINED)
            self._tell(engine=self._wanted_engine(), fault="", fault_in_ray=False)
        elif self.phase is Phase.STOP and scope is Scope.RAY:
            self._out.append(self._exit)

    def _wanted_engine(self) -> int:
        return self.order.engine if self.order else self.report.engine

    def _give_up(self, why: str, *, delayed: bool = False) -> None:
        self._stop(e.Exit(1, why, delayed=delayed and self.limits.tries > 0))

    def _stop(self, how: e.Exit) -> None:
        self._exit = how
        self._enter(Phase.STOP)
        self._out += [e.Show(Status.DRAINING, how.reason), e.End(Scope.RAY, RAY_GRACE_SECONDS)]

    def _go_on(self) -> None:
        waited = self.now - self.since
        if self.phase in ENDING and waited >= CLEAR_SECONDS:
            self._out.append(e.Exit(1, f"processes did not end within {CLEAR_SECONDS:.0f} s of SIGKILL"))
        elif self.phase is Phase.STOP or self.phase is Phase.CLEAR:
            pass
        elif self._leaving_since is not None and self._may_leave():
            self._stop(e.Exit(0))
        elif not self.connected:
            self._alone()
        elif self.order:
            self._follow(self.order)
        if self.phase is Phase.MODEL:
            self._out.append(e.Wait("for the model", waited))
        elif self.phase is Phase.PAUSE and self.now >= self._until:
            self._get_model()

    def _may_leave(self) -> bool:
        """Say whether the leader needs this node no more: it has gone or stopped, or the time is over."""
        assert self._leaving_since is not None
        over = self.now - self._leaving_since >= self.limits.leave
        needed = self.connected and self.order and self.order.serving and not self.order.bye
        return over or not needed or not self._epoch or (self.order is not None and self.order.epoch != self._epoch)

    def _alone(self) -> None:
        """Without the leader's supervisor there is no leader: its pod's first process is what talks to us."""
        alone = self.now - self.alone_since
        if self._epoch and self.now - self.lost_at >= GONE_SECONDS:
            what = f"the leader has gone: {self.how}"
            if self.limits.tries == 0:
                self._give_up(what)
                return
            self._say("warning", f"fault: {what}")
            self._tell(epoch="", fault="", fault_in_ray=False)
            self._clear(Status.HEALING, what)
        limit = self.limits.rejoin if self.joined_once else self.limits.join
        if alone >= limit:
            self._give_up(f"the leader did not answer within {limit:.0f} s: {self.how}")
        elif self.phase is Phase.IDLE:
            self._out.append(e.Wait(f"for the leader: {self.how}", alone, limit - alone))

    def _follow(self, order: Order) -> None:
        if self._epoch and (order.epoch != self._epoch or order.bye):
            why = "the leader leaves" if order.bye else f"the leader starts the group afresh ({order.note})"
            if self.limits.tries == 0:
                self._give_up(why)
                return
            self._say("info", f"leaving epoch {self._epoch}: {why}")
            self._tell(epoch="", fault="", fault_in_ray=False)
            self._clear(Status.HEALING, why)
        elif self.phase is Phase.IDLE and order.ray and order.epoch != self._broken_epoch and not order.bye:
            if self.model:
                self._epoch = order.epoch
                self._enter(Phase.START)
                self._tell(engine=order.engine, fault="", fault_in_ray=False)
                self._out.append(e.StartRay(order.ray))
            else:
                self._get_model()
        elif self.phase is Phase.IDLE:
            self._out.append(e.Wait(f"for the leader: it {order.note}", self.now - self.since))
        elif self.phase is Phase.JOINED and order.engine > self.report.engine:
            self._enter(Phase.RANKS)
            self._out.append(e.End(Scope.ENGINE))

    def _say(self, level: str, message: str, *fields: tuple[str, object]) -> None:
        self._out.append(e.Say(level, message, fields))
