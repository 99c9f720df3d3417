"""What `nim-stack diagnose` says of the deployment under proof, asked again and again until the expected is named.

Whatever is named before that is kept: a failure that this group does not have is a wrong verdict, unless the row
allows it.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from lab.deployment import GROUP, NAMESPACE
from lab.inside import inside
from lab.paths import STATE
from lab.pki import kubeconfig
from nim_stack.base.documents import Json
from nim_stack.operations.cluster.reader import connect
from nim_stack.operations.diagnosis.verdict import Diagnosis, diagnose
from nim_stack.operations.observing.gathering import watch
from nim_stack.operations.observing.snapshot import Snapshot
from nim_stack.settings import Cluster
from tests.prove.failures.provoked import Provoked

SEEN = STATE / "snapshots"
"""Each row's last snapshot, for a test's fixture or for reading why a row failed."""


@dataclass(frozen=True)
class _Look:
    seconds: float

    def __call__(self) -> Snapshot:
        return watch(connect(Cluster(kubeconfig=str(kubeconfig()))), NAMESPACE, GROUP, self.seconds)


def look(seconds: float = 0) -> Diagnosis:
    """The diagnosis of the deployment under proof."""
    return diagnose(inside(_Look(seconds)))


def named(it: Provoked, row: str) -> Json:
    """Look until the expected failure is the first that is named, and no other that the row does not allow."""
    started, wrong = time.monotonic(), set()
    found = look()
    while time.monotonic() < started + it.within:
        found = look(it.watch)
        codes = [problem.rule.code for problem in found.failures]
        if codes[:1] == [it.expected]:
            break
        wrong |= set(codes) - it.beside - {it.expected}
        time.sleep(1)
    found.observed.snapshot.save(seen(row))
    codes = [problem.rule.code for problem in found.failures]
    assert codes[:1] == [it.expected], f"named: {codes or found.state}, expected {it.expected}"
    also = set(codes) - {it.expected} - it.beside
    assert not also | wrong, f"wrong verdicts: {sorted(also | wrong)}"
    first = found.failures[0]
    assert first.evidence
    assert first.instead
    return {"named": codes, "what": first.why, "seconds": round(time.monotonic() - started, 1)}


def seen(name: str) -> Path:
    """Where a row's last snapshot goes."""
    SEEN.mkdir(exist_ok=True)
    return SEEN / f"{name}.json"
