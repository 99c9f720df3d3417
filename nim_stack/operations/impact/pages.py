"""An impact as a page: for a terminal, and as Markdown for the comment on a pull request."""

import re
from collections.abc import Collection, Iterator, Sequence

from nim_stack.base.tables import table
from nim_stack.base.words import count
from nim_stack.operations.impact.effect import Approval
from nim_stack.operations.impact.group_impact import GroupImpact
from nim_stack.operations.impact.report import Impact

MOST = 20
"""Lines of a list; a comment may have 65,536 characters."""
_HEAD = ("group", "groups", "GPUs before", "after", "at most", "what happens")
_TITLES = {"weights": "Weights", "secrets": "Secrets", "access": "Access", "cluster": "Cluster"}


def marker(impact: Impact) -> str:
    """By which a workflow finds its own comment again."""
    return f"<!-- nim-stack impact {re.sub('[^A-Za-z0-9_.-]', '', impact.preview.stack)} -->"


def page(impact: Impact, wanted: Collection[Approval]) -> str:
    """For people at a terminal."""
    parts = [_headline(impact, wanted)]
    if impact.groups:
        parts.append(table(_HEAD, _rows(impact)))
    parts += ["\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in _sections(impact, wanted)]
    return "\n\n".join(parts)


def markdown(impact: Impact, wanted: Collection[Approval]) -> str:
    """For a comment; values of the preview cannot become markup, links or mentions."""
    parts = [marker(impact), f"### {escape(_headline(impact, wanted))}"]
    if impact.groups:
        rows = [[escape(str(cell)) for cell in row] for row in _rows(impact)]
        parts.append("\n".join(_line(row) for row in (_HEAD, ["---"] * len(_HEAD), *rows)))
    for title, lines in _sections(impact, wanted):
        parts.append("\n".join([f"**{escape(title)}**", "", *(f"- {escape(line.strip())}" for line in lines)]))
    return "\n\n".join(parts)


def escape(text: str) -> str:
    """Text that Markdown and HTML leave alone."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("@", "&#64;").replace("://", "&#58;//")
    return re.sub(r"([\\`*_\[\]|~#>])", r"\\\1", " ".join(text.split())).replace("&\\#", "&#")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _headline(impact: Impact, wanted: Collection[Approval]) -> str:
    preview = impact.preview
    stack = f"stack {preview.stack}" if preview.stack else "this stack"
    if preview.errors:
        return f"{stack}: the preview failed"
    if preview.only_refresh:
        return f"{stack}: {count(len(impact.drift), 'change')} made outside of Pulumi"
    kinds = dict.fromkeys(kind for kind, _ in impact.approvals(wanted))
    verdict = f"needs approval ({', '.join(kinds)})" if kinds else "needs no approval"
    counts = ", ".join(f"{number} to {op}" for op, number in preview.summary.items() if number and op != "same")
    return f"{stack}: {verdict}; {counts or 'nothing changes'}"


def _rows(impact: Impact) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for group in impact.groups:
        old, new = (found.replicas if found else 0 for found in (group.before, group.after))
        groups = str(new) if old == new else f"{old} → {new}"
        rows.append((group.name, groups, group.gpus_before, group.gpus_after, group.peak_gpus, _verdict(group)))
    if len(impact.groups) > 1:
        rows.append(("total", "", *impact.gpus, ""))
    return rows


def _verdict(group: GroupImpact) -> str:
    if group.op in ("create", "delete", "replace"):
        return {"create": "is made", "delete": "is deleted", "replace": "is replaced by another"}[group.op]
    if any(kind == "unknown" for kind, _ in group.approvals):
        return "not known before the update"
    if group.rollout:
        return "rolls, with an outage" if group.is_outage else "rolls in place"
    if group.is_outage:
        return "stops serving"
    return "no group restarts" if group.op != "same" else "unchanged"


def _sections(impact: Impact, wanted: Collection[Approval]) -> Iterator[tuple[str, list[str]]]:
    """What needs approval comes first, and is not said again where it belongs."""
    reasons: dict[str, list[str]] = {}
    for kind, why in impact.approvals(wanted):
        reasons.setdefault(why, []).append(kind)
    parts: list[tuple[str, list[str]]] = [
        ("Errors", [line for error in impact.preview.errors for line in error.splitlines()]),
        ("Needs approval", [f"{', '.join(kinds)}: {why}" for why, kinds in reasons.items()]),
    ]
    yield from ((title, _limited(lines)) for title, lines in parts if lines)
    for group in impact.groups:
        lines = _group_lines(group, wanted, reasons)
        if lines:
            yield group.name, lines
    gpus = _further_gpus(impact)
    parts = [("GPUs", [gpus] if gpus else [])]
    for topic, title in _TITLES.items():
        texts = [effect.text for effect in impact.effects if effect.topic == topic and effect.text not in reasons]
        parts.append((title, list(dict.fromkeys(texts))))
    parts += [("Changed outside of Pulumi", list(impact.drift)), ("Warnings", list(impact.preview.warnings))]
    yield from ((title, _limited(lines)) for title, lines in parts if lines)


def _group_lines(group: GroupImpact, wanted: Collection[Approval], reasons: Collection[str]) -> list[str]:
    """What is said of one LeaderWorkerSet beside what needs approval."""
    lines = [why for kind, why in group.approvals if kind not in wanted] + list(group.statements)
    lines += [f"rolls because of {entry}" for entry in _limited([str(entry) for entry in group.why])]
    lines += [f"without a restart: {entry}" for entry in _limited([str(entry) for entry in group.silent])]
    if group.op == "update" and not lines and not any(group.name in why for why in reasons):
        return ["only another spelling of the same; no pod restarts"]
    return lines


def _further_gpus(impact: Impact) -> str:
    """Of groups that are not in the preview, because they stay as they are."""
    ended = any("outage" in effect.approvals for effect in impact.effects)
    if impact.counts_all_groups or not impact.changed or ended:
        return ""
    if not impact.groups and impact.preview.gpus is not None:
        return f"{impact.preview.gpus}, unchanged"
    return "groups that do not change are not counted; `pulumi preview --json --show-sames` shows them"


def _limited(lines: list[str]) -> list[str]:
    return lines if len(lines) <= MOST else [*lines[:MOST], f"and {len(lines) - MOST} more"]
