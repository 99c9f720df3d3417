"""The rules across settings: each judges one thing that cannot work, or that is merely unwise.

A module holds the rules on one subject. They are reported in the order of their codes. Rules may use every room below
them; a rule reads settings, plan and finished pods, and changes none.
"""

from functools import cache

from nim_stack.base import first_rules
from nim_stack.base.problems import Problem, Rule
from nim_stack.rules import (  # noqa: F401
    access,
    catalog,
    cluster,
    containers,
    download,
    group,
    healing,
    memory,
    metrics,
    network,
    overrides,
    patches,
    placement,
    pods,
    ports,
    precision,
    profile,
    reach,
    rollout,
    scale,
    service,
    source,
    split,
    storage,
    templates,
)
from nim_stack.rules.registry import JUDGEMENTS, Judgement
from nim_stack.rules.subject import Subject


@cache
def _in_order() -> tuple[Judgement, ...]:
    """By their codes, which are given by subject."""
    return tuple(sorted(JUDGEMENTS, key=lambda judgement: judgement.rule.code))


def check(subject: Subject) -> list[Problem]:
    """Everything that some rule finds, errors and warnings."""
    return [problem for judgement in _in_order() for problem in judgement.problems(subject)]


def all_rules() -> tuple[Rule, ...]:
    """Every rule, by its code."""
    rules = [judgement.rule for judgement in JUDGEMENTS] + list(first_rules.RULES)
    return tuple(sorted(rules, key=lambda rule: rule.code))
