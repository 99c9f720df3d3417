"""Every rule: its whole message, on settings that break this rule and no other."""

import re
from collections import Counter
from typing import Any

import pytest

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
from tests.unit.rule_case import RuleCase
from tests.unit.rule_cases_file import STACK_FILE
from tests.unit.rule_cases_model import WITHOUT_STAGES

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
"""Settings that break a rule because nobody gave a key."""
EVERY = [*ERRORS, *WARNINGS, *KEYLESS]


def problems(settings: Any, *, has_keys: bool = True) -> list[Problem]:
    """The errors; and of a plan, which has none, the warnings."""
    try:
        return list(plan_deployment(settings, keys=Keys(ngc=has_keys, hub=has_keys)).problems)
    except RefusedError as refused:
        return list(refused.problems)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in [*ERRORS, *WARNINGS]])
def test_the_message_of_a_rule(case: RuleCase) -> None:
    assert [str(problem) for problem in problems(case.settings)] == [f"{case.code} {case.message}"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in KEYLESS])
def test_the_message_of_a_rule_on_keys(case: RuleCase) -> None:
    assert [str(problem) for problem in problems(case.settings, has_keys=False)] == [f"{case.code} {case.message}"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in EVERY])
def test_a_message_ends_with_one_full_stop(case: RuleCase) -> None:
    assert case.message.endswith(".")
    assert re.search(r"[?!:;,]\.", case.message) is None, "two marks end one sentence"


def test_a_model_without_stages_may_be_split_by_tensor_parallel_alone() -> None:
    """What the message of NIM026 says would work."""
    assert plan_deployment(WITHOUT_STAGES | {"tensorParallel": 8, "pipelineParallel": 1}).pipeline_parallel == 1


def test_the_whole_message_of_every_rule_is_tested() -> None:
    """Those of STACK_FILE are compared where the stack file is read, in tests/components/test_stack_config.py."""
    assert {case.code for case in [*EVERY, *STACK_FILE]} == {rule.code for rule in all_rules()}


def test_each_fault_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(case.fault for case in EVERY).items() if count > 1] == []


def test_codes_are_unique_and_say_how_severe_they_are() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len(rules)
    severities = {rule.code: rule.severity for rule in rules}
    assert {severities[case.code] for case in ERRORS} == {"error"}
    assert {severities[case.code] for case in WARNINGS} == {"warning"}


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
        "file": None,
        "line": None,
        "column": None,
    }
