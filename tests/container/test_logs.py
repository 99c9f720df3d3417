"""One line an event, in either form."""

import json

import pytest
from nim_serve.system.logs import Log, configure


def test_plain_lines_carry_role_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", jsonl=False)
    Log("leader").info("serving", port=8000)
    line = capsys.readouterr().err
    assert line.endswith("INFO leader: serving port=8000\n")
    assert line.startswith("20")


def test_json_lines_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", jsonl=True)
    Log("worker").warning("late", seconds=3.5, path="/x")
    record = json.loads(capsys.readouterr().err)
    assert record["level"] == "WARNING"
    assert record["role"] == "worker"
    assert record["message"] == "late"
    assert record["seconds"] == 3.5


def test_the_level_is_honoured(capsys: pytest.CaptureFixture[str]) -> None:
    configure("ERROR", jsonl=False)
    Log("leader").info("quiet")
    assert capsys.readouterr().err == ""
    configure("TRACE", jsonl=False)
    Log("leader").debug("heard")
    assert "heard" in capsys.readouterr().err
