"""The stand-in's rules where no recording speaks: unknowns, spelling, quantities, replacement, names and retries."""

import threading
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from lab.standin import operations
from lab.standin.api import Api, ApiError
from lab.standin.changes import compare
from lab.standin.values import Obj, mark_secrets, plain, unknown
from lab.standin.waits import Wait
from tests.engine.conftest import AbortedError, Calls

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = "4dabf18193072939515e22adb298388d"


def secret(value: Any) -> Any:
    return {SECRET: "1b47061264138c4ac30d75fd1eb44270", "value": value}


def differences(live: Obj, new: Obj, was: Obj | None = None, ignored: tuple[str, ...] = ()) -> dict[str, int]:
    kind = {"apiVersion": new.pop("apiVersion", "v1"), "kind": new.pop("kind", "Pod")}
    return compare({**kind, **live}, {**kind, **new}, live if was is None else was, set(), list(ignored))


def test_values_lose_marks_nulls_and_the_state_spelling() -> None:
    given = {"x_kubernetes_list_type": "map", "a": secret([1.0, 2.5, None]), "b": None, "c_d": True}
    assert plain(given) == {"x-kubernetes-list-type": "map", "a": [1, 2.5, None], "c_d": True}
    assert plain({"x-kubernetes-list-type": "map"}, "-", "_") == {"x_kubernetes_list_type": "map"}
    assert unknown({"a": [{"b": UNKNOWN}]})
    assert not unknown({"a": [{"b": "known"}]})


def test_secrets_are_marked_where_the_inputs_have_them_and_always_in_a_secret() -> None:
    outs = {"spec": {"env": [{"value": "s"}], "other": 1}, "kind": "Pod"}
    assert mark_secrets(outs, {"spec": {"env": [{"value": secret("s")}], "other": 1}}) == {
        "spec": {"env": secret([{"value": "s"}]), "other": 1},
        "kind": "Pod",
    }
    assert mark_secrets({"kind": "Secret", "data": {"k": "v"}}, {})["data"] == secret({"k": "v"})


def test_quantities_and_dropped_zero_values_of_known_kinds_are_no_difference() -> None:
    def with_memory(amount: Any) -> Obj:
        return {"spec": {"containers": [{"resources": {"limits": {"memory": amount}}}]}}

    for ours, theirs in (("1024Mi", "1Gi"), ("0.5", "500m"), (2, "2"), ("1000k", "1M")):
        assert differences(with_memory(theirs), with_memory(ours)) == {}
    assert differences(with_memory("1Gi"), with_memory("1G")) != {}
    assert differences(with_memory("1Gi"), {**with_memory("1024Mi"), "apiVersion": "a.x-k8s.io/v1"}) != {}
    zero: Obj = {"spec": {"hostNetwork": False}}
    assert differences({"spec": {}}, dict(zero), was=zero) == {}
    assert differences({"spec": {}}, dict(zero), was={"spec": {}}) == {"spec.hostNetwork": 1}


def test_paths_kinds_of_change_and_replacement() -> None:
    live: Obj = {"metadata": {"annotations": {"a.b/c": "1"}}, "spec": {"containers": [{"image": "a"}], "x": [1, 2]}}
    new: Obj = {"metadata": {"annotations": {"a.b/c": "2"}}, "spec": {"containers": [{"image": "b"}], "x": [1]}}
    assert differences(live, dict(new)) == {
        'metadata.annotations["a.b/c"]': 4,
        "spec.containers[0].image": 5,
        "spec.x[1]": 2,
    }
    assert differences(live, dict(new), ignored=("spec.x", "spec.containers", 'metadata.annotations["a.b/c"]')) == {}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    assert differences({}, {**claim, "spec": {"storageClassName": "x"}}, was={}) == {"spec": 1}
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
    generated = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x-"}}
    with pytest.raises(AbortedError, match="not supported in Server-Side Apply mode"):
        call("Check", pb.CheckRequest, {**request, "news": generated})


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
    clock, told = Clock(), []
    wait = Wait(Api("", "", None, {}), lambda text, _: told.append(text), clock, 600)  # type: ignore[arg-type]
    with pytest.raises(ApiError, match="missing"):
        operations.create({}, wait, False, "")
    assert told == [f"Retry #{attempt}; creation failed: missing" for attempt in range(6)]
    assert clock.waited == [1, 2, 4, 8, 16, 32]
