"""The page on the rules, written from the rules: `nim-stack rules --markdown > docs/rules.md`."""

from nim_stack.base.problems import Rule
from nim_stack.rules import all_rules

_HEAD = """# Rules

What a stack says is judged as a whole, before anything is created: at `pulumi preview` and by `nim-stack plan`. An
**error** refuses it, a **warning** lets it pass. Each message says what was given, why it cannot work and what would.

This page is written from the rules themselves (`nim-stack rules --markdown > docs/rules.md`).

| code | | what |
|---|---|---|
"""


def page() -> str:
    """Every rule with its cause and its cure, as Markdown."""
    rules = all_rules()
    rows = "".join(f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.title} |\n" for rule in rules)
    return _HEAD + rows + "".join(_section(rule) for rule in rules)


def _section(rule: Rule) -> str:
    return f"""
## {rule.code}

**{rule.title}** ({rule.severity})

Cause: {rule.cause}

Cure: {rule.cure}
"""
