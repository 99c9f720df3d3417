"""A worker's decisions, transition by transition, with a clock that moves when it is told to."""

from dataclasses import replace

import pytest
from nim_serve.contract.limits import CLEAR_SECONDS, ENGINE_GRACE_SECONDS, GONE_SECONDS, RAY_GRACE_SECONDS, Limits
from nim_serve.decide import events as e
from nim_serve.decide.events import Action, Event, Scope, Status
from nim_serve.decide.following import Following
from nim_serve.decide.messages import Order, Report
from nim_serve.decide.worker_phases import Phase

from tests.container.state_table import WORKER
from tests.container.walks import recorded

LIMITS = Limits(join=100, rejoin=50, drain=40)
FIRST = Order("x.1", 1, "10.0.0.1:6379", "gathers the group")
SERVES = replace(FIRST, note="serves", serving=True)
FOUND = e.Connected("10.0.0.1", "10.0.0.2")
LOST = e.Unreachable("its process has ended")


class Play:
    """One worker and its clock; `do` gives what it answers, without its reports and the lines of the log."""

    def __init__(self, limits: Limits = LIMITS, *, fetch: bool = False) -> None:
        self.now = 0.0
        self.machine = Following(Report(worker="1", nodes=2, gpus=1), limits, now=0.0)
        self.steps = recorded(self.machine)
        self.first = self.machine.start(fetch)
        self.report = self.machine.report

    def do(self, *events: Event, after: float = 0.0) -> list[Action]:
        self.now += after
        out: list[Action] = []
        for event in events:
            for action in self.machine.handle(event, self.now):
                if isinstance(action, e.Tell):
                    assert isinstance(action.message, Report)
                    self.report = action.message
                elif not isinstance(action, e.Say | e.Wait):
                    out.append(action)
        assert {*self.steps} <= {*WORKER.steps()}, "the diagram in docs/healing.md has not got this change of phase"
        return out

    @property
    def phase(self) -> Phase:
        return self.machine.phase

    def joined(self) -> "Play":
        self.do(FOUND, e.Ordered(FIRST), e.ModelDone(), e.RayStarted())
        assert self.phase is Phase.JOINED
        return self


def waits(play: Play) -> list[str]:
    return [action.reason for action in play.machine.handle(e.Tick(), play.now) if isinstance(action, e.Wait)]


def test_a_worker_finds_the_leader_looks_for_the_model_and_joins() -> None:
    play = Play()
    assert play.do(FOUND) == []
    assert play.report.address == "10.0.0.2"
    assert play.do(e.Ordered(FIRST)) == [e.FetchModel()]
    assert play.do(e.ModelDone()) == [e.StartRay("10.0.0.1:6379")]
    assert play.report.epoch == "", "not before Ray says so"
    assert play.do(e.RayStarted()) == [e.Show(Status.READY)]
    assert (play.report.epoch, play.report.engine) == ("x.1", 1)


def test_with_a_cache_of_its_own_it_fetches_before_the_leader_is_there() -> None:
    play = Play(fetch=True)
    assert e.FetchModel() in play.first
    assert play.do(e.ModelDone()) == []
    assert play.do(FOUND, e.Ordered(FIRST)) == [e.StartRay("10.0.0.1:6379")]


def test_a_model_that_is_not_there_ends_the_pod_with_the_reason() -> None:
    play = Play()
    assert play.do(FOUND, e.Ordered(FIRST), e.ModelDone("no such file", final=True))[-1] == e.End(
        Scope.RAY, RAY_GRACE_SECONDS
    )
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(1, "no such file", delayed=True)]


def test_a_download_that_fails_is_tried_again_with_pauses_and_only_then_given_up() -> None:
    play = Play(replace(LIMITS, tries=2), fetch=True)
    play.do(FOUND, e.Ordered(FIRST))
    assert play.do(e.ModelDone("429")) == [e.FetchModel()], "the first one at once"
    assert play.do(e.ModelDone("429")) == []
    assert play.report.note == str(Phase.PAUSE), "the leader's log says what this worker is at"
    assert play.do(e.Tick(), after=4.9) == []
    assert play.do(e.Tick(), after=0.1) == [e.FetchModel()]
    assert play.do(e.ModelDone("429"))[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)
    (exit_action,) = play.do(e.Ended(Scope.RAY))
    assert isinstance(exit_action, e.Exit)
    assert (exit_action.reason, exit_action.delayed) == ("429 after 2 further tries", True)


def test_a_download_that_fails_once_does_no_harm() -> None:
    play = Play(fetch=True)
    play.do(FOUND, e.Ordered(FIRST))
    play.do(e.ModelDone("503"))
    assert play.do(e.ModelDone()) == [e.StartRay("10.0.0.1:6379")]


def test_with_healing_switched_off_a_download_that_fails_is_the_end() -> None:
    play = Play(replace(LIMITS, tries=0), fetch=True)
    assert play.do(e.ModelDone("429"))[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(1, "429")]


def test_a_leader_that_said_goodbye_is_not_joined_again() -> None:
    """It may live on for a minute, and its last order names a Ray head that has gone."""
    play = Play().joined()
    bye = e.Ordered(replace(FIRST, bye=True))
    assert play.do(bye)[-1] == e.End(Scope.RAY)
    assert play.do(e.Ended(Scope.RAY), bye, e.Tick()) == []
    assert play.phase is Phase.IDLE


def test_asked_to_stop_while_it_pauses_it_stops_at_once() -> None:
    play = Play(fetch=True)
    play.do(e.ModelDone("429"), e.ModelDone("429"))
    assert play.phase is Phase.PAUSE
    assert play.do(e.StopAsked())[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)


def test_the_leader_may_come_late_and_say_why_it_is_not_ready() -> None:
    play = Play()
    assert play.do(e.Unreachable("the name x does not resolve yet"), after=60) == []
    assert waits(play) == ["for the leader: the name x does not resolve yet"]
    play.do(FOUND, e.Ordered(Order("x.1", note="gets the model")), after=39)
    assert play.do(e.Tick(), after=10_000) == [], "a leader that is there has its own deadlines"
    assert waits(play) == ["for the leader: it gets the model"]


def test_a_leader_that_never_comes_ends_the_pod() -> None:
    play = Play()
    assert play.do(e.Unreachable("refused"), after=99) == []
    play.do(e.Tick(), after=1)
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(1, "the leader did not answer within 100 s: refused")]


def test_a_short_loss_of_the_heartbeat_costs_nothing() -> None:
    play = Play().joined()
    assert play.do(LOST) == []
    assert play.do(FOUND, e.Ordered(FIRST), after=GONE_SECONDS - 0.1) == []
    assert play.phase is Phase.JOINED


def test_without_the_leader_the_raylet_goes_and_the_next_leader_is_joined() -> None:
    play = Play().joined()
    play.do(LOST)
    assert play.do(e.Tick(), after=GONE_SECONDS)[-1] == e.End(Scope.RAY)
    assert play.do(e.Ended(Scope.RAY)) == []
    moved = Order("y.1", 1, "10.0.0.9:6379")
    assert play.do(e.Connected("10.0.0.9", "10.0.0.2"), e.Ordered(moved)) == [e.StartRay("10.0.0.9:6379")]


def test_a_frozen_leader_is_waited_for_with_the_raylet_but_not_for_ever() -> None:
    play = Play().joined()
    silent = e.Unreachable("silent for 15 s")
    play.do(silent)
    assert play.do(FOUND, after=0.3) == [], "its kernel accepts the connection"
    assert play.do(silent, after=15) == []
    assert play.do(FOUND, after=0.3) == []
    assert play.do(e.Ordered(FIRST), after=10) == [], "thawed: the group goes on"
    play.do(silent)
    for _ in range(3):
        assert play.do(FOUND, after=0.3) == []
        assert play.do(silent, after=15) == []
    play.do(FOUND, after=0.3)
    assert play.do(silent, after=15)[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)


def test_a_leader_that_refuses_this_worker_is_no_leader() -> None:
    play = Play()
    for _ in range(99):
        assert play.do(FOUND, e.Unreachable("the group has its 1 workers"), after=1) == []
    assert waits(play) == ["for the leader: the group has its 1 workers"]
    assert play.do(FOUND, e.Unreachable("the group has its 1 workers"), after=1)[-1] == e.End(
        Scope.RAY, RAY_GRACE_SECONDS
    )


def test_once_it_has_joined_it_waits_for_a_leader_for_less_long() -> None:
    play = Play().joined()
    play.do(LOST, e.Tick())
    play.do(e.Tick(), after=GONE_SECONDS)
    play.do(e.Ended(Scope.RAY))
    assert play.do(e.Tick(), after=47) == []
    assert play.do(e.Tick(), after=1)[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)


def test_another_epoch_ends_what_belongs_to_the_last_one() -> None:
    play = Play().joined()
    assert play.do(e.Ordered(Order("x.2", 2)))[-1] == e.End(Scope.RAY)
    assert play.report.epoch == ""
    assert play.do(e.Ended(Scope.RAY)) == [], "the new head is not there yet"
    assert play.do(e.Ordered(Order("x.2", 2, "10.0.0.1:6379"))) == [e.StartRay("10.0.0.1:6379")]
    play.do(e.RayStarted())
    assert (play.report.epoch, play.report.engine) == ("x.2", 2)


def test_another_epoch_while_it_starts_is_no_other_case() -> None:
    play = Play()
    play.do(FOUND, e.Ordered(FIRST), e.ModelDone())
    assert play.phase is Phase.START
    assert play.do(e.Ordered(Order("x.2", 2)))[-1] == e.End(Scope.RAY)
    assert play.do(e.RayStarted()) == [], "too late"


def test_another_engine_ends_the_ranks_and_keeps_the_raylet() -> None:
    play = Play().joined()
    assert play.do(e.Ordered(replace(FIRST, engine=2))) == [e.End(Scope.ENGINE)]
    assert play.report.engine == 1, "not before they are gone"
    play.do(e.Ended(Scope.ENGINE))
    assert (play.phase, play.report.engine, play.report.epoch) == (Phase.JOINED, 2, "x.1")


def test_a_lost_raylet_is_reported_and_joins_only_a_new_epoch() -> None:
    play = Play().joined()
    assert play.do(e.Broken(Scope.RAY, "raylet has gone"))[-1] == e.End(Scope.RAY)
    assert (play.report.fault, play.report.fault_in_ray, play.report.epoch) == ("raylet has gone", True, "x.1")
    assert play.do(e.Ended(Scope.RAY), e.Tick()) == [], "the old epoch is closed to it"
    play.do(e.Ordered(replace(FIRST, epoch="x.2", engine=2)))
    assert play.phase is Phase.START
    assert play.report.fault == ""


def test_a_raylet_that_does_not_start_is_a_lost_one() -> None:
    play = Play()
    play.do(FOUND, e.Ordered(FIRST), e.ModelDone())
    assert play.do(e.RayStarted("exit code 1"))[-1] == e.End(Scope.RAY)
    assert (play.report.fault, play.report.fault_in_ray, play.report.epoch) == ("exit code 1", True, "x.1")


def test_a_lost_rank_is_reported_and_the_raylet_stays() -> None:
    play = Play().joined()
    assert play.do(e.Broken(Scope.ENGINE, "rank has gone")) == []
    assert (play.report.fault, play.report.fault_in_ray) == ("rank has gone", False)
    play.do(e.Ordered(replace(FIRST, engine=2)), e.Ended(Scope.ENGINE))
    assert play.report.fault == ""


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(e.Broken(Scope.RAY, "raylet has gone"), id="Ray is gone"),
        pytest.param(e.Ordered(replace(FIRST, bye=True)), id="the leader says goodbye"),
    ],
)
def test_with_healing_switched_off_a_fault_is_the_end(fault: Event) -> None:
    play = Play(replace(LIMITS, tries=0)).joined()
    assert play.do(fault)[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)
    (exit_action,) = play.do(e.Ended(Scope.RAY))
    assert isinstance(exit_action, e.Exit)
    assert exit_action.code == 1


def test_with_healing_switched_off_a_lost_leader_is_the_end() -> None:
    play = Play(replace(LIMITS, tries=0)).joined()
    play.do(LOST)
    assert play.do(e.Tick(), after=GONE_SECONDS)[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)


def test_asked_to_stop_it_stays_until_the_leader_says_goodbye() -> None:
    play = Play().joined()
    play.do(e.Ordered(SERVES))
    assert play.do(e.StopAsked()) == []
    assert play.report.leaving
    assert play.do(e.Tick(), after=30) == []
    assert play.do(e.Ordered(replace(SERVES, serving=False, bye=True)))[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(0)]


@pytest.mark.parametrize("release", [e.Ordered(replace(SERVES, epoch="x.2")), LOST], ids=["new epoch", "no leader"])
def test_asked_to_stop_it_goes_when_nobody_needs_it(release: Event) -> None:
    play = Play().joined()
    play.do(e.Ordered(SERVES), e.StopAsked())
    assert play.do(release)[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)


def test_asked_to_stop_it_goes_when_the_budget_is_over() -> None:
    play = Play().joined()
    play.do(e.Ordered(SERVES), e.StopAsked())
    assert play.do(e.Tick(), after=LIMITS.drain + ENGINE_GRACE_SECONDS) == []
    assert play.do(e.Tick(), after=3)[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)


def test_asked_to_stop_before_anything_runs_it_stops_at_once() -> None:
    play = Play()
    assert play.do(e.StopAsked())[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(0)]


@pytest.mark.parametrize(
    "ending", [e.Broken(Scope.RAY, "raylet has gone"), e.Ordered(replace(FIRST, engine=2))], ids=["Ray", "ranks"]
)
def test_processes_that_survive_sigkill_end_the_supervisor(ending: Event) -> None:
    play = Play().joined()
    play.do(ending)
    (exit_action,) = play.do(e.Tick(), after=CLEAR_SECONDS)
    assert isinstance(exit_action, e.Exit)
    assert exit_action.code == 1
