"""A diagnosis on one page, and the page of all known failures."""

from collections.abc import Iterator

from nim_stack.base.problems import Problem, Rule
from nim_stack.base.words import count
from nim_stack.operations.diagnosis.verdict import Diagnosis, all_failures

MOST_IN_FULL = 3


def page(diagnosis: Diagnosis) -> str:
    """The diagnosis for people: first what the state is, then why, then what to do."""
    return "\n".join(_lines(diagnosis))


def _lines(found: Diagnosis) -> Iterator[str]:
    snapshot = found.observed.snapshot
    place = f"{snapshot.namespace}/{snapshot.name}"
    if found.state == "serving":
        yield f"{place} serves: {count(found.observed.replicas, 'group')} of {found.observed.size} pods, all ready."
    elif found.state == "starting":
        yield f"{place} is starting, and nothing is wrong so far."
    elif found.state == "failing":
        yield f"{place} does not serve: {found.failures[0].rule.title}."
    else:
        yield f"{place} does not serve, and none of the known failures fits."
    for problem in found.failures[:MOST_IN_FULL]:
        yield from _problem(problem)
    if rest := found.failures[MOST_IN_FULL:]:
        yield ""
        yield f"Also: {'; '.join(f'{problem.rule.code} ({problem.why})' for problem in rest)}"
    for problem in found.warnings:
        yield from _problem(problem, "warning: ")
    if found.state in ("starting", "unknown"):
        yield ""
        yield from (f"  {'late: ' if step.late else ''}{step}" for step in found.steps[:8])
    if found.state == "unknown":
        yield ""
        yield f"Looked at: {found.looked_at}."
        yield "`--save FILE` keeps it for somebody else; `--watch 120` collects the logs of pods as they go."
    if snapshot.notes:
        yield ""
        yield "Not read:"
        yield from (f"  {note}" for note in snapshot.notes[:8])


def _problem(problem: Problem, kind: str = "") -> Iterator[str]:
    yield ""
    yield f"{kind}{problem.rule.code}: {problem.why}"
    yield from (f"  · {line}" for line in problem.evidence)
    yield f"  → {problem.instead or problem.rule.cure}"


_HEAD = """# Troubleshooting

```
nim-stack diagnose -s prod                  # which of the failures below it is, the evidence, the next step
nim-stack diagnose --namespace nim --name nim
nim-stack diagnose -s prod --watch 120      # collects the logs of pods as they go, for a group that restarts
nim-stack diagnose -s prod --save seen.json # keep what was seen;  --from seen.json judges it again, elsewhere
```

It reads and changes nothing. What it may not read it names, and judges by the rest. Exit code 0: it serves, or it is
starting and within its time; 1: a failure is named; 2: the cluster or the file cannot be read; 4: it does not serve
and no known failure fits, with what was looked at. The same page is printed when `pulumi up` fails on the group or runs
out of time.

A long load is not a failure: the page says what each pod does and how much of its time has gone. What a pod logs is
compared with known lines (`nim_stack/operations/diagnosis/log_patterns.yaml`, each with where it is written).

| code | |
|---|---|
"""


def document() -> str:
    """All known failures as Markdown: `nim-stack failures --markdown > docs/troubleshooting.md`."""
    known = all_failures()
    rows = "".join(f"| [{failure.code}](#{failure.code}) | {failure.title} |\n" for failure in known)
    return _HEAD + rows + "".join(_section(failure) for failure in known)


def _section(failure: Rule) -> str:
    serves = " It is a warning: the model can serve all the same." if failure.severity == "warning" else ""
    return f"\n## {failure.code}\n\n**{failure.title}.** {failure.cause}{serves}\n\n{failure.cure}\n"
