"""The matrix `failures`: what `nim-stack diagnose` knows, provoked for real and named; and nothing on a healthy group.

A row breaks one thing, deploys without waiting, and looks until the expected failure is named first. Whatever is named
before that is kept: a failure that this group does not have is a wrong verdict, unless the row allows it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab import environment, network
from lab.console import LabError
from lab.inside import inside
from lab.observe import get, kubectl
from lab.paths import REPO, STATE
from lab.pki import kubeconfig
from lab.prove import provoke
from lab.prove.deployment import GROUP, NAMESPACE, Deployment, Json, install_lws, remove_lws, until
from lab.prove.failure_rows import PROVOKED, Provoked
from lab.prove.matrix import Matrix
from nim_stack.diagnosis.verdict import Diagnosis, diagnose
from nim_stack.observing.gathering import watch
from nim_stack.observing.reader import connect
from nim_stack.observing.snapshot import Snapshot
from nim_stack.settings import Cluster

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


def _named(it: Provoked, row: str) -> Json:
    started, wrong = time.monotonic(), set()
    found = look()
    while time.monotonic() < started + it.within:
        found = look(it.watch)
        codes = [verdict.failure.code for verdict in found.failures]
        if codes[:1] == [it.expected]:
            break
        wrong |= set(codes) - it.beside - {it.expected}
        time.sleep(1)
    SEEN.mkdir(exist_ok=True)
    found.case.snapshot.save(SEEN / f"{row}.json")
    codes = [verdict.failure.code for verdict in found.failures]
    assert codes[:1] == [it.expected], f"named: {codes or found.state}, expected {it.expected}"
    also = set(codes) - {it.expected} - it.beside
    assert not also | wrong, f"wrong verdicts: {sorted(also | wrong)}"
    first = found.failures[0].sign
    assert first.evidence
    assert first.do
    return {"named": codes, "what": first.what, "seconds": round(time.monotonic() - started, 1)}


def _row(name: str, it: Provoked) -> Callable[[], Json]:
    def prove() -> Json:
        wait = {"wait": it.later is not None}
        with Deployment(**it.settings, **wait) as deployed:
            for secret, value in it.secrets.items():
                deployed.stack.rotate(secret, value)
            with it.broken():
                code, text = deployed.stack.attempt("up", "--yes", "--skip-preview")
                assert (code != 0) == it.fails, text[-3000:]
                if it.later is None:
                    return _named(it, name)
                with it.later():
                    return _named(it, name)

    return prove


def healthy() -> Json:
    """While a group starts and when it serves, no failure is named."""
    with Deployment(wait=False) as deployed:
        deployed.up()
        states: list[str] = []
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and states[-1:] != ["serving"]:
            found = look()
            named = [verdict.failure.code for verdict in found.verdicts]
            assert not named, f"named on a healthy group: {named} in state {found.state}"
            assert found.state in ("starting", "serving"), (found.state, [str(step) for step in found.steps])
            if states[-1:] != [found.state]:
                found.case.snapshot.save(_seen(f"healthy-{found.state}"))
                states.append(found.state)
            time.sleep(1)
        assert states[-1:] == ["serving"], states
        return {"states": states}


def _seen(name: str) -> Any:
    SEEN.mkdir(exist_ok=True)
    return SEEN / f"{name}.json"


def rolling() -> Json:
    """While an update replaces a group, no failure is named."""
    with Deployment() as deployed:
        deployed.up()
        deployed.configure(maxModelLen=256, wait=False)
        deployed.up()
        looks = 0

        def serves() -> bool:
            nonlocal looks
            looks += 1
            found = look()
            named = [verdict.failure.code for verdict in found.failures]
            assert not named, f"named during an update: {named}"
            return found.state == "serving"

        time.sleep(2)
        until("the new group serves", serves, 180, pause=1)
        return {"looks": looks}


def absent() -> Json:
    """Without LWS, and with its CRDs alone."""
    remove_lws()
    try:
        without_controller = look().failures
        kept = get("crd", _CRD)
        kubectl("delete", "crd", _CRD)
        without_kind = look()
        without_kind.case.snapshot.save(_seen("lws-absent"))
        assert without_kind.failures[0].failure.code == "lws-absent", without_kind.document
        assert without_controller[0].failure.code == "lws-absent"
        return {"named": "lws-absent", "the CRD was kept by the uninstall": kept["metadata"]["name"] == _CRD}
    finally:
        install_lws()


_CRD = "leaderworkersets.leaderworkerset.x-k8s.io"


def crash_loop() -> Json:
    """A container that ends at once, in a group of its own; its logs go with its pods."""
    with Deployment() as _:
        container = {"name": "nim", "image": "localhost/nim-lab/open-nim:cpu-stand-in", "imagePullPolicy": "Never"}
        container |= {"command": ["sh", "-c", "echo nothing that is known; exit 3"]}  # type: ignore[dict-item]
        template = {"spec": {"containers": [container]}}
        group = {
            "apiVersion": "leaderworkerset.x-k8s.io/v1",
            "kind": "LeaderWorkerSet",
            "metadata": {"name": GROUP, "namespace": NAMESPACE},
            "spec": {
                "replicas": 1,
                "leaderWorkerTemplate": {
                    "size": 2,
                    "restartPolicy": "RecreateGroupAfterStart",
                    "leaderTemplate": template,
                    "workerTemplate": template,
                },
            },
        }
        with provoke.objects(group):
            return _named(Provoked("crash-loop", within=180), "crash-loop")


def failing_up() -> Json:
    """`up` itself ends with the page when the group does not come in time."""
    with Deployment(nodeSelector={"no/such": "node"}, timeouts={"upMinutes": 1}) as deployed:
        code, text = deployed.stack.attempt("up", "--yes", "--skip-preview")
        assert code != 0
        assert "selector: 2 nodes are needed" in text, text[-3000:]
        assert "nodeSelector no/such=node" in text
        return {"exit code": code}


def smoke() -> Json:
    """`up` ends with a completion that a Job got; an unchanged stack keeps the Job; the command asks once more."""
    with Deployment() as deployed:
        deployed.up()
        (job,) = get("jobs", "-n", NAMESPACE)["items"]
        assert job["status"].get("succeeded") == 1, job["status"]
        said = json.loads(kubectl("logs", "-n", NAMESPACE, f"job/{job['metadata']['name']}").splitlines()[-1])
        deployed.stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
        command = [
            sys.executable,
            "-m",
            "nim_stack.cli",
            "smoke",
            "-s",
            deployed.stack.name,
            "-C",
            str(deployed.stack.folder),
        ]
        environ = {**os.environ, **environment.environment()}
        done = subprocess.run(
            [*network.enter(), *command], cwd=REPO, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        again = json.loads(done.stdout.splitlines()[-1])
        until("the Job of the command has gone", lambda: len(get("jobs", "-n", NAMESPACE)["items"]) == 1, 30)
        assert again["text"] == said["text"]
        return {"tokens": said["tokens"], "seconds": [said["seconds"], again["seconds"]]}


def _prepare() -> None:
    try:
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    except LabError as trouble:
        raise LabError(f"what an earlier run left cannot be removed: {trouble}") from trouble
    install_lws()


MATRIX = Matrix(
    "failures",
    "failures provoked for real, and what diagnose named",
    {
        "healthy": healthy,
        "rolling": rolling,
        **{name: _row(name, it) for name, it in PROVOKED.items()},
        "crash-loop": crash_loop,
        "lws-absent": absent,
        "failing-up": failing_up,
        "smoke": smoke,
    },
    _prepare,
    remove_lws,
)
