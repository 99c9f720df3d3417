"""A deployment is planned once in a program: where its settings come in."""

import json
from typing import Any

import pulumi
import pytest

from nim_stack import NimStack, plan_deployment, read_stack_config
from nim_stack.deployment.derive import derive
from nim_stack.deployment.keys import Keys
from tests.components.recorder import deploy
from tests.components.test_stack_config import NIM


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the deployments for which a plan was made, one for each plan."""
    made: list[str] = []

    def counted(resolved: Any) -> Any:
        made.append(resolved.settings.name)
        return derive(resolved)

    monkeypatch.setattr("nim_stack.rules.subject.derive", counted)
    return made


def test_the_program_of_a_stack_plans_once(derived: list[str]) -> None:
    settings = NIM | {"download": {"job": True}, "secrets": {"restartOnRotation": True}}
    config = {"nim-stack:nim": json.dumps(settings), "nim-stack:hfToken": "hf_x"}
    recording = deploy(lambda: NimStack("nim", read_stack_config()), config=config, secret_keys=("nim-stack:hfToken",))
    assert len(recording.names_of("Job")) == 2
    assert derived == ["tiny"]


def test_settings_alone_are_planned_once_too(derived: list[str]) -> None:
    deploy(lambda: NimStack("nim", {"settings": NIM}))
    assert derived == ["tiny"]


def test_settings_that_have_been_read_and_a_plan_do_as_well(derived: list[str]) -> None:
    plan = plan_deployment(NIM)
    groups = [
        deploy(lambda: NimStack("nim", {"plan": plan})).inputs("nim-server-group"),
        deploy(lambda: NimStack("nim", {"settings": plan.settings})).inputs("nim-server-group"),
        deploy(lambda: NimStack("nim", {"settings": NIM})).inputs("nim-server-group"),
    ]
    assert groups[0] == groups[1] == groups[2]
    assert derived == ["tiny"] * 3  # one for `plan`, and one for each of the two without it


def test_settings_that_a_program_changes_come_before_the_plan_that_it_was_given() -> None:
    def program() -> None:
        args = read_stack_config()
        args["settings"] = NIM | {"name": "other"}
        NimStack("nim", args)

    recording = deploy(program, config={"nim-stack:nim": json.dumps(NIM)})
    assert recording.inputs("nim-server-group")["metadata"]["name"] == "other"


def test_a_plan_for_keys_that_are_not_given_is_judged_again() -> None:
    licensed = {**NIM, "image": "nvcr.io/nim/nvidia/model-free-nim:2.0.2"}
    plan = plan_deployment(licensed, keys=Keys(ngc=True))
    with pytest.raises(pulumi.RunError, match=r"NimStack nim: .*\n  - NIM070 ngcApiKey: "):
        deploy(lambda: NimStack("nim", {"plan": plan}))


def test_neither_settings_nor_plan_is_refused() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        deploy(lambda: NimStack("nim", {}))
    assert str(refused.value) == ("NimStack nim: give settings, which are what a stack file has under nim, or a plan.")
