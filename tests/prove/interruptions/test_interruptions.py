"""The matrix `interruptions`: the engine is killed with all its processes, at moments spread over the run.

Each row begins with nothing. An `up` is killed, `nim-stack recover` writes the state right, the next `up` converges
and one more changes nothing; then the same with `destroy`, after which the cluster has what it had before. Moments are
drawn from the length of an uninterrupted run, each row from its own part of it.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from lab import deployment, stacks
from lab.console import say
from lab.deployment import PROMPT, until
from lab.interrupted import Interrupted, inventory, killed
from lab.observe import Leader
from nim_stack.base.documents import Json

pytestmark = [pytest.mark.cluster, pytest.mark.prove]
_SEED = 20
_CHANGE: Mapping[str, Any] = {"maxModelLen": 256, "pods": {"labels": {"changed": "yes"}}}


@dataclass(frozen=True)
class _Row:
    name: str
    groups: int
    part: int
    parts: int
    update: bool = False
    """Whether the `up` that is killed is that of a change."""
    up_next: bool = False
    """Whether an `up` follows the killed `destroy`, before the one that ends it."""

    def moment(self, of: str, length: float) -> float:
        """Seconds after the start of the run, which takes so long when nobody interrupts it."""
        share = (self.part + random.Random(f"{_SEED} {self.name} {of}").random()) / self.parts
        return 0.3 + 0.92 * share * (length - 0.3)


ROWS = (
    *(_Row(f"up-and-destroy-{n + 1}", 0, n, 5, up_next=n % 2 == 1) for n in range(5)),
    *(_Row(f"group-{n + 1}", 1, n, 4, up_next=n == 2) for n in range(4)),
    *(_Row(f"change-{n + 1}", 0, n, 2, update=True) for n in range(2)),
)


class Uninterrupted:
    """What the cluster has before the stack; how long uninterrupted runs take, and what they make, by groups."""

    def __init__(self) -> None:
        self._before = inventory(definitions=False)
        foreign = [name for name in self._before if "lws-system" in name]
        assert not foreign, "there is an LWS that no stack here installed"
        self._lengths: dict[tuple[str, int], float] = {}
        self._wholes: dict[int, set[str]] = {}

    def length(self, of: str, groups: int) -> float:
        """Seconds of a run: `up`, `update` or `destroy`."""
        self._measure(groups)
        return self._lengths[of, groups]

    def same(self, groups: int, when: str) -> None:
        """The cluster has what an uninterrupted `up` makes, and nothing else."""
        self._measure(groups)
        wanted, found = self._wholes[groups], inventory()
        assert found == wanted, f"{when}: missing {sorted(wanted - found)}, too much {sorted(found - wanted)}"

    def nothing_left(self) -> None:
        """What the stack made is gone; the CRDs stay by design."""
        until("nothing is left", lambda: inventory(definitions=False) == self._before, 30)

    def _measure(self, groups: int) -> None:
        """One run of each kind."""
        if ("up", groups) in self._lengths:
            return
        with Interrupted(replicas=groups) as stack:
            for of, words in (("up", "up"), ("update", "up"), ("destroy", "destroy")):
                if of == "update":
                    self._wholes[groups] = inventory()
                    if groups:
                        continue
                    stack.configure(**_CHANGE)
                started = time.monotonic()
                stack.pulumi(words)
                self._lengths[of, groups] = time.monotonic() - started
        self.nothing_left()
        said = ", ".join(f"{of} {seconds:.1f} s" for (of, _), seconds in self._lengths.items())
        say(f"    uninterrupted, {groups} groups: {said}")


@pytest.fixture(scope="module")
def runs(lab: None) -> Uninterrupted:
    """No LWS, but perhaps its CRDs."""
    for other in (stacks.dev(), deployment.owner()):
        if other.file.exists():
            other.unlock()
            other.pulumi("destroy", "--yes", "--skip-preview")
    with Interrupted(replicas=0):  # and nothing of a run that was broken off
        pass
    return Uninterrupted()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: _Row, runs: Uninterrupted, record_property: Callable[[str, object], None]) -> None:
    runs.length("up", row.groups)  # before the stack of the row is there
    measured: Json = {}
    with Interrupted(replicas=row.groups) as stack:
        if row.update:
            stack.pulumi("up")
            stack.configure(**_CHANGE)
        measured["up"] = _interrupt(stack, row, "update" if row.update else "up", "up", runs)
        stack.pulumi("up")
        stack.pulumi("up", "--expect-no-changes")
        runs.same(row.groups, "with the stack")
        if row.groups:
            measured["completion"] = Leader.of(stack.stack.outputs()["endpoint"]).chat(PROMPT)
            assert measured["completion"].strip()
        measured["destroy"] = _interrupt(stack, row, "destroy", "destroy", runs)
        if row.up_next:
            stack.pulumi("up")
            stack.pulumi("up", "--expect-no-changes")
            runs.same(row.groups, "with the stack again")
        stack.pulumi("destroy")
        runs.nothing_left()
    record_property("measured", measured)


def _interrupt(stack: Interrupted, row: _Row, of: str, words: str, runs: Uninterrupted) -> Json:
    length = runs.length(of, row.groups)
    moment = row.moment(of, length)
    ended = killed(stack, words, moment)
    report = stack.recover()
    outcomes: dict[str, int] = {}
    for operation in report["operations"]:
        key = f"{operation['operation']}: {operation['outcome']}"
        outcomes[key] = outcomes.get(key, 0) + 1
    return {
        "killedAfter": round(moment, 1),
        "of": round(length, 1),
        "endedBefore": ended,
        "locked": bool(report["freed"]),
        "found": outcomes,
    }
