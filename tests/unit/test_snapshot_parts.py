"""The parts of a snapshot: each is read by somebody, and a part that does not exist is not an empty one."""

import json
from pathlib import Path
from typing import Any, cast, get_args

import httpx2
import pytest

from nim_stack.base import names
from nim_stack.deployment.keys import Keys
from nim_stack.operations.cluster.reader import Reader
from nim_stack.operations.doctor.examine import read
from nim_stack.operations.observing.errors import SnapshotError
from nim_stack.operations.observing.gathering import gather
from nim_stack.operations.observing.snapshot import Part, load
from nim_stack.plan import plan_deployment
from tests.unit.stories import NAME, NAMESPACE, RECORDED, Story, codes, recorded
from tests.unit.test_doctor import SETTINGS
from tests.unit.test_gathering import server
from tests.unit.test_other_clusters import HOOKS, LWS

_OF_DOCTOR = {"runtimeClasses", "priorityClasses", "serviceAccounts", "others"}


class FullCluster:
    """An API server that has something of every kind, and remembers nothing."""

    def reader(self) -> Reader:
        return Reader(httpx2.Client(base_url="https://cluster", transport=httpx2.MockTransport(self._answer)))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        found: dict[str, Any] = {"items": []}
        if path == "/version":
            found = {"gitVersion": "v1.35.4"}
        elif path == "/apis":
            found = {"groups": [{"name": names.LWS_GROUP}]}
        elif path == HOOKS:
            found = {"items": [LWS]}
        elif request.method == "POST":
            found = {"status": {"allowed": True}}
        elif path.rpartition("/")[2] in ("runs", "first", "me"):
            found = {"metadata": {"name": path.rpartition("/")[2]}}
        return httpx2.Response(200, json=found, headers={"Date": "Sat, 31 Jan 2026 10:00:30 GMT"})


def test_diagnose_reads_every_part_but_those_of_doctor() -> None:
    assert gather(FullCluster().reader(), NAMESPACE, NAME).objects.keys() == set(get_args(Part)) - _OF_DOCTOR


def test_doctor_reads_every_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nim_stack.operations.doctor.examine._release", lambda _: None)
    pods = {"runtimeClass": "runs", "priorityClass": "first", "serviceAccount": "me"}
    settings = SETTINGS | {"pods": pods, "lws": {"mode": "install", "sha256": "0" * 64}}
    snapshot = read(FullCluster().reader(), plan_deployment(settings, keys=Keys(hub=True)))
    assert snapshot.objects.keys() == set(get_args(Part))


def test_a_part_that_does_not_exist_is_an_error_and_not_empty() -> None:
    snapshot = recorded("healthy-serving")
    misspelt = cast(Part, "node")
    with pytest.raises(KeyError, match="node"):
        snapshot.get(misspelt)
    with pytest.raises(KeyError, match="node"):
        snapshot.read(misspelt)
    assert snapshot.get("others") == ()
    assert not snapshot.read("others")


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.json")), ids=lambda path: path.stem)
def test_what_was_kept_can_be_loaded_and_kept_again(path: Path, tmp_path: Path) -> None:
    load(path).save(tmp_path / "again.json")
    assert load(tmp_path / "again.json") == load(path)


def test_a_file_with_a_part_that_is_not_known_is_refused(tmp_path: Path) -> None:
    document = json.loads((RECORDED / "quota.json").read_text())
    document["objects"]["node"] = []
    (tmp_path / "odd.json").write_text(json.dumps(document))
    with pytest.raises(SnapshotError, match="has parts that this version does not know: node"):
        load(tmp_path / "odd.json")


def test_pods_that_may_not_be_read_are_not_read_rather_than_missing() -> None:
    seen = gather(server(**{"/api/v1/namespaces/models/pods": 403}), "models", "chat")
    assert not seen.read("pods")
    found = Story().starting(20).unreadable("pods").diagnosed()
    assert (found.state, codes(found), found.steps, found.observed.missing) == ("unknown", [], (), 0)
    assert Story().unreadable("pods").diagnosed().state == "serving"
