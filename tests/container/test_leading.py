"""The leader's decisions, transition by transition, with a clock that moves when it is told to."""

from dataclasses import replace

import pytest
from nim_serve.contract.limits import CLEAR_SECONDS, GONE_SECONDS, RAY_GRACE_SECONDS, Limits, Tries
from nim_serve.decide import events as e
from nim_serve.decide.events import Scope, Status
from nim_serve.decide.leading import Leading
from nim_serve.decide.membership import Member
from nim_serve.decide.messages import Order
from nim_serve.decide.phases import Phase

from tests.container.leading import BOTH, GONE_RAYLET, LIMITS, Play


def test_a_start_goes_through_every_phase_in_order() -> None:
    play = Play()
    assert [type(action) for action in play.first] == [e.Tell, e.Show, e.FetchModel]
    assert play.do(e.ModelDone()) == [e.StartRay()]
    assert play.phase is Phase.HEAD
    assert play.do(e.RayStarted()) == [e.AskMembers()]
    assert play.order == Order("life.1", 1, "10.0.0.1:6379", "gathers the group")
    assert play.gathered() == [e.StartEngine()]
    assert play.do(e.EngineUp()) == [e.Prove()]
    assert play.do(e.Proved()) == [e.Show(Status.READY)]
    assert play.said[-1] == "serving"
    assert isinstance(play.order, Order)
    assert play.order.serving


def test_workers_may_begin_as_soon_as_the_head_listens() -> None:
    play = Play()
    play.do(e.ModelDone())
    assert isinstance(play.order, Order)
    assert play.order.ray == ""
    assert play.do(e.HeadListens()) == []
    assert play.order == Order("life.1", 1, "10.0.0.1:6379", str(Phase.HEAD))
    assert play.do(e.Heard(play.report()), e.RayStarted(), e.Members(BOTH)) == [e.AskMembers(), e.StartEngine()]


def test_a_head_that_listened_and_failed_is_no_longer_offered() -> None:
    play = Play()
    play.do(e.ModelDone(), e.HeadListens(), e.RayStarted("its raylet has ended"))
    assert play.order == Order("life.2", 2, "", f"{Phase.CLEAR}, after a fault: its raylet has ended")
    assert play.do(e.HeadListens()) == [], "too late"
    assert isinstance(play.order, Order)
    assert play.order.ray == ""


def test_one_pod_needs_neither_ray_nor_a_group() -> None:
    play = Play(nodes=1, ray=False)
    assert play.do(e.ModelDone()) == [e.StartEngine()]
    play.do(e.EngineUp(), e.Proved())
    assert play.do(e.Broken(Scope.ENGINE, "vLLM has gone"))[-1] == e.End(Scope.ENGINE)
    assert play.do(e.Ended(Scope.ENGINE)) == [e.StartEngine()]


@pytest.mark.parametrize(
    ("members", "changes"),
    [
        (BOTH[:1], {}),
        (BOTH, {"epoch": ""}),
        (BOTH, {"epoch": "life.0"}),
        (BOTH, {"engine": 0}),
        (BOTH, {"leaving": True}),
    ],
    ids=["Ray has one node", "no raylet", "another epoch", "earlier ranks are left", "leaving"],
)
def test_a_group_is_complete_only_with_members_of_this_epoch(
    members: tuple[Member, ...], changes: dict[str, object]
) -> None:
    play = Play()
    play.do(e.ModelDone(), e.RayStarted())
    assert play.do(e.Heard(play.report(**changes)), e.Members(members)) == []
    assert play.phase is Phase.GATHER


def test_a_group_that_does_not_come_is_given_up_and_named() -> None:
    play = Play()
    play.do(e.ModelDone(), e.RayStarted(), e.Members(BOTH[:1]))
    assert play.do(e.Tick(), after=99) == []
    assert play.do(e.Tick(), after=1)[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)
    (exit_action,) = play.do(e.Ended(Scope.RAY))
    assert isinstance(exit_action, e.Exit)
    assert exit_action.code == 1
    assert not exit_action.delayed, "it has waited long enough"
    assert "the group was not complete within 100 s" in exit_action.reason
    assert "missing: 1 of 2 nodes, 1 of 2 GPUs (1 of 1 workers did not come yet)" in exit_action.reason


def test_once_it_has_served_it_waits_for_less_long() -> None:
    play = Play().serving()
    play.do(e.HungUp("1", "silent for 15 s", silent=True), e.Ended(Scope.RAY), e.RayStarted())
    assert play.phase is Phase.GATHER
    assert play.do(e.Tick(), after=49) == []
    assert play.do(e.Tick(), after=1)[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)


@pytest.mark.parametrize("phase", [Phase.LOAD, Phase.PROVE, Phase.SERVE])
@pytest.mark.parametrize("scope", [Scope.ENGINE, Scope.RAY])
def test_a_fault_ends_what_is_broken_at_once_and_starts_it_again(phase: Phase, scope: Scope) -> None:
    play = Play()
    play.do(e.ModelDone(), e.RayStarted())
    play.gathered()
    for event in {Phase.LOAD: (), Phase.PROVE: (e.EngineUp(),), Phase.SERVE: (e.EngineUp(), e.Proved())}[phase]:
        play.do(event)
    assert play.phase is phase
    assert play.do(e.Broken(scope, "x has gone")) == [e.Show(Status.HEALING, "x has gone"), e.End(scope)]
    assert isinstance(play.order, Order)
    assert play.order.engine == 2, "ranks of the first engine are to go"
    assert play.order.epoch == ("life.2" if scope is Scope.RAY else "life.1")
    assert play.order.ray == ("" if scope is Scope.RAY else "10.0.0.1:6379"), "nobody joins before the head is there"
    assert play.do(e.Ended(scope)) == ([e.StartRay()] if scope is Scope.RAY else [e.AskMembers()])


def test_after_healing_the_log_says_how_long_it_took() -> None:
    play = Play().serving()
    play.do(e.Broken(Scope.ENGINE, "rank has gone"), after=10)
    play.do(e.Ended(Scope.ENGINE), after=1)
    play.gathered()
    play.do(e.EngineUp(), after=10)
    assert play.do(e.Proved()) == [e.Show(Status.READY)]
    assert play.said[-1] == "serving again after a fault: rank has gone"


def test_a_larger_fault_takes_over_a_smaller_one_and_is_no_further_try() -> None:
    play = Play().serving()
    play.do(e.Broken(Scope.ENGINE, "rank has gone"))
    assert play.do(e.Broken(Scope.RAY, GONE_RAYLET)) == [e.End(Scope.RAY)]
    assert play.do(e.Broken(Scope.ENGINE, "vLLM has gone")) == [], "news of what is ended anyway"
    assert play.do(e.Ended(Scope.ENGINE)) == [], "not what is waited for"
    assert play.do(e.Ended(Scope.RAY)) == [e.StartRay()]
    assert play.machine.tries.count == 1


@pytest.mark.parametrize("phase", [Phase.HEAD, Phase.GATHER])
def test_where_no_engine_runs_news_of_an_engine_is_old(phase: Phase) -> None:
    play = Play()
    play.do(e.ModelDone(), *([e.RayStarted()] if phase is Phase.GATHER else []))
    assert play.phase is phase
    assert play.do(e.Broken(Scope.ENGINE, "rank has gone")) == []
    assert play.do(e.Broken(Scope.RAY, GONE_RAYLET))[-1] == e.End(Scope.RAY)


def test_a_head_that_does_not_start_or_does_not_answer_is_started_again() -> None:
    play = Play()
    play.do(e.ModelDone())
    assert play.do(e.RayStarted("port in use"))[-1] == e.End(Scope.RAY)
    play.do(e.Ended(Scope.RAY), after=LIMITS.window)
    play.do(e.RayStarted())
    assert play.do(e.Members(problem="the Ray head stopped answering"))[-1] == e.End(Scope.RAY)


def test_the_second_fault_in_a_row_takes_ray_with_it_after_a_pause() -> None:
    play = Play().serving()
    play.do(e.Broken(Scope.ENGINE, "first"), e.Ended(Scope.ENGINE))
    play.gathered()
    assert play.do(e.Broken(Scope.ENGINE, "second"))[-1] == e.End(Scope.RAY)
    assert play.do(e.Ended(Scope.RAY)) == []
    assert play.phase is Phase.PAUSE
    assert play.do(e.Tick(), after=4.9) == []
    assert play.do(e.Tick(), after=0.1) == [e.StartRay()]


def test_after_the_last_try_it_exits_with_the_reason() -> None:
    play = Play().serving()
    for number in range(LIMITS.tries):
        play.do(e.Broken(Scope.RAY, f"fault {number}"), e.Ended(Scope.RAY))
        play.do(e.Tick(), after=60)
        assert play.phase is Phase.HEAD
    assert play.do(e.Broken(Scope.RAY, "the last one"))[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)
    assert isinstance(play.order, Order)
    assert play.order.bye
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(1, "the last one after 3 restarts in place", delayed=True)]


def test_serving_for_a_while_clears_the_count() -> None:
    play = Play().serving()
    for _ in range(3 * LIMITS.tries):
        play.do(e.Broken(Scope.ENGINE, "rank has gone"), e.Ended(Scope.ENGINE))
        play.gathered()
        play.do(e.EngineUp(), e.Proved())
        assert play.phase is Phase.SERVE
        play.do(e.Tick(), after=LIMITS.window)


def test_with_healing_switched_off_the_first_fault_is_the_end() -> None:
    play = Play(replace(LIMITS, tries=0)).serving()
    assert play.do(e.Broken(Scope.ENGINE, "rank has gone"))[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(1, "rank has gone")]


def test_arguments_that_vllm_refuses_are_not_tried_again_unless_it_has_served() -> None:
    refused = e.Broken(Scope.ENGINE, "vLLM ended by itself with exit code 2", final=True)
    play = Play()
    play.do(e.ModelDone(), e.RayStarted())
    play.gathered()
    assert play.do(refused)[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(1, "vLLM ended by itself with exit code 2", delayed=True)]
    assert Play().serving().do(refused)[-1] == e.End(Scope.ENGINE)


def test_a_model_that_cannot_be_had_is_tried_again() -> None:
    play = Play()
    assert play.do(e.ModelDone("404"))[-1] == e.FetchModel()
    play.do(e.ModelDone("404"))
    assert play.phase is Phase.PAUSE
    assert play.do(e.Tick(), after=5) == [e.FetchModel()]


@pytest.mark.parametrize("tries", [3, 0])
def test_a_directory_without_a_model_is_the_end(tries: int) -> None:
    play = Play(replace(LIMITS, tries=tries))
    assert play.do(e.ModelDone("no config.json", final=True))[-1] == e.End(Scope.RAY, RAY_GRACE_SECONDS)
    assert play.do(e.Ended(Scope.RAY)) == [e.Exit(1, "no config.json", delayed=tries > 0)], "switched off: at once"


def test_an_engine_that_is_up_but_does_not_generate_is_a_fault() -> None:
    play = Play()
    play.do(e.ModelDone(), e.RayStarted())
    play.gathered()
    play.do(e.EngineUp())
    assert play.do(e.Proved("500"))[-1] == e.End(Scope.ENGINE)


def test_a_load_that_never_ends_is_a_fault_of_the_whole_group() -> None:
    play = Play()
    play.do(e.ModelDone(), e.RayStarted())
    play.gathered()
    assert play.do(e.Tick(), after=999) == []
    assert play.do(e.Tick(), after=1)[-1] == e.End(Scope.RAY)


def test_the_limit_of_a_load_ends_with_the_first_token_not_with_the_open_port() -> None:
    play = Play()
    play.do(e.ModelDone(), e.RayStarted())
    play.gathered()
    assert play.do(e.EngineUp(), after=600) == [e.Prove()]
    assert play.do(e.Tick(), after=399) == []
    assert play.do(e.Tick(), after=1)[-1] == e.End(Scope.RAY)


@pytest.mark.parametrize(("in_ray", "scope"), [(True, Scope.RAY), (False, Scope.ENGINE)])
def test_what_a_worker_reports_is_a_fault_of_the_group(in_ray: bool, scope: Scope) -> None:
    play = Play().serving()
    broken = play.report(fault="it has gone", fault_in_ray=in_ray)
    assert play.do(e.Heard(broken))[-1] == e.End(scope)
    assert play.do(e.Heard(broken)) == [], "an old report says nothing about the new epoch and engine"


def test_a_worker_that_hangs_up_has_a_moment_to_come_back_but_nobody_is_ready_meanwhile() -> None:
    play = Play().serving()
    (doubt,) = play.do(e.HungUp("1", "its process has ended"))
    assert isinstance(doubt, e.Show)
    assert doubt.status is Status.HEALING
    assert play.do(e.Heard(play.report()), after=GONE_SECONDS - 0.1) == [e.Show(Status.READY)]
    play.do(e.HungUp("1", "its process has ended"))
    assert play.do(e.Tick(), after=GONE_SECONDS)[-1] == e.End(Scope.RAY)


def test_a_silent_worker_has_had_its_moment() -> None:
    assert Play().serving().do(e.HungUp("1", "silent for 15 s", silent=True))[-1] == e.End(Scope.RAY)


def test_a_worker_that_comes_back_without_its_raylet_breaks_the_group_at_once() -> None:
    play = Play().serving()
    assert play.do(e.Heard(play.report(epoch="")))[-1] == e.End(Scope.RAY)


def test_while_the_group_gathers_a_worker_without_a_raylet_may_come_and_go() -> None:
    play = Play()
    play.do(e.ModelDone(), e.RayStarted(), e.Heard(play.report(epoch="")), e.HungUp("1", "gone"))
    assert play.do(e.Tick(), after=10) == []
    assert play.gathered() == [e.StartEngine()]


def test_a_worker_that_joined_and_left_makes_the_epoch_useless() -> None:
    play = Play()
    play.do(e.ModelDone(), e.RayStarted(), e.Heard(play.report()), e.HungUp("1", "gone"))
    assert play.do(e.Tick(), after=GONE_SECONDS)[-1] == e.End(Scope.RAY)
    assert play.do(e.Ended(Scope.RAY)) == [e.StartRay()]


def test_a_pod_that_dies_is_one_fault_although_its_rank_is_noticed_first() -> None:
    play = Play().serving()
    play.do(e.Broken(Scope.ENGINE, "rank has gone"), e.HungUp("1", "its process has ended"), e.Ended(Scope.ENGINE))
    assert play.phase is Phase.GATHER
    assert play.do(e.Tick(), after=GONE_SECONDS) == [e.End(Scope.RAY)]
    assert play.machine.tries.count == 1
    assert play.do(e.Ended(Scope.RAY)) == [e.StartRay()], "and without a pause"


def test_processes_that_survive_sigkill_end_the_supervisor() -> None:
    play = Play().serving()
    play.do(e.Broken(Scope.RAY, "x"))
    (exit_action,) = play.do(e.Tick(), after=CLEAR_SECONDS)
    assert isinstance(exit_action, e.Exit)
    assert exit_action.code == 1


def test_a_second_leader_never_names_the_same_epoch() -> None:
    first = Leading(2, 2, "a:1", "x", LIMITS, ray=True, now=0.0)
    second = Leading(2, 2, "a:1", "y", LIMITS, ray=True, now=0.0)
    assert first.epoch != second.epoch


def test_no_number_of_tries_is_too_large_for_the_pause() -> None:
    tries = Tries(Limits(tries=5000))
    assert max(tries.next_pause() or 0 for _ in range(5000)) == 60
