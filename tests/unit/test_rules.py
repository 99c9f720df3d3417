"""Every rule: its message, word for word where it matters, on settings that break this rule and no other."""

from typing import Any

import pytest

from nim_stack.base.first_rules import ENCRYPTED_SETTINGS, KEY_IN_CLEAR
from nim_stack.base.problems import DOCUMENT, Problem, RefusedError
from nim_stack.deployment.keys import Keys
from nim_stack.plan import plan_deployment
from nim_stack.rules import all_rules
from tests.unit import (
    rule_cases_access,
    rule_cases_healing,
    rule_cases_model,
    rule_cases_patches,
    rule_cases_pods,
    rule_cases_stack,
    rule_cases_store,
    rule_cases_values,
)
from tests.unit.conftest import TINY
from tests.unit.rule_cases_model import OPEN_IMAGE

_CASES = (
    rule_cases_access,
    rule_cases_healing,
    rule_cases_model,
    rule_cases_patches,
    rule_cases_pods,
    rule_cases_stack,
    rule_cases_store,
    rule_cases_values,
)
ERRORS = [case for module in _CASES for case in module.ERRORS]
WARNINGS = [case for module in _CASES for case in module.WARNINGS]
KEYLESS = [*rule_cases_stack.KEYLESS, *rule_cases_store.KEYLESS]


def problems(settings: Any, *, has_keys: bool = True) -> list[Problem]:
    """The errors; and of a plan, which has none, the warnings."""
    try:
        return list(plan_deployment(settings, keys=Keys(ngc=has_keys, hub=has_keys)).problems)
    except RefusedError as refused:
        return list(refused.problems)


@pytest.mark.parametrize(("code", "settings", "text"), [*ERRORS, *WARNINGS])
def test_the_message_of_a_rule(code: str, settings: dict[str, Any], text: str) -> None:
    found = problems(settings)
    assert [str(problem)[: len(code) + 1 + len(text)] for problem in found] == [f"{code} {text}"]


@pytest.mark.parametrize(("code", "settings", "text"), KEYLESS)
def test_the_message_of_a_rule_on_keys(code: str, settings: dict[str, Any], text: str) -> None:
    found = problems(settings, has_keys=False)
    assert [str(problem)[: len(code) + 1 + len(text)] for problem in found] == [f"{code} {text}"]


def test_a_model_without_stages_must_be_split_by_tensor_parallel_alone() -> None:
    """NIM026. No model of the catalogue lacks pipeline parallel, a stack's own may."""
    own = {
        "name": "whole",
        "servedName": "whole",
        "architecture": {"layers": 8, "hidden": 1024, "attentionHeads": 16, "kvHeads": 8, "headDim": 64}
        | {"vocabulary": 1000, "contextLength": 4096},
        "checkpoints": [{"precision": "bf16", "huggingface": "a/whole", "filesGb": 1, "source": "mine"}],
        "pipelineParallel": False,
        "sources": ["mine"],
    }
    settings = OPEN_IMAGE | {"model": "whole", "nodes": 2, "gpusPerNode": 4, "storage": {"storageClass": "a"}}
    settings |= {"catalog": {"models": [own]}, "fabric": "rdma-shared"}
    (found,) = problems(settings | {"tensorParallel": 4, "pipelineParallel": 2})
    assert str(found) == (
        "NIM026 nim.pipelineParallel = 2: vLLM cannot split whole into stages. Use 1, with tensorParallel 1, 2, 4, 8 "
        "or 16."
    )
    assert plan_deployment(settings | {"tensorParallel": 8, "pipelineParallel": 1}).pipeline_parallel == 1


def test_every_rule_is_tested_here() -> None:
    """Those on keys in the stack file are applied, and tested, where it is read (tests/components)."""
    elsewhere = {"NIM026", KEY_IN_CLEAR.code, ENCRYPTED_SETTINGS.code}
    tested = {code for code, _, _ in [*ERRORS, *WARNINGS, *KEYLESS]} | elsewhere
    assert tested == {rule.code for rule in all_rules()}


def test_codes_are_unique_and_say_how_severe_they_are() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len(rules)
    severities = {rule.code: rule.severity for rule in rules}
    assert {severities[code] for code, _, _ in ERRORS} == {"error"}
    assert {severities[code] for code, _, _ in WARNINGS} == {"warning"}


def test_programs_get_every_part_of_a_problem() -> None:
    (found,) = problems(TINY | {"nodes": 0})
    assert found.document == {
        "code": "NIM003",
        "severity": "error",
        "path": "nim.nodes",
        "given": 0,
        "why": "it is less than 1",
        "instead": found.instead,
        "section": f"{DOCUMENT}#nim003",
    }
