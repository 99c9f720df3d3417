"""The matrix `failures`: what `nim-stack diagnose` knows, provoked for real and named, and nothing on a healthy one."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from lab.console import LabError
from lab.deployment import GROUP, NAMESPACE, Deployment, install_lws, remove_lws, until
from lab.observe import get, kubectl
from nim_stack.base.documents import Json
from tests.prove import provoke
from tests.prove.failures import ups
from tests.prove.failures.naming import look, named, seen
from tests.prove.failures.provoked import PROVOKED, Provoked

pytestmark = [pytest.mark.cluster, pytest.mark.prove]


def _provoked(name: str, it: Provoked) -> Json:
    wait = {"wait": it.later is not None}
    with Deployment(**it.settings, **wait) as deployed:
        for secret, value in it.secrets.items():
            deployed.stack.rotate(secret, value)
        with it.broken():
            code, text = deployed.stack.attempt("up", "--yes", "--skip-preview")
            assert (code != 0) == it.fails, text[-3000:]
            if it.later is None:
                return named(it, name)
            with it.later():
                return named(it, name)


def healthy() -> Json:
    """While a group starts and when it serves, no failure is named."""
    with Deployment(wait=False) as deployed:
        deployed.up()
        states: list[str] = []
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and states[-1:] != ["serving"]:
            found = look()
            named = [problem.rule.code for problem in found.problems]
            assert not named, f"named on a healthy group: {named} in state {found.state}"
            assert found.state in ("starting", "serving"), (found.state, [str(step) for step in found.steps])
            if states[-1:] != [found.state]:
                found.observed.snapshot.save(seen(f"healthy-{found.state}"))
                states.append(found.state)
            time.sleep(1)
        assert states[-1:] == ["serving"], states
        return {"states": states}


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
            named = [problem.rule.code for problem in found.failures]
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
        without_kind.observed.snapshot.save(seen("lws-absent"))
        assert without_kind.failures[0].rule.code == "lws-absent", without_kind.document
        assert without_controller[0].rule.code == "lws-absent"
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
            return named(Provoked("crash-loop", within=180), "crash-loop")


ROWS: dict[str, Callable[[], Json]] = {
    "healthy": healthy,
    "rolling": rolling,
    **{name: partial(_provoked, name, it) for name, it in PROVOKED.items()},
    "crash-loop": crash_loop,
    "lws-absent": absent,
    **ups.ROWS,
}


@pytest.fixture(scope="module", autouse=True)
def lws(lab: None) -> Iterator[None]:
    try:
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    except LabError as trouble:
        raise LabError(f"what an earlier run left cannot be removed: {trouble}") from trouble
    install_lws()
    yield
    remove_lws()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_row(row: Callable[[], Json], record_property: Callable[[str, object], None]) -> None:
    record_property("measured", row())
