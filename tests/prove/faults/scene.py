"""A fault on the scene: a group on the cluster that serves, what is done to it, and what follows."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from lab.console import LabError
from lab.deployment import until
from lab.engine.faults import Fault, Role, inject
from lab.observe import Leader, first_process, kubectl
from tests.prove.faults import pods
from tests.prove.faults.outcome import Outcome
from tests.prove.faults.pods import PodWatch, Sight
from tests.prove.requests import Clients, Load, Request, clients, first_answer, first_failure, overlapping

STEADY = Load(clients=2, pause=0.2, tokens=48, timeout=600)
"""The time-out is longer than anything here takes: how long a client waits is measured, not cut off."""

ASKING = Load(clients=1, pause=0.2, tokens=4, timeout=10)
"""After a fault without load: when is the first answer?"""

AFTER_SECONDS = 1.0
POLL_SECONDS = 0.05
SEEN_SECONDS = 10.0
GROUP_SIZE = 2


@dataclass(frozen=True)
class Place:
    """Where a group is, and how long it may take to come back."""

    namespace: str
    group: str
    service: Leader
    settle: float
    """Seconds of serving after which a fault is the first of its row."""

    limit: float = 240.0
    requests_tell: bool = False
    """Whether a failed request counts as noticed, for those whose readiness says little."""


class Scene:
    """One group under observation."""

    def __init__(self, place: Place, watch: PodWatch, model: str, load: Clients | None) -> None:
        self.place, self.model, self._watch, self._load = place, model, watch, load

    def pods(self) -> list[Sight]:
        """Those that are there, the leader first."""
        return pods.there(self._watch.sights())

    def first_processes(self) -> Mapping[Role, int]:
        """Of the leader and of its worker."""
        found = self.pods()
        if len(found) != 2 or not found[0].leader:
            raise LabError(f"not a group of a leader and a worker: {[one.name for one in found]}")
        return {"leader": first_process(found[0].container), "worker": first_process(found[1].container)}

    def _requests(self) -> list[Request]:
        return self._load.requests() if self._load else []

    def suffer(self, fault: Fault, strike: Callable[["Scene"], Callable[[], None]] | None = None) -> Outcome:
        """Bring the fault about while the group serves, and follow it until the group answers again.

        Args:
            strike: brings it about and returns what undoes it; without one, signals and queues as the fault says.
        """
        until("the leader is in service", lambda: any(one.leader and one.in_service for one in self.pods()), 120)
        if self._load:
            since = time.monotonic()
            until("completions under load", lambda: first_answer(self._requests(), since), 60)
        time.sleep(self.place.settle)
        before = {one.uid: one.container for one in self.pods()}
        with ExitStack() as undoing:
            began = time.monotonic()
            undo = strike(self) if strike else inject(fault, self.first_processes())
            undoing.callback(undo)
            if fault.lasts:
                time.sleep(fault.lasts)
                undoing.close()
            over = time.monotonic() if fault.lasts else began
            noticed = self._until("noticed", lambda: self._noticed(began))
            went = began
            if fault.restarts == "pod":
                # A leader that was asked to leave still answers for a while.
                went = self._until("the old pods are gone", lambda: pods.all_gone(self._watch.sights(), list(before)))
            serving = self._serving(max(noticed, over, went))
        time.sleep(AFTER_SECONDS)
        after = {one.uid: one.container for one in self.pods()}
        return Outcome(
            noticed - began,
            serving - over,
            overlapping(self._requests(), began),
            len(after.keys() - before.keys()),
            sum(before[uid] != container for uid, container in after.items() if uid in before),
            went - began,
        )

    def _noticed(self, since: float) -> float | None:
        found = [pods.out_of_service(self._watch.sights(), since)]
        if self.place.requests_tell:
            found.append(first_failure(self._requests(), since))
        return min((at for at in found if at is not None), default=None)

    def _serving(self, since: float) -> float:
        """When the first completion sent after this moment was answered."""
        if self._load:
            return self._until("answers", lambda: first_answer(self._requests(), since))
        with clients(self.place.service, self.model, ASKING) as one:
            return self._until("answers", lambda: first_answer(one.requests(), since))

    def _until(self, what: str, check: Callable[[], float | None]) -> float:
        moment: float = until(what, check, self.place.limit, POLL_SECONDS)
        return moment


@contextmanager
def scene(place: Place, *, load: bool) -> Iterator[Scene]:
    """Watch a group that serves, with or without clients, for a while."""
    model = json.loads(place.service.request("/v1/models"))["data"][0]["id"]
    with ExitStack() as ends:
        watch = PodWatch(place.namespace, place.group)
        ends.callback(watch.close)
        until("the pods are seen", lambda: len(pods.there(watch.sights())) == GROUP_SIZE, SEEN_SECONDS, POLL_SECONDS)
        running = ends.enter_context(clients(place.service, model, STEADY)) if load else None
        yield Scene(place, watch, model, running)


def delete(role: Role) -> Callable[[Scene], Callable[[], None]]:
    """Deletes the pod of a role, as an eviction or a person does."""

    def strike(on: Scene) -> Callable[[], None]:
        name = next(one.name for one in on.pods() if one.leader == (role == "leader"))
        kubectl("delete", "pod", name, "-n", on.place.namespace, "--wait=false")
        return lambda: None

    return strike
