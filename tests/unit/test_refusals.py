"""Refusals as a whole: all problems at once, causes without consequences, and where it was.

The message of each rule is in tests/unit/test_rules.py.
"""

from typing import Any

import pytest

from nim_stack.base.problems import RefusedError
from nim_stack.cli.main import main
from nim_stack.deployment.keys import NO_KEY, Keys
from nim_stack.plan import plan_deployment
from tests.unit.conftest import TINY

LICENSED = {"model": "llama-3.1-405b-instruct", "nodes": 2, "storage": {"storageClass": "shared"}}


def refusals(raw: Any, *, keys: Keys = NO_KEY) -> list[str]:
    with pytest.raises(RefusedError) as refused:
        plan_deployment(raw, keys=keys)
    return [str(problem) for problem in refused.value.problems]


def test_no_key_for_a_licensed_image() -> None:
    assert refusals(LICENSED) == [
        "NIM070 ngcApiKey: the image nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 can neither be pulled nor fetch "
        "its model without an NGC API key. Run `pulumi config set --secret ngcApiKey` and paste the key, or name "
        "existing Secrets in nim.secrets.ngcApiSecret and nim.secrets.imagePullSecrets."
    ]
    assert plan_deployment(LICENSED, keys=Keys(ngc=True)).gpus_total == 16
    named = {"ngcApiSecret": "ngc", "imagePullSecrets": ["pull"]}
    assert plan_deployment(LICENSED | {"secrets": named}).gpus_total == 16


def test_every_problem_is_reported_at_once() -> None:
    """Across the two kinds: wrong fields, and judgements over fields that are right."""
    found = refusals({"model": "hf://org/tiny", "nodes": 0, "image": "r/i:1", "ports": {"ray": 8000}, "lws": "install"})
    assert [problem.split(":")[0].split(" = ")[0] for problem in found] == [
        "NIM003 nim.nodes",
        "NIM060 nim.storage",
        "NIM080 nim.ports.ray",
        "NIM090 nim.lws.sha256",
    ]


def test_a_judgement_over_a_wrong_field_is_left_out() -> None:
    """Nodes of 0 would make every product wrong as well; only the cause is named."""
    found = refusals(TINY | {"nodes": 0, "tensorParallel": 7})
    assert [problem.split(" ")[1] for problem in found] == ["nim.nodes"]


@pytest.mark.parametrize(
    "raw", [pytest.param({}, id="none is there"), pytest.param({"nodes": 1}, id="the nodes are there")]
)
def test_missing_settings_are_named(raw: dict[str, Any]) -> None:
    assert any(problem.startswith("NIM002 nim.model: it is required. Name in the model") for problem in refusals(raw))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(5, id="a number"),
        pytest.param([], id="a list"),
        pytest.param("text", id="a text"),
        pytest.param(None, id="null"),
    ],
)
def test_settings_that_are_no_mapping(raw: Any) -> None:
    (problem,) = refusals(raw)
    assert "Use a mapping of settings; three suffice: model, nodes, storage.storageClass." in problem


def test_the_head_says_where_and_that_nothing_changed() -> None:
    with pytest.raises(RefusedError) as refused:
        plan_deployment(TINY | {"nodes": 0}, where="Pulumi.dev.yaml")
    assert str(refused.value).startswith(
        "Pulumi.dev.yaml: one setting cannot work; nothing was changed.\n  - NIM003 nim.nodes"
    )
    assert str(refused.value).endswith("\n`nim-stack rules NIM003` prints the cause and the cure of each code.")


def test_the_foot_is_a_command_that_explains_every_code_above_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RefusedError) as refused:
        plan_deployment(TINY | {"nodes": 0, "storage": {}, "nodez": 1})
    _, *lines, foot = str(refused.value).splitlines()
    refused_codes = sorted({line.split()[1] for line in lines})
    program, *words = foot.split("`")[1].split()
    assert (program, words) == ("nim-stack", ["rules", *refused_codes])
    assert main(words) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if line.startswith("NIM")]
    assert [head.split()[0] for head in heads] == refused_codes
