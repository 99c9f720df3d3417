"""What a leader does when something breaks, and when it is asked to leave: how much ends, and what comes next.

Pure, as the rest of the leader's decisions, which are in `Leading`.
"""

from nim_serve.contract.limits import ENGINE_GRACE_SECONDS, RAY_GRACE_SECONDS, Limits, Tries
from nim_serve.decide import events as e
from nim_serve.decide.events import Action, Scope, Status
from nim_serve.decide.messages import Order
from nim_serve.decide.phases import ENGINE_RUNS, Phase
from nim_serve.decide.worker_registry import Crew
from nim_serve.ray.membership import Member


class Recovering:
    """The state of a leader, and the transitions that end something."""

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
        self._loading_since = now
        self._stopping = False
        self._doubted = False
        self._exit = e.Exit(0)
        self._told = Order()
        self._out: list[Action] = []

    @property
    def epoch(self) -> str:
        """Unique among all leaders, also those before this one at the same address."""
        return f"{self.life}.{self.epoch_number}"

    def _enter(self, phase: Phase) -> None:
        self.seconds[self.phase] = round(self.now - self.since, 1)
        self.phase, self.since = phase, self.now

    def _say(self, level: str, message: str, *fields: tuple[str, object]) -> None:
        self._out.append(e.Say(level, message, fields))

    # Faults

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
            self._give_up(f"{what}{after}", hold=True)
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

    def _give_up(self, why: str, *, hold: bool = False) -> None:
        """With healing switched off the pod ends at once, whatever the fault: somebody else restarts it."""
        self._exit = e.Exit(1, why, hold=hold and self.limits.tries > 0)
        self._stopping = True
        self._enter(Phase.STOP)
        self._scope = Scope.RAY
        self._out += [e.Show(Status.HEALING, why), e.End(Scope.RAY, RAY_GRACE_SECONDS)]

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
