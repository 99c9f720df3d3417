"""An engine that hangs is told from one that is idle, slow, or busy with a long prompt."""

import pytest
from nim_serve.decide.progress import Sample, Silence, Stall, sample

METRICS = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 2.0
vllm:num_requests_running{engine="1",model_name="m"} 1.0
vllm:num_requests_waiting{engine="0",model_name="m"} 4.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:prompt_tokens_total{engine="0",model_name="m"} 12.0
vllm:prompt_tokens_created{engine="0",model_name="m"} 1.7e+09
vllm:generation_tokens_total{engine="0",model_name="m"} 30.0
vllm:iteration_tokens_total_bucket{engine="0",le="1.0",model_name="m"} 7.0
vllm:iteration_tokens_total_count{engine="0",model_name="m"} 9.0
vllm:request_success_total{engine="0",finished_reason="abort",model_name="m"} 3.0
"""


def test_the_sample_is_read_from_vllms_own_metrics() -> None:
    assert sample(METRICS.splitlines(), in_flight=0) == Sample(7, (12.0, 30.0, 9.0, 0.25))


def test_requests_that_the_engine_never_reported_count_as_well() -> None:
    assert sample(METRICS.splitlines(), in_flight=9).requests == 9


def test_metrics_without_any_of_it_are_an_idle_engine() -> None:
    assert sample(["python_info 1.0"], in_flight=0).requests == 0


def seen(stall: Stall, taken: Sample, now: float) -> str | None:
    """One look, after which a token that is asked for does not come."""
    stall.seen(taken, now)
    stall.asks(now)
    return stall.stuck(now)


BUSY = Sample(2, (1.0, 1.0))


def test_busy_without_a_change_is_stuck_after_the_limit_and_not_before() -> None:
    stall = Stall(120)
    found = [seen(stall, BUSY, second) for second in (0, 90, 119, 120)]
    assert found == [
        *(None, None, None),
        "the engine is stuck: 2 requests, nothing was computed for 120 s, "
        "and a token that it was asked for 30 s ago did not come",
    ]


@pytest.mark.parametrize(("seconds", "asked"), [(120, 90), (60, 30), (15, 8), (10, 5)])
def test_a_token_is_asked_for_once_and_so_early_that_the_limit_holds(seconds: int, asked: int) -> None:
    stall = Stall(seconds)
    asks, stuck = [], []
    for now in range(seconds + 1):
        stall.seen(BUSY, now)
        asks += [now] if stall.asks(now) else []
        stuck += [now] if stall.stuck(now) else []
    assert (asks, stuck) == ([asked], [seconds])
    assert stall.proof_seconds <= 30


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param(Sample(2, (2.0, 1.0)), id="the first counter moved"),
        pytest.param(Sample(2, (1.0, 1.1)), id="the second counter moved"),
        pytest.param(Sample(0, (1.0, 1.0)), id="no request runs"),
    ],
)
def test_any_change_or_an_idle_moment_starts_the_clock_afresh(moved: Sample) -> None:
    stall = Stall(120)
    stall.seen(BUSY, 0)
    assert [seen(stall, moved, 100), *(seen(stall, Sample(2, moved.moving), now) for now in (200, 219))] == [None] * 3
    assert seen(stall, Sample(2, moved.moving), 220) is not None


def test_a_token_in_time_starts_the_clock_afresh() -> None:
    stall = Stall(120)
    stall.seen(BUSY, 0)
    assert seen(stall, BUSY, 90) is None
    stall.moved(91)
    assert [seen(stall, BUSY, now) for now in (120, 180, 181, 210)] == [None] * 4
    assert seen(stall, BUSY, 211) is not None


def test_one_that_was_asked_late_still_gets_the_time_to_answer() -> None:
    stall = Stall(120)
    stall.seen(BUSY, 0)
    assert [seen(stall, BUSY, now) for now in (300, 301, 304)] == [None] * 3
    assert seen(stall, BUSY, 305) is not None


def test_an_idle_engine_is_never_stuck_nor_in_doubt() -> None:
    stall = Stall(120)
    assert [seen(stall, Sample(0, (1.0,)), second) for second in range(0, 1000, 5)] == [None] * 200
    assert not stall.in_doubt(10_000)


def test_it_can_be_switched_off() -> None:
    stall = Stall(0)
    assert [seen(stall, Sample(1, (1.0,)), second) for second in (0, 10_000)] == [None, None]


def test_a_server_that_does_not_answer_hangs_after_a_minute() -> None:
    silence = Silence()
    assert [silence.heard(False, now) for now in (100, 159)] == [None, None]
    assert silence.heard(False, 160) == "vLLM's server has not answered for 60 s"


def test_one_answer_is_enough_and_a_gap_between_questions_is_no_silence() -> None:
    silence = Silence()
    assert [silence.heard(answered, now) for answered, now in ((False, 0), (True, 59), (False, 500))] == [None] * 3
    assert silence.heard(False, 559) is None
