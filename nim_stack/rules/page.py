"""What is said of a rule, written from the rule itself: the page `nim-stack rules --markdown > docs/rules.md`, and the
text of `nim-stack rules CODE`.
"""

from textwrap import fill

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
    return _HEAD + rows + "".join(section(rule) for rule in rules)


def section(rule: Rule) -> str:
    """One rule, as a section of the page."""
    return f"""
## {rule.code}

**{rule.title}** ({rule.severity})

Cause: {rule.cause}

Cure: {rule.cure}
"""


def explanation(rule: Rule) -> str:
    """One rule for a terminal, in lines of at most 100 characters."""
    parts = (f"{rule.code} ({rule.severity}): {rule.title}", f"Cause: {rule.cause}", f"Cure: {rule.cure}")
    return "\n".join(fill(part, 100, subsequent_indent="  ", break_on_hyphens=False) for part in parts) + "\n"
