"""What a fault led to, against what may come of it."""

import statistics
from dataclasses import dataclass

from lab.engine.faults import Fault
from nim_stack.base.documents import Json
from tests.prove.requests import Request

SLOWER = 1.3
"""Serving again may take this much longer than the same start by hand."""


PROBE_SECONDS = 1.0
"""The kubelet asks once a second, so a pod is unready this much later than its supervisor says so at most."""

_ONLY_STOPPED = ("stop", "hang")


@dataclass(frozen=True)
class Start:
    """Seconds of a start by hand, without Kubernetes and without a supervisor, on this machine at this time."""

    ray: float
    engine: float

    @property
    def group(self) -> float:
        return self.ray + self.engine

    @classmethod
    def median(cls, runs: list["Start"]) -> "Start":
        return cls(statistics.median(run.ray for run in runs), statistics.median(run.engine for run in runs))


@dataclass(frozen=True)
class Outcome:
    """Seconds from the fault, or from its end where it lasts; of the requests that were sent or waiting since."""

    noticed: float
    serving: float
    requests: list[Request]
    made_anew: int
    """Pods that are others than before."""

    restarted: int
    """Pods that are the same, with another container."""

    termination: float = 0.0
    """Until every pod that had to go was gone."""

    @property
    def failed(self) -> int:
        return sum(one.error is not None for one in self.requests)

    @property
    def longest(self) -> float:
        return round(max((one.seconds for one in self.requests), default=0.0), 1)

    def measured(self) -> Json:
        """As the evidence has it."""
        found: Json = {"noticed_s": round(self.noticed, 1), "serving_again_s": round(self.serving, 1)}
        if self.requests:
            found |= {"requests": len(self.requests), "failed_requests": self.failed}
            found["longest_request_s"] = self.longest
        if self.termination:
            found["termination_s"] = round(self.termination, 1)
        return {**found, "pods_made_anew": self.made_anew, "containers_restarted": self.restarted}


def bound(fault: Fault, outcome: Outcome, start: Start) -> float:
    """Seconds within which the group has to serve again.

    A killed process counts from its end; one that only stopped, from when that was noticed; what lasts, from its end.
    """
    again = SLOWER * (start.engine if fault.restarts == "engine" else start.group)
    late = outcome.noticed if fault.means in _ONLY_STOPPED else 0.0
    return round(again + late + outcome.termination, 1)


def notice(fault: Fault) -> float:
    """Seconds within which no request may be sent to the leader any more.

    For a process that only stopped it is the supervisor's own bound; the kubelet's question comes on top.
    """
    return fault.notice + (PROBE_SECONDS if fault.means in _ONLY_STOPPED else 0.0)


def judge(fault: Fault, outcome: Outcome, start: Start) -> Json:
    """What is written down.

    Raises:
        AssertionError: a bound was not kept; it has all that was measured.
    """
    limit, soon = bound(fault, outcome, start), notice(fault)
    measured = {**outcome.measured(), "bound_s": limit, "floor": {"ray_s": start.ray, "engine_s": start.engine}}
    broken = []
    if outcome.noticed > soon:
        broken.append(f"noticed after {outcome.noticed:.1f} s, not within {soon:.0f} s")
    if outcome.serving > limit:
        broken.append(f"serving again after {outcome.serving:.1f} s, not within {limit:.1f} s")
    # Who waits on a connection that a freeze or a cut has silenced waits until it is over.
    if not fault.lasts and outcome.longest > soon + limit:
        broken.append(f"a client waited {outcome.longest:.1f} s, longer than {soon + limit:.1f} s")
    if fault.restarts != "pod" and (outcome.made_anew or outcome.restarted):
        broken.append(f"{outcome.made_anew} pods made anew and {outcome.restarted} restarted, none had to be")
    assert not broken, f"{'; '.join(broken)}; measured: {measured}"
    return measured
