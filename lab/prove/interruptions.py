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

from lab import stacks
from lab.console import say
from lab.observe import Leader
from lab.prove import deployment
from lab.prove.deployment import PROMPT, Json, until
from lab.prove.interrupted import Interrupted, inventory, killed
from lab.prove.matrix import Matrix

_SEED = 20


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

    def moment(self, of: str) -> float:
        """Seconds after the start of the run."""
        share = (self.part + random.Random(f"{_SEED} {self.name} {of}").random()) / self.parts
        return 0.3 + 0.92 * share * (_length(of, self.groups) - 0.3)


def _rows() -> tuple[_Row, ...]:
    plain = [_Row(f"up-and-destroy-{n + 1}", 0, n, 5, up_next=n % 2 == 1) for n in range(5)]
    served = [_Row(f"group-{n + 1}", 1, n, 4, up_next=n == 2) for n in range(4)]
    changed = [_Row(f"change-{n + 1}", 0, n, 2, update=True) for n in range(2)]
    return (*plain, *served, *changed)


_lengths: dict[tuple[str, int], float] = {}
_before: set[str] = set()
_wholes: dict[int, set[str]] = {}
"""What the cluster has with the stack, by number of groups."""
_CHANGE: Mapping[str, Any] = {"maxModelLen": 256, "pods": {"labels": {"changed": "yes"}}}


def _length(of: str, groups: int) -> float:
    return _lengths[of, groups]


def _measure(groups: int) -> None:
    """One run of each kind that nobody interrupts."""
    if ("up", groups) in _lengths:
        return
    with Interrupted(replicas=groups) as stack:
        for of, words in (("up", "up"), ("update", "up"), ("destroy", "destroy")):
            if of == "update":
                _wholes[groups] = inventory()
                if groups:
                    continue
                stack.configure(**_CHANGE)
            started = time.monotonic()
            stack.pulumi(words)
            _lengths[of, groups] = time.monotonic() - started
    _nothing_left()
    say(f"    uninterrupted, {groups} groups: " + ", ".join(f"{k[0]} {v:.1f} s" for k, v in _lengths.items()))


def _nothing_left() -> None:
    """What the stack made is gone; the CRDs stay by design."""
    until("nothing is left", lambda: inventory(definitions=False) == _before, 30)


def _prove(row: _Row) -> Callable[[], Json]:
    def prove() -> Json:
        _measure(row.groups)
        measured: Json = {}
        with Interrupted(replicas=row.groups) as stack:
            if row.update:
                stack.pulumi("up")
                stack.configure(**_CHANGE)
            measured["up"] = _interrupt(stack, row, "update" if row.update else "up", "up")
            stack.pulumi("up")
            stack.pulumi("up", "--expect-no-changes")
            _same(_wholes[row.groups], "with the stack")
            if row.groups:
                measured["completion"] = Leader.of(stack.stack.outputs()["endpoint"]).chat(PROMPT)
                assert measured["completion"].strip()
            measured["destroy"] = _interrupt(stack, row, "destroy", "destroy")
            if row.up_next:
                stack.pulumi("up")
                stack.pulumi("up", "--expect-no-changes")
                _same(_wholes[row.groups], "with the stack again")
            stack.pulumi("destroy")
            _nothing_left()
        return measured

    return prove


def _interrupt(stack: Interrupted, row: _Row, of: str, words: str) -> Json:
    moment = row.moment(of)
    ended = killed(stack, words, moment)
    report = stack.recover()
    outcomes: dict[str, int] = {}
    for operation in report["operations"]:
        key = f"{operation['operation']}: {operation['outcome']}"
        outcomes[key] = outcomes.get(key, 0) + 1
    return {
        "killedAfter": round(moment, 1),
        "of": round(_length(of, row.groups), 1),
        "endedBefore": ended,
        "locked": bool(report["freed"]),
        "found": outcomes,
    }


def _same(wanted: set[str], when: str) -> None:
    found = inventory()
    assert found == wanted, f"{when}: missing {sorted(wanted - found)}, too much {sorted(found - wanted)}"


def _prepare() -> None:
    """No LWS, but perhaps its CRDs."""
    for other in (stacks.dev(), deployment.owner()):
        if other.file.exists():
            other.unlock()
            other.pulumi("destroy", "--yes", "--skip-preview")
    with Interrupted(replicas=0):  # and nothing of a run that was broken off
        pass
    _before.clear()
    _before.update(inventory(definitions=False))
    assert not [name for name in _before if "lws-system" in name], "there is an LWS that no stack here installed"


MATRIX = Matrix(
    "interruptions",
    "the engine killed at any moment, and what the next run made of it",
    {row.name: _prove(row) for row in _rows()},
    _prepare,
)
