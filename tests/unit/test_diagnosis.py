"""Diagnosis of recorded snapshots, and of a healthy one in which one thing is made different."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from nim_serve.pod.pid_watch import how_it_ended

from nim_stack.cli.main import main
from nim_stack.operations.diagnosis.failure import FAILURES
from nim_stack.operations.diagnosis.logs import Pattern, patterns
from nim_stack.operations.diagnosis.page import document, page
from nim_stack.operations.diagnosis.verdict import all_failures, diagnose
from nim_stack.operations.observing.snapshot import Part
from tests.unit.failure_stories import (
    STORIES,
    Tell,
    a_claim_that_is_pending,
    missing_for,
    unanswered_for,
    unresolved_for,
)
from tests.unit.stories import LEADER, RECORDED, WORKER, Story, codes, recorded
from tests.unit.words.engine import broken
from tests.unit.words.group import FOUND
from tests.unit.words.model import error, failed
from tests.unit.words.said import run_once, situations
from tests.unit.words.stage import LastWords

ROOT = Path(__file__).parents[2]
EXPECTED = {
    "claim-of-one-pod": "claim-for-one-node",
    "crash-loop": "crash-loop",
    "full-disk": "disk-full",
    "missing-claim": "claim-missing",
    "missing-class": "class-missing",
    "pods-cut-off": "connection-lost",
    "quota": "quota",
    "shared-memory-too-small": "shared-memory-too-small",
    "taint": "taint",
    "token-refused": "hub-refuses-token",
    "too-few-gpus": "too-few-gpus",
    "wrong-interface": "wrong-interface",
}
"""First failure of each recorded snapshot of a group that did not serve."""


@pytest.mark.parametrize(("name", "code"), EXPECTED.items())
def test_a_recorded_failure_is_named_and_no_other(name: str, code: str) -> None:
    found = diagnose(recorded(name))
    assert (found.state, codes(found)[0], set(codes(found)) - {"crash-loop"}) == (
        "failing",
        code,
        {code} - {"crash-loop"},
    )
    assert found.failures[0].evidence


def test_every_recording_is_expected_to_be_something() -> None:
    healthy = {"healthy-serving", "healthy-starting"}
    assert {path.stem for path in RECORDED.glob("*.json")} == healthy | EXPECTED.keys()


def test_a_recorded_healthy_group_has_no_failure_and_no_warning() -> None:
    assert [(d.state, d.problems) for d in map(diagnose, map(recorded, ("healthy-serving", "healthy-starting")))] == [
        ("serving", ()),
        ("starting", ()),
    ]


@pytest.mark.parametrize(("code", "tell"), STORIES, ids=[f"{i}-{code}" for i, (code, _) in enumerate(STORIES)])
def test_one_thing_that_is_wrong_is_named_and_nothing_else(code: str, tell: Tell) -> None:
    found = tell(Story()).diagnosed()
    assert codes(found) == [code], page(found)
    problem = found.failures[0]
    assert problem.why
    assert problem.evidence
    assert problem.instead


def test_a_class_of_disks_for_several_nodes() -> None:
    story = a_claim_that_is_pending(Story().starting(200))
    story.objects["classes"][0]["provisioner"] = "ebs.csi.aws.com"
    story.event("ProvisioningFailed", "Volume capabilities not supported", "PersistentVolumeClaim", "prove-model-cache")
    assert codes(story.diagnosed())[0] == "class-for-one-node"


KNOWN = [p for p in patterns() if p.failure != "progress" and p.still is None]
"""Lines of a state of now are in the stories above."""


@pytest.mark.parametrize("pattern", KNOWN, ids=lambda p: p.sentence or p.failure)
def test_lines_that_are_known_name_their_failure(pattern: Pattern) -> None:
    """In the log before a restart, which is where such lines are found; those of own programs as they write them."""
    for lines in situations(pattern):
        story = Story().starting(5).ended(WORKER, 1).log(WORKER, *lines, previous=True)
        story.pod(WORKER)["spec"]["containers"][0]["resources"]["limits"]["rdma/hca"] = "1"
        found = story.diagnosed()
        named = [problem.rule.code for problem in found.problems]
        expected = {"hub-unreachable": "download-failed"}.get(pattern.failure, pattern.failure)
        assert named == [expected], page(found)


@pytest.mark.parametrize("line", ["server: uvicorn", "NIM_SERVER_PORT=8000", "VLLM_API_KEY has changed"])
def test_a_line_of_somebody_else_that_begins_like_last_words_is_no_failure(line: str) -> None:
    assert Story().starting(5).log(LEADER, line).diagnosed().state == "starting"


@pytest.mark.parametrize("sentence", ["exit", "environment"])
def test_last_words_alone_name_the_failure_where_the_log_has_gone(sentence: str) -> None:
    (pattern,) = (pattern for pattern in patterns() if pattern.sentence == sentence)
    for lines in situations(pattern):
        if words := [line for line in lines if isinstance(line, LastWords)]:
            story = Story().starting(5).ended(LEADER, 1, message="\n".join(words))
            assert codes(story.diagnosed()) == [pattern.failure], words


def test_last_words_of_a_container_count_like_its_log() -> None:
    story = Story().starting(5).ended(LEADER, 1, message="leader: x\ntorch.OutOfMemoryError: CUDA out of memory. Tried")
    assert codes(story.diagnosed()) == ["gpu-memory"]


def test_what_ended_the_run_before_is_over_when_the_present_one_has_outlived_it() -> None:
    story = Story().starting(300).ended(LEADER, 1).log(LEADER, "CUDA error: out of memory", previous=True)
    assert (story.diagnosed().state, codes(story.diagnosed())) == ("starting", [])


def test_logs_of_pods_that_have_gone_count() -> None:
    story = Story().starting(3).log(LEADER, "CUDA error: out of memory", gone=True)
    assert codes(story.diagnosed()) == ["gpu-memory"]


@pytest.mark.parametrize("waited", [0.0, 30.0])
def test_a_wait_that_a_healthy_start_passes_through_is_no_failure(waited: float) -> None:
    worker, leader = unresolved_for(waited), missing_for(waited)
    found = Story().starting(waited + 5).log(WORKER, *worker).log(LEADER, *leader).diagnosed()
    assert found.state == "starting"
    assert f"{LEADER} waits for its group (for the group: joined: " in page(found)
    assert f"{WORKER} waits for its group (for the leader: the name " in page(found)


def test_a_wait_that_has_ended_is_no_failure() -> None:
    joined = run_once(lambda stage: stage.worker(*FOUND))
    assert any(" INFO worker: joined " in line for line in joined)
    story = Story().starting(200).log(WORKER, *unanswered_for(40.0), *joined)
    assert story.diagnosed().state == "starting"


def test_a_worker_that_waits_for_a_leader_without_a_node_is_not_the_cause() -> None:
    message = "0/2 nodes are available: 2 Insufficient memory."
    found = Story().starting(100).unscheduled(LEADER, message=message).log(WORKER, *unresolved_for(90.0)).diagnosed()
    assert codes(found) == ["not-enough-resources"]


def test_a_slow_load_is_not_a_failure_and_says_how_far_it_is() -> None:
    story = Story().starting(400)
    line = "Loading safetensors checkpoint shards:  12% Completed | 24/191 [01:10<08:12,  2.95s/it]"
    found = story.log(LEADER, line).diagnosed()
    assert found.state == "starting"
    assert (
        "prove-0 loads the weights (Loading safetensors checkpoint shards:  12% Completed | 24/191): 400 s of"
        in page(found)
    )


def test_a_start_beyond_its_time_without_a_known_cause_is_unknown_and_lists_what_was_seen() -> None:
    found = Story().starting(1e6).log(LEADER, "something new").diagnosed()
    assert found.state == "unknown"
    assert "none of the known failures fits" in page(found)
    assert "late: prove-0 runs" in page(found)
    assert "ends of 1 logs" in page(found)


def test_the_pull_of_a_large_image_is_on_its_way() -> None:
    story = Story().starting(300).waiting(WORKER, "ContainerCreating")
    story.event("Pulling", 'Pulling image "x"', "Pod", WORKER, ago=290)
    found = story.diagnosed()
    assert found.state == "starting"
    assert "prove-0-1 pulls its image: 290 s of 1,200 s" in page(found)


def test_a_group_that_waits_in_a_queue_is_on_its_way() -> None:
    story = Story().starting(5000).unscheduled(message="Scheduling is blocked due to non-empty scheduling gates")
    assert story.diagnosed().state == "starting"


def test_nodes_that_are_being_added_are_waited_for() -> None:
    story = Story().starting(200).unscheduled(message="0/2 nodes are available: 2 Insufficient nvidia.com/gpu.")
    story.event("TriggeredScaleUp", "pod triggered scale-up", "Pod", LEADER)
    story.event("TriggeredScaleUp", "pod triggered scale-up", "Pod", WORKER)
    assert story.diagnosed().state == "starting"


def test_a_webhook_that_is_down_is_a_warning_while_the_model_serves() -> None:
    story = Story()
    story.objects["controllerEndpoints"][0]["endpoints"] = []
    found = story.diagnosed()
    assert (found.state, codes(found)) == ("serving", [])
    assert "warning: webhook-down" in page(found)


def test_rdma_that_is_not_used_is_a_warning() -> None:
    story = Story().log(LEADER, "NCCL INFO Using network Socket")
    assert story.diagnosed().problems == ()
    story.pod(LEADER)["spec"]["containers"][0]["resources"]["limits"]["rdma/hca"] = "1"
    assert [problem.rule.code for problem in story.diagnosed().warnings] == ["nccl-over-tcp"]


FORBIDDEN = (
    "nodes",
    "load",
    "leases",
    "classes",
    "claims",
    "webhooks",
    "controllerEndpoints",
    "dns",
    "events",
    "secrets",
)


@pytest.mark.parametrize("part", FORBIDDEN)
def test_what_may_not_be_read_is_no_failure(part: Part) -> None:
    found = Story().starting(20).unreadable(part).diagnosed()
    assert found.state == "starting", page(found)
    assert f"{part}: forbidden" in page(found)


def test_the_scheduler_is_believed_where_nodes_may_not_be_read() -> None:
    for message, code in (
        ("0/3 nodes are available: 3 Insufficient nvidia.com/gpu.", "too-few-gpus"),
        ("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", "selector"),
        ("0/3 nodes are available: 3 node(s) had untolerated taint {gpu: yes}.", "taint"),
    ):
        assert codes(Story().starting(60).unscheduled(message=message).unreadable("nodes").diagnosed()) == [code]


def test_each_failure_has_one_place_in_the_order() -> None:
    assert [failure.code for failure in all_failures()] == list(FAILURES.order)


def test_the_page_of_all_failures_is_written_from_them(
    written_file: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    written_file("docs/troubleshooting.md", document())
    assert main(["failures", "--markdown"]) == 0
    assert capsys.readouterr().out == document()


@pytest.mark.parametrize(
    ("name", "code"), [("healthy-serving", 0), ("healthy-starting", 0), ("taint", 1), ("missing-claim", 1)]
)
def test_the_command_judges_a_file_and_its_exit_code_says_how(
    name: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", "--from", str(RECORDED / f"{name}.json"), "--json"]) == code
    said = json.loads(capsys.readouterr().out)
    assert (said["state"] in ("serving", "starting")) == (code == 0)


def test_a_start_that_nobody_can_explain_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    Story().starting(1e6).snapshot.save(tmp_path / "late.json")
    assert main(["diagnose", "--from", str(tmp_path / "late.json")]) == 4


@pytest.mark.parametrize("text", [None, "{}", "nonsense", '{"format": 99}'])
def test_a_file_that_is_no_snapshot(text: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "seen.json"
    if text is not None:
        file.write_text(text)
    assert main(["diagnose", "--from", str(file)]) == 2
    assert "is no snapshot" in capsys.readouterr().err


def test_an_engine_that_was_killed_is_said_to_lack_memory() -> None:
    for code in (-9, 137):
        lines = run_once(partial(broken, what=how_it_ended("vLLM", code)))
        found = Story().starting(30).log(LEADER, *lines).diagnosed()
        assert codes(found) == ["engine-failed"]
        assert "for lack of memory" in found.failures[0].instead


@pytest.mark.parametrize(
    ("token", "do"),
    [
        pytest.param({}, "Set one: ", id="no token"),
        pytest.param({"HF_TOKEN": "hf_x"}, "See that the token is valid", id="a token"),
    ],
)
def test_a_refusal_of_the_hub_is_judged_by_whether_there_was_a_token(token: dict[str, str], do: str) -> None:
    lines = run_once(lambda stage: failed(stage, error("GatedRepoError", "restricted", 403), **token))
    found = Story().starting(30).log(LEADER, *lines).diagnosed()
    assert codes(found) == ["hub-refuses-token"]
    assert found.failures[0].instead.startswith(do)
