"""The evidence of the matrix as tables for docs/healing.md."""

from collections.abc import Mapping, Sequence

from nim_stack.base.documents import Json

PEER = "peer: "
"""Rows of the documented example begin with it."""

BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
"""Around the tables on the page."""

_COLUMNS: Mapping[str, str] = {
    "noticed_s": "noticed",
    "serving_again_s": "serving again",
    "bound_s": "bound",
    "failed_requests": "failed",
    "requests": "of requests",
    "longest_request_s": "longest",
    "pods_made_anew": "pods made anew",
}


def tables(evidence: Mapping[str, Json], rows: Sequence[str]) -> str:
    """Both tables, in the order of the rows; a row without evidence says so."""
    ours = [row for row in rows if not row.startswith(PEER)]
    peer = [row for row in rows if row.startswith(PEER)]
    parts = [_origin(evidence), _table("what", ours, evidence)]
    parts.append(
        "The documented vLLM example of LeaderWorkerSet on the same cluster, measured and held against nothing:\n"
    )
    parts.append(_table("what", peer, evidence))
    return "\n".join(parts)


def with_tables(page: str, text: str) -> str:
    """The page with these tables between its two marks.

    Raises:
        ValueError: the page has not both marks, once each and in their order.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN.strip()} that is followed by {END.strip()}")
    return f"{head}{begin}{text}{end}{tail}"


def _origin(evidence: Mapping[str, Json]) -> str:
    if not evidence:
        return "Nothing has been measured yet.\n"
    dates = sorted(record["date"][:10] for record in evidence.values())
    when = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    floors = [record["measured"]["floor"] for record in evidence.values() if "floor" in record.get("measured", {})]
    text = (
        f"Measured on {when}, of `evidence/faults.json`. Seconds count from the fault, or from its end where it lasts."
    )
    if floors:
        ray, engine = (_range([floor[key] for floor in floors]) for key in ("ray_s", "engine_s"))
        text += f" By hand, Ray starts in {ray} s and the engine in {engine} s."
    return f"{text}\n"


def _range(values: Sequence[float]) -> str:
    least, most = min(values), max(values)
    return f"{least:.1f}" if least == most else f"{least:.1f} to {most:.1f}"


def _table(first: str, rows: Sequence[str], evidence: Mapping[str, Json]) -> str:
    lines = [f"| {first} | {' | '.join(_COLUMNS.values())} |", f"|---{'|---' * len(_COLUMNS)}|"]
    for row in rows:
        record = evidence.get(row, {})
        measured = record.get("measured", {})
        cells = [str(measured.get(key, "–")) for key in _COLUMNS]
        if not record.get("held"):
            cells = ["did not hold" if record else "not measured yet", *[""] * (len(_COLUMNS) - 1)]
        lines.append(f"| {row.removeprefix(PEER)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
