"""The rules across settings: each judges one thing that cannot work, or that is merely unwise.

A module holds the rules on one subject, and is found by the registry without being named anywhere. Rules are reported
in the order of their codes. They may use every room below them; a rule reads settings, plan and finished pods, and
changes none.
"""

from nim_stack.base.problems import Problem, Rule
from nim_stack.rules.registry import RULES
from nim_stack.rules.subject import Subject


def check(subject: Subject) -> list[Problem]:
    """Everything that some rule finds, errors and warnings."""
    return list(RULES.problems(subject))


def all_rules() -> tuple[Rule, ...]:
    """Every rule, by its code."""
    return RULES.rules
