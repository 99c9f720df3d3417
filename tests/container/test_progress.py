"""An engine that hangs is told from one that is idle, slow, or busy with a long prompt."""

import pytest
from nim_serve.progress import Sample, Stall, sample

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


def test_busy_without_a_change_is_stuck_after_the_limit_and_not_before() -> None:
    stall = Stall(120)
    busy = Sample(2, (1.0, 1.0))
    assert stall.seen(busy, 0) is None
    assert stall.seen(busy, 119) is None
    assert stall.seen(busy, 120) == "the engine is stuck: 2 requests, and nothing was computed for 120 s"


@pytest.mark.parametrize("moved", [Sample(2, (2.0, 1.0)), Sample(2, (1.0, 1.1)), Sample(0, (1.0, 1.0))])
def test_any_change_or_an_idle_moment_starts_the_clock_afresh(moved: Sample) -> None:
    stall = Stall(120)
    stall.seen(Sample(2, (1.0, 1.0)), 0)
    assert stall.seen(moved, 100) is None
    assert stall.seen(Sample(2, moved.moving), 219) is None
    assert stall.seen(Sample(2, moved.moving), 220) is not None


def test_an_idle_engine_is_never_stuck() -> None:
    stall = Stall(120)
    assert [stall.seen(Sample(0, (1.0,)), second) for second in range(0, 1000, 5)] == [None] * 200


def test_a_server_that_does_not_answer_is_stuck_too() -> None:
    stall = Stall(120)
    stall.seen(Sample(0, (1.0,)), 0)
    assert stall.seen(None, 119) is None
    assert stall.seen(None, 120) == "vLLM's server has not answered for 120 s"


def test_it_can_be_switched_off() -> None:
    stall = Stall(0)
    assert [stall.seen(Sample(1, (1.0,)), second) for second in (0, 10_000)] == [None, None]
