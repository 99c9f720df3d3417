"""Values of the nim-llm chart to settings."""

import re
from typing import Any, Literal

from nim_stack.importing.converters import is_unset, word
from nim_stack.importing.draft import Draft
from nim_stack.importing.helm.rows import ORDER, ROWS
from nim_stack.importing.keys import withhold
from nim_stack.importing.rows import Document, apply, values_at
from nim_stack.importing.unknown import ask_missing, note_unknown

Chart = Literal["1.x", "2.0"]
KEYS_KEPT_BY = "the Helm release in the cluster"
"""What still holds a key that stands in the values in clear: Helm stores all values with the release."""


def chart_of(values: dict[str, Any]) -> tuple[Chart, str]:
    """The chart that values are for, and by what it is known."""
    if found := _only_in(values, "2.0"):
        return "2.0", f"only that one has {found}"
    tag = next(values_at(values, "image.tag"))
    if not is_unset(tag) and (major := re.match(r"v?([0-9]+)\.", word(tag))):
        return ("1.x" if major[1] == "1" else "2.0"), f"the image is NIM {word(tag)}"
    if found := _only_in(values, "1.x"):
        return "1.x", f"only that one has {found}"
    return "2.0", "nothing says otherwise; see --chart-version"


def _only_in(values: dict[str, Any], chart: Chart) -> str | None:
    """A value by which a chart is known: those of model and multiNode changed most."""
    own = [row.source for row in ROWS if row.chart == chart and row.source.startswith(("multiNode.", "model."))]
    return next((source for source in own if next(values_at(values, source)) is not None), None)


def take_values(draft: Draft, values: dict[str, Any], chart: Chart, known_by: str) -> None:
    """Take everything in the values into the draft.

    Args:
        draft: where the settings come together.
        values: a values file, or what `helm get values` prints.
        chart: the chart that the values are for, which decides what workers count.
        known_by: by what it is known to be that chart.
    """
    document = Document(draft, withhold(draft, values) or {}, ROWS, chart=chart, known_by=known_by)
    apply(ORDER, document)
    note_unknown(document, "documented value of the chart")
    missing = [("model", "there is neither model.modelPath nor an image that says it; give --model")]
    there = [setting for setting in ("secrets", "storage.existingClaim") if draft.get(setting)]
    if there:
        why = (
            f"{' and '.join(there)} name objects in the namespace of the release, which values do not say; --namespace"
        )
        missing.append(("namespace", why))
    ask_missing(draft, missing)
