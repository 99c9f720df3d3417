"""What supervisors tell each other survives the wire, and nothing else does."""

from dataclasses import replace
from typing import Any

import pytest
from nim_serve.decide.messages import VERSION, MessageError, Order, Report, decode, encode, refusal

REPORT = Report(worker="1", group="leader.ns", nodes=2, address="10.0.0.2", epoch="x.1", engine=3, fault="é")


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(REPORT, id="a full report"),
        pytest.param(Report(), id="an empty report"),
        pytest.param(Order("x.1", 2, "10.0.0.1:6379", "serves", True), id="an order"),
    ],
)
def test_messages_survive_the_wire(message: Order | Report) -> None:
    kind: type[Any] = type(message)
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(kind, line) == message


def test_what_a_newer_version_adds_is_ignored_and_what_an_older_one_lacks_has_its_default() -> None:
    assert decode(Order, b'{"epoch": "x", "later": [1]}') == Order("x")


@pytest.mark.parametrize("line", [b"", b"GET / HTTP/1.1", b"[]", b"7", b'{"engine": "7"}', b'{"bye": 1}', b"\xff"])
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(MessageError):
        decode(Order, line)


def test_a_worker_of_this_group_is_welcome() -> None:
    assert refusal(REPORT, 2, "leader.ns") == ""
    assert refusal(REPORT, 2, None) == "", "a leader outside LeaderWorkerSet does not know its own name"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"version": VERSION + 1}, "use one image for both", id="another version"),
        pytest.param({"group": "other.ns"}, "its DNS answer is out of date", id="another group"),
        pytest.param({"nodes": 3}, "NIM_NUM_COMPUTE_NODES is 3 in the worker and 2 in the leader", id="another size"),
    ],
)
def test_a_stranger_is_told_why_it_is_refused(changes: dict[str, object], said: str) -> None:
    assert said in refusal(replace(REPORT, **changes), 2, "leader.ns")  # type: ignore[arg-type]
