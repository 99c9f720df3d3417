"""The plugin that the lab builds answers as the newer one did from which the answers in `recorded/` come, or as listed.

Neither a cluster nor the engine is needed: configuration, Check and Diff are answered from the request alone.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from lab.plugin import running
from lab.toolchain import build

RECORDED = Path(__file__).with_name("recorded")
DIFFERENCES: dict[str, Any] = yaml.safe_load((RECORDED / "differences.yaml").read_text())["answers"] or {}
"""Call → path in the answer → what was recorded, and what the built plugin says; null where one says nothing."""

REQUESTS: dict[str, type[Message]] = {
    "GetPluginInfo": Empty,
    "CheckConfig": pb.CheckRequest,
    "DiffConfig": pb.DiffRequest,
    "Configure": pb.ConfigureRequest,
    "Check": pb.CheckRequest,
    "Diff": pb.DiffRequest,
}


def recorded() -> dict[str, Any]:
    """Every recorded call by its method, run, resource and place in its file."""
    found = {}
    for file, method in (("config", None), ("check", "Check"), ("diff", "Diff")):
        for position, call in enumerate(json.loads((RECORDED / f"{file}.json").read_text())["calls"]):
            call.setdefault("method", method)
            name = call["request"].get("name", "plugin")
            found[f"{call['method']} {call['run']} {name} {position}"] = call
    return found


CALLS = recorded()


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResourceProviderStub]:
    """The built plugin, configured as the recorded one was; no cluster answers it."""
    if not build.PLUGIN.path.exists():
        pytest.skip("the lab's plugin is not built: `lab/lab prepare` builds it")
    nothing = tmp_path_factory.mktemp("home")
    with running(build.PLUGIN.path, {"HOME": str(nothing), "KUBECONFIG": str(nothing / "absent")}) as stub:
        (configure,) = (call for call in CALLS.values() if call["method"] == "Configure")
        stub.Configure(request(configure))
        yield stub


def request(call: Any) -> Message:
    """The recorded request; the recording has the type and name of a resource in place of its URN."""
    given = dict(call["request"])
    kind, name = given.pop("type", ""), given.pop("name", "")
    if kind and "urn" not in given:
        given["urn"] = f"urn:pulumi:dev::fx::{kind}::{name}"
    if call["method"] == "Check":
        given["randomSeed"] = "c2VlZA=="
    return ParseDict(given, REQUESTS[call["method"]]())


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Path → value of everything in an answer, without the random digits of automatic names."""
    if isinstance(value, dict) and value:
        return {k: v for key, item in value.items() for k, v in leaves(item, f"{path}/{key}").items()}
    if isinstance(value, list) and value:
        return {k: v for key, item in enumerate(value) for k, v in leaves(item, f"{path}/{key}").items()}
    if path.endswith("/metadata/name"):
        value = re.sub(r"-[0-9a-f]{8}$", "-########", value)
    return {path: value}


@pytest.mark.parametrize("name", CALLS)
def test_answer_is_the_recorded_one_or_differs_as_listed(plugin: ResourceProviderStub, name: str) -> None:
    call = CALLS[name]
    answer = leaves(MessageToDict(getattr(plugin, call["method"])(request(call))))
    was = leaves(call["response"])
    differences = {
        path: {"recorded": was.get(path), "built": answer.get(path)}
        for path in sorted(was.keys() | answer.keys())
        if was.get(path) != answer.get(path)
    }
    assert differences == DIFFERENCES.get(name, {})


def test_every_listed_difference_is_of_a_recorded_call() -> None:
    assert DIFFERENCES.keys() <= CALLS.keys()
