"""Check, Diff and the configuration calls are answered as the official plugin answered them (recorded from 4.34.2)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from pulumi.runtime.proto import provider_pb2 as pb

from lab.standin import provider
from lab.standin.cluster import Api
from tests.engine.conftest import Calls

RECORDED = Path(__file__).with_name("recorded")


def recorded(method: str) -> list[Any]:
    calls = json.loads((RECORDED / f"{method}.json").read_text())["calls"]
    return [pytest.param(call, id=f"{call['run']}:{call['request'].get('name')}") for call in calls]


def without_suffixes(inputs: Any) -> Any:
    """Replace the random digits of an automatic name, which no two plugins share."""
    if inputs["metadata"].get("annotations", {}).get("pulumi.com/autonamed") == "true":
        inputs["metadata"]["name"] = re.sub(r"-[0-9a-f]{8}$", "-########", inputs["metadata"]["name"])
    return inputs


REQUESTS: dict[str, type[Message]] = {
    "GetPluginInfo": Empty,
    "CheckConfig": pb.CheckRequest,
    "DiffConfig": pb.DiffRequest,
    "Configure": pb.ConfigureRequest,
}


@pytest.mark.parametrize("record", recorded("config"))
def test_configuration_is_answered_as_recorded(call: Calls, record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "connect", lambda *_: call.stand_in.api)
    monkeypatch.setattr(Api, "call", lambda *_: {})  # asked whether the server answers
    request = {k: v for k, v in record["request"].items() if k not in ("name", "type")}
    assert call(record["method"], REQUESTS[record["method"]], request) == record["response"]


@pytest.mark.parametrize("record", recorded("check"))
def test_check_returns_the_recorded_inputs(call: Calls, record: Any) -> None:
    answer = call("Check", pb.CheckRequest, {**record["request"], "randomSeed": "c2VlZA=="})
    kept = record["request"].get("olds", {}).get("metadata", {}).get("name")
    if kept:
        assert answer["inputs"]["metadata"]["name"] == kept or "name" in record["request"]["news"]["metadata"]
    assert without_suffixes(answer["inputs"]) == without_suffixes(record["response"]["inputs"])


@pytest.mark.parametrize("record", recorded("diff"))
def test_diff_returns_the_recorded_changes(call: Calls, record: Any) -> None:
    assert call("Diff", pb.DiffRequest, record["request"]) == record["response"]
