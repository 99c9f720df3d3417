"""A group whose pods are ready, and the Job that asked it for a completion."""

import pytest

from nim_stack.manifests.smoke_job import SMOKE
from nim_stack.operations.diagnosis.page import page
from nim_stack.operations.observing.snapshot import Log
from tests.unit.stories import NAME, Story, codes
from tests.unit.words.programs import SMOKES

JOB = f"{NAME}-smoke-0123456789"
REFUSED = SMOKES["refused"][0]


def asked(*said: str, job: str = JOB, ended: str = "Failed", ago: float = 60) -> Story:
    """The recorded healthy group, and a Job that has asked it."""
    return also_asked(ready(Story(), ago + 400), *said, job=job, ended=ended, ago=ago)


def ready(story: Story, ago: float) -> Story:
    """The pods are, for so long."""
    for pod in story.objects["pods"]:
        for condition in pod["status"]["conditions"]:
            condition["lastTransitionTime"] = story.ago(ago)
    return story


def also_asked(story: Story, *said: str, job: str = JOB, ended: str = "Failed", ago: float = 60) -> Story:
    condition = {"type": ended, "status": "True", "reason": "Why", "lastTransitionTime": story.ago(ago)}
    meta = {"name": job, "labels": SMOKE, "creationTimestamp": story.ago(ago + 300)}
    story.objects["jobs"].append({"metadata": meta, "status": {"conditions": [condition]}})
    if said:
        lines = tuple((story.ago(ago), line) for line in said)
        story.logs.append(Log(f"{job}-x7k2p", "smoke", "smoke", False, lines))
    return story


@pytest.mark.parametrize("situation", SMOKES)
def test_the_last_words_of_the_job_say_what_to_do(situation: str) -> None:
    say, do = SMOKES[situation]
    lines = say()
    assert len(lines) == 2, "one while it tries again, and one at its end"
    for line in lines:
        found = asked(line).diagnosed()
        assert (found.state, codes(found)) == ("failing", ["no-completion"])
        problem = found.failures[0]
        assert do in problem.instead
        assert problem.why == f"the Job {JOB} got none, 60 s ago"
        assert line.partition(": ")[2] in problem.evidence[0]
        assert "prove/prove does not serve: The pods are ready, and a client got no completion." in page(found)


def test_a_policy_is_shown_where_nothing_answers() -> None:
    story = asked(*SMOKES["timed out"][0]())
    story.objects["policies"] = [{"metadata": {"name": "deny-all"}, "spec": {}}]
    assert "NetworkPolicy deny-all" in story.diagnosed().failures[0].evidence


def test_a_job_that_found_no_room_is_a_warning() -> None:
    story = asked()
    story.event("FailedScheduling", "0/2 nodes are available: 2 Insufficient cpu.", "Pod", f"{JOB}-x7k2p", ago=600)
    story.event("FailedScheduling", "0/2 nodes are available: 2 too many pods.", "Pod", f"{NAME}-0", ago=600)
    found = story.diagnosed()
    assert found.state == "serving"
    (problem,) = found.warnings
    assert problem.rule.code == "not-asked"
    assert [word for word in ("Insufficient cpu", "too many pods") if word in str(problem.evidence)] == [
        "Insufficient cpu"
    ]
    assert "nim.smoke" in problem.instead


def test_a_later_job_that_got_one_makes_up_for_it() -> None:
    story = also_asked(asked(*REFUSED(), ago=900), job=f"{NAME}-smoke-later", ended="Complete")
    assert (story.diagnosed().state, story.diagnosed().problems) == ("serving", ())


def test_pods_that_became_ready_after_it_were_not_asked() -> None:
    story = ready(asked(*REFUSED(), ago=60), 30)
    assert (story.diagnosed().state, story.diagnosed().problems) == ("serving", ())


def test_while_pods_are_not_ready_they_are_the_failure() -> None:
    story = also_asked(Story().starting(20), *REFUSED())
    assert (story.diagnosed().state, codes(story.diagnosed())) == ("starting", [])
