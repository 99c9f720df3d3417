"""How the leader stops: requests first, then the engine, then Ray; with a clock that moves when it is told to."""

import pytest
from nim_serve.contract.limits import ENGINE_GRACE_SECONDS, RAY_GRACE_SECONDS
from nim_serve.decide import events as e
from nim_serve.decide.events import Event, Scope, Status
from nim_serve.decide.messages import Order
from nim_serve.decide.phases import Phase

from tests.container.leading import BOTH, Play


def test_asked_to_stop_it_finishes_its_requests_then_the_engine_then_ray() -> None:
    play = Play().serving()
    assert play.do(e.StopAsked()) == [e.Show(Status.DRAINING, "asked to stop")]
    assert play.do(e.InFlight(0), after=4) == [], "requests may still come"
    assert play.do(e.InFlight(1), after=2) == []
    assert play.do(e.Tick(), after=10) == []
    assert isinstance(play.order, Order)
    assert play.order.serving, "workers stay"
    assert play.do(e.InFlight(0))[-1] == e.End(Scope.ENGINE, ENGINE_GRACE_SECONDS)
    assert play.order.serving
    assert play.do(e.Ended(Scope.ENGINE)) == [e.End(Scope.RAY, RAY_GRACE_SECONDS)]
    assert isinstance(play.order, Order)
    assert (play.order.bye, play.order.serving) == (True, False)
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(0)]


def test_requests_that_do_not_end_are_cut_off_when_the_budget_is_over() -> None:
    play = Play().serving()
    play.do(e.StopAsked())
    assert play.do(e.InFlight(1), after=39.9) == []
    assert play.do(e.Tick(), after=0.1)[-1] == e.End(Scope.ENGINE, ENGINE_GRACE_SECONDS)


@pytest.mark.parametrize("phase", [Phase.MODEL, Phase.HEAD, Phase.GATHER, Phase.LOAD, Phase.PROVE, Phase.CLEAR])
def test_asked_to_stop_before_it_serves_it_stops(phase: Phase) -> None:
    play = Play()
    steps: list[tuple[Event, ...]] = [
        (e.ModelDone(),),
        (e.RayStarted(),),
        (e.Heard(play.report()), e.Members(BOTH)),
        (e.EngineUp(),),
    ]
    accepts_connections = [Phase.MODEL, Phase.HEAD, Phase.GATHER, Phase.LOAD, Phase.PROVE]
    for events in steps[: accepts_connections.index(phase)] if phase in accepts_connections else steps:
        play.do(*events)
    if phase is Phase.CLEAR:
        play.do(e.Broken(Scope.ENGINE, "x"))
    assert play.phase is phase
    assert play.do(e.StopAsked())[-1] == e.End(Scope.ENGINE, ENGINE_GRACE_SECONDS)
    play.do(e.Ended(Scope.ENGINE))
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(0)]


def test_a_fault_while_draining_ends_the_drain() -> None:
    play = Play().serving()
    play.do(e.StopAsked())
    assert play.do(e.Broken(Scope.ENGINE, "rank has gone"))[-1] == e.End(Scope.ENGINE, ENGINE_GRACE_SECONDS)
    assert "requests in flight are lost: rank has gone" in play.said


def test_a_worker_that_is_asked_to_stop_takes_the_requests_with_it_only_when_they_are_done() -> None:
    play = Play().serving()
    (drain,) = play.do(e.Heard(play.report(leaving=True)))
    assert isinstance(drain, e.Show)
    assert drain.status is Status.DRAINING
    assert play.do(e.InFlight(0), after=6)[-2] == e.End(Scope.RAY)
    assert isinstance(play.order, Order)
    assert play.order.epoch == "life.2", "which tells the worker that it may go"
    assert play.machine.tries.count == 0, "nothing has failed"
    assert play.do(e.Ended(Scope.RAY)) == [e.StartRay()]


def test_asked_to_stop_while_a_worker_leaves_it_goes_on_draining_and_then_stops() -> None:
    play = Play().serving()
    play.do(e.Heard(play.report(leaving=True)))
    assert play.do(e.StopAsked()) == [e.Show(Status.DRAINING)]
    assert play.do(e.InFlight(0), after=6)[-1] == e.End(Scope.ENGINE, ENGINE_GRACE_SECONDS)
