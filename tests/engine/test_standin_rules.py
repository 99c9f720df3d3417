"""The stand-in's rules where no recording speaks: unknowns, spelling, quantities, replacement, names and retries."""

import threading
from typing import Any

import httpx2
import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from lab.console import LabError
from lab.standin import operations, waits
from lab.standin.cluster import Api, ApiError
from lab.standin.objects import compare, handed_over, pruned
from lab.standin.values import UNKNOWN, Obj, mark_secrets, plain
from lab.standin.waits import Wait
from tests.engine.conftest import Calls

SECRET = "4dabf18193072939515e22adb298388d"


def secret(value: Any) -> Any:
    return {SECRET: "1b47061264138c4ac30d75fd1eb44270", "value": value}


def differences(live: Obj, new: Obj, was: Obj | None = None) -> dict[str, int]:
    kind = {"apiVersion": new.pop("apiVersion", "v1"), "kind": new.pop("kind", "Pod")}
    return compare({**kind, **pruned(live, live if was is None else was)}, {**kind, **new}, set())


def test_values_lose_marks_nulls_and_the_state_spelling() -> None:
    given = {"x_kubernetes_list_type": "map", "a": secret([1.0, 2.5, None]), "b": None, "c_d": True}
    assert plain(given) == {"x-kubernetes-list-type": "map", "a": [1, 2.5, None], "c_d": True}
    assert plain({"x-kubernetes-list-type": "map"}, "-", "_") == {"x_kubernetes_list_type": "map"}


def test_secrets_are_marked_where_the_inputs_have_them_and_always_in_a_secret() -> None:
    outs = {"spec": {"env": [{"value": "s"}], "other": 1}, "kind": "Pod"}
    assert mark_secrets(outs, {"spec": {"env": [{"value": secret("s")}], "other": 1}}) == {
        "spec": {"env": secret([{"value": "s"}]), "other": 1},
        "kind": "Pod",
    }
    assert mark_secrets({"kind": "Secret", "data": {"k": "v"}}, {})["data"] == secret({"k": "v"})


def test_zero_values_that_the_server_drops_and_whole_amounts_are_no_difference() -> None:
    zero: Obj = {"spec": {"hostNetwork": False}}
    assert differences({"spec": {}}, dict(zero), was=zero) == {}
    assert differences({"spec": {}}, dict(zero), was={"spec": {}}) == {"spec.hostNetwork": 1}
    assert differences({"spec": {"cpu": "1"}}, {"spec": {"cpu": 1}}) == {}
    assert differences({"spec": {}}, {"spec": {"hostNetwork": True}}, was={"spec": {"hostNetwork": True}}) != {}


def test_fields_of_the_create_are_handed_over_as_no_subresources_even_after_a_status_of_the_same_second() -> None:
    status: Obj = {"manager": "manager", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {}}}
    create: Obj = {"manager": "pulumi-kubernetes", "operation": "Update", "fieldsV1": {"f:spec": {}}}
    assert handed_over([status, create], "pulumi-kubernetes-1") == [
        status,
        {"manager": "pulumi-kubernetes-1", "operation": "Apply", "fieldsV1": {"f:spec": {}}},
    ]


def test_paths_kinds_of_change_and_replacement() -> None:
    live: Obj = {"metadata": {"annotations": {"a.b/c": "1"}}, "spec": {"containers": [{"image": "a"}], "x": [1, 2]}}
    new: Obj = {"metadata": {"annotations": {"a.b/c": "2"}}, "spec": {"containers": [{"image": "b"}], "x": [1]}}
    assert differences(live, dict(new)) == {
        'metadata.annotations["a.b/c"]': 4,
        "spec.containers[0].image": 5,
        "spec.x[1]": 2,
    }
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    assert differences({"spec": {}}, {**claim, "spec": {"storageClassName": "x"}}) == {"spec.storageClassName": 1}
    assert differences({"spec": {"storageClassName": "x"}}, {**claim, "spec": {}}) == {"spec.storageClassName": 3}
    assert differences({"spec": {"a": "x"}}, {**claim, "spec": {"a": UNKNOWN}}) == {"spec.a": 4}


def test_names_follow_the_seed_the_engine_and_the_past(call: Calls) -> None:
    request = {"type": "kubernetes:core/v1:ConfigMap", "name": "x", "randomSeed": "c2VlZA=="}
    request["news"] = {"apiVersion": "v1", "kind": "ConfigMap"}  # type: ignore[assignment]
    first = call("Check", pb.CheckRequest, request)["inputs"]
    assert call("Check", pb.CheckRequest, request)["inputs"] == first
    assert first["metadata"]["namespace"] == "default"
    assert call("Check", pb.CheckRequest, {**request, "olds": first})["inputs"] == first
    proposed = {"autonaming": {"proposedName": "chosen", "mode": "PROPOSE"}}
    assert call("Check", pb.CheckRequest, {**request, **proposed})["inputs"]["metadata"]["name"] == "chosen"


def test_configuration_is_compared_by_key(call: Calls) -> None:
    same = {"olds": {"version": "4.34.2"}, "news": {"version": "4.34.2"}}
    assert call("DiffConfig", pb.DiffRequest, same) == {"changes": "DIFF_NONE"}
    changed = {"olds": {"context": "a"}, "news": {"context": "b"}}
    assert call("DiffConfig", pb.DiffRequest, changed) == {"changes": "DIFF_SOME", "diffs": ["context"]}


class Clock(threading.Event):
    """Time that passes at once, and is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0)
        return False


@pytest.mark.parametrize("reason", ["NoMatch", "NotFound"])
def test_missing_kind_or_namespace_is_tried_for_a_minute(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise ApiError(404, "missing", reason)

    monkeypatch.setattr(Api, "path", refuse)
    clock = Clock()
    told: list[str] = []
    wait = Wait("the-urn", Api(httpx2.Client(), ""), told.append, clock, 600)
    with pytest.raises(LabError, match=r"the-urn.* was not successfully created .*: missing"):
        operations.create({}, wait, "")
    assert told == [f"Retry #{attempt}; creation failed: missing" for attempt in range(6)]
    assert clock.waited == [1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize(
    ("expression", "lacks"),
    [
        ("condition=Ready", ""),
        ("condition=Ready=False", "Resource has condition Ready=True (want False)"),
        ("condition=Other", "Has no .status.conditions (condition Other)"),
        ("jsonpath={.status['a.b'][0].x}=y", ""),
        ("jsonpath={$.status.conditions[?@.type=='Ready'].status}=True", ""),
        ("jsonpath={.status.count}=3", ""),
        ("jsonpath={.status.count}=4", "Resource has .status.count=3 (want 4)"),
        ("jsonpath={.status.absent}", "Has no .status.absent"),
    ],
)
def test_stated_conditions(expression: str, lacks: str) -> None:
    status = {"conditions": [{"type": "Ready", "status": "True"}], "a.b": [{"x": "y"}], "count": 3}
    assert waits._stated(expression)({"metadata": {"generation": 2}, "status": status}) == lacks
    stale = {"metadata": {"generation": 2}, "status": {**status, "observedGeneration": 1}}
    assert waits._stated(expression)(stale) == "Generation 1 is less than expected 2"


@pytest.mark.parametrize("expression", ["condition", "jsonpath=.status", "jsonpath={.status[}", "deleted"])
def test_unreadable_conditions_are_explained(expression: str) -> None:
    with pytest.raises(LabError, match="waitFor"):
        waits._stated(expression)
