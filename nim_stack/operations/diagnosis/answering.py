"""Failures of a group whose pods are all ready: a client asked for a completion through the Service and got none.

The client is the Job at the end of `up`, which stays when it failed; pods that became ready after it are others than it
asked.
"""

import re
from collections.abc import Iterator

from nim_stack.base.documents import Json
from nim_stack.base.problems import Finding
from nim_stack.manifests.smoke_job import SMOKE
from nim_stack.operations.diagnosis.failure import all_ready, failure, sign, some
from nim_stack.operations.diagnosis.observed import ObservedDeployment, stated
from nim_stack.operations.diagnosis.view import condition

_SAID = re.compile(r"no completion (?:yet|came): (?P<why>.+)")
"""The line is written by nim_stack/manifests/programs/smoke_client.py."""
_NEVER_RAN = ("FailedScheduling", "FailedCreate", "Failed", "BackOff", "FailedMount")
_HOUR = 3600.0

_WHAT_TO_DO = (
    (r"HTTP 40[13]\b", "The API wants a key that the Job has not: give VLLM_API_KEY under nim.env, from a Secret."),
    (r"the API serves .* and not ", "Correct nim.servedModelName: clients ask for the first of its names."),
    (r"HTTP \d|has no token", "Read the leader's log: the engine is up, and refuses or fails the request."),
    (r"[Nn]ame or service not known|name resolution|Name has no", "See that the cluster's DNS answers here."),
    (
        r"timed out|refused|reset|unreachable|[Nn]o route|closed connection",
        "Let pods of this namespace reach the leaders through the Service: see NetworkPolicies, the service mesh, and "
        "that the Service has endpoints (`kubectl get endpointslices`).",
    ),
)  # fmt: skip
_AGAIN = "`nim-stack smoke` asks once more, and the next `pulumi up` makes the failed Job anew."


@failure(
    "no-completion",
    "The pods are ready, and a client got no completion",
    cause="The Job that asks for a completion through the leader Service got none: the API refused it, or it could not "
    "reach a leader.",
    cure="Do what the Job's last words ask for, then `nim-stack smoke`, and `pulumi up`, which makes the Job anew.",
    applies=all_ready,
)
def no_completion(observed: ObservedDeployment) -> Iterator[Finding]:
    if (job := _failed(observed)) and (last_words := _last_words(observed, job)):
        do = next((do for known, do in _WHAT_TO_DO if re.search(known, last_words)), "Read the Job's log.")
        policies = [f"NetworkPolicy {item['metadata']['name']}" for item in observed.snapshot.get("policies")]
        seen = (f"log of {_name(job)}: {stated(last_words)}", *(some(policies) if "NetworkPolic" in do else ()))
        yield sign(f"the Job {_name(job)} got none, {_ended(observed, job):.0f} s ago", seen, f"{do} {_AGAIN}")


@failure(
    "not-asked",
    "The pods are ready, and the Job that asks for a completion failed before it had an answer",
    cause="It found no room to run, its pod was refused, or it was still running at its deadline.",
    cure="Make room for its pod, which needs next to nothing and no GPU, or set nim.smoke to false.",
    severity="warning",
    applies=all_ready,
)
def not_asked(observed: ObservedDeployment) -> Iterator[Finding]:
    if (job := _failed(observed)) and not _last_words(observed, job):
        events = observed.recent(*_NEVER_RAN, seconds=_HOUR)
        why = [stated(str(event)) for event in events if event.about[1].startswith(_name(job))]
        ended = condition(job, "Failed")
        seen = some([*why, f"Job {_name(job)} failed: {ended.get('reason', '')}: {ended.get('message', '')}"])
        do = "Make room for its pod, which needs next to nothing and no GPU, or set nim.smoke to false."
        yield sign(f"the Job {_name(job)} failed {_ended(observed, job):.0f} s ago", seen, f"{do} {_AGAIN}")


def _failed(observed: ObservedDeployment) -> Json | None:
    """The newest Job, if it failed and the pods that it asked are still those that are ready."""
    jobs = [
        job for job in observed.snapshot.get("jobs") if SMOKE.items() <= (job["metadata"].get("labels") or {}).items()
    ]
    newest = max(jobs, key=lambda job: str(job["metadata"]["creationTimestamp"]), default=None)
    if newest is None or condition(newest, "Failed").get("status") != "True":
        return None
    ready = (observed.age(condition(pod.raw, "Ready").get("lastTransitionTime")) for pod in observed.pods)
    return newest if _ended(observed, newest) <= min(ready, default=float("inf")) else None


def _name(job: Json) -> str:
    return str(job["metadata"]["name"])


def _ended(observed: ObservedDeployment, job: Json) -> float:
    """Seconds since the Job ended."""
    return observed.age(condition(job, "Failed").get("lastTransitionTime"))


def _last_words(observed: ObservedDeployment, job: Json) -> str:
    lines = [text for log in observed.snapshot.logs if log.pod.startswith(f"{_name(job)}-") for _, text in log.lines]
    found = (match for line in reversed(lines) if (match := _SAID.search(line)))
    return next((match["why"] for match in found), "")
