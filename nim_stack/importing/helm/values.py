"""Values of the nim-llm chart to settings."""

import re
from typing import Any, Literal

from nim_stack.importing import forms
from nim_stack.importing.draft import Draft
from nim_stack.importing.helm.access import take_access
from nim_stack.importing.helm.rows import ROWS
from nim_stack.importing.helm.storage import take_storage
from nim_stack.importing.keys import withhold
from nim_stack.importing.rows import Document
from nim_stack.importing.shared import (
    ask_missing,
    different_name,
    note_unknown,
    take_image,
    take_node_selector,
    take_resources,
    take_security,
)
from nim_stack.importing.sizes import derive_gpus, profile_note
from nim_stack.importing.variables import take_variables

Chart = Literal["1.x", "2.0"]
HOLDER = "the Helm release in the cluster"


def chart_of(values: dict[str, Any]) -> tuple[Chart, str]:
    """The chart that values are for, and by what it is known."""
    document = Document(values, ROWS)
    if found := _only_in(document, "2.0"):
        return "2.0", f"only that one has {found}"
    tag = document.get("image.tag")
    if not forms.is_unset(tag) and (major := re.match(r"v?([0-9]+)\.", forms.word(tag))):
        return ("1.x" if major[1] == "1" else "2.0"), f"the image is NIM {forms.word(tag)}"
    if found := _only_in(document, "1.x"):
        return "1.x", f"only that one has {found}"
    return "2.0", "nothing says otherwise; see --chart-version"


def _only_in(document: Document, chart: Chart) -> str | None:
    """A value by which a chart is known: those of model and multiNode changed most."""
    own = [row.source for row in ROWS if row.chart == chart and row.source.startswith(("multiNode.", "model."))]
    return next((source for source in own if document.get(source) is not None), None)


def take_values(draft: Draft, values: dict[str, Any], chart: Chart, known_by: str) -> None:
    """Everything in the values, into the draft."""
    values = withhold(draft, values)
    document = Document(values, ROWS)
    _take_sizes(draft, document, chart, known_by)
    _take_model(draft, document)
    document.move(draft)
    take_resources(draft, document, "resources")
    if document.has("env"):
        take_variables(draft, "env", document.get("env"))
    derive_gpus(draft, "resources", "the chart's default is 1 GPU for each pod")
    _take_pods(draft, document)
    take_access(draft, document)
    take_storage(draft, document)
    note_unknown(draft, document, "documented value of the chart")
    if chart == "1.x":
        _take_default_secrets(draft, values)
    missing = [("model", "there is neither model.modelPath nor an image that says it; give --model")]
    there = [setting for setting in ("secrets", "storage.existingClaim") if draft.get(setting)]
    if there:
        why = (
            f"{' and '.join(there)} name objects in the namespace of the release, which values do not say; --namespace"
        )
        missing.append(("namespace", why))
    ask_missing(draft, missing)


def _take_default_secrets(draft: Draft, values: dict[str, Any]) -> None:
    """Secrets that chart 1.x refers to when its values name none."""
    why = "the chart's default"
    if "imagePullSecrets" not in values:
        draft.add("imagePullSecrets", None, "secrets.imagePullSecrets", ["ngc-secret"], why)
    if "ngcAPISecret" not in forms.mapping(values.get("model")):
        draft.take("model.ngcAPISecret", None, "secrets.ngcApiSecret", "ngc-api", why)


def _take_sizes(draft: Draft, document: Document, chart: Chart, known_by: str) -> None:
    workers = document.get("multiNode.workers")
    if not forms.on(document.get("multiNode.enabled")):
        why = "multiNode is off, so that one pod serves alone" + (
            f" and workers {workers} say nothing" if document.has("multiNode.workers") else ""
        )
        draft.take("multiNode.enabled", False, "nodes", 1, why)
        return
    try:
        nodes = _nodes(workers, chart)
    except ValueError as error:
        draft.drop("multiNode.workers", workers, str(error))
        return
    draft.take("multiNode.enabled", True, "nodes", nodes)
    if chart == "2.0":
        why = f"chart 2.0 ({known_by}): workers {nodes - 1}, and the leader, which is not counted"
    else:
        why = f"chart 1.x ({known_by}): the leader is among them; chart 2.0 would have one more"
    draft.take("multiNode.workers", workers, "nodes", nodes, why)
    for source, setting in (
        ("multiNode.tensorParallelSize", "tensorParallel"),
        ("multiNode.pipelineParallelSize", "pipelineParallel"),
        ("multiNode.gpusPerNode", "gpusPerNode"),
    ):
        value = document.get(source)
        if not forms.is_unset(value) and forms.word(value) != "0":
            draft.read(source, value, setting, forms.count)


def _nodes(workers: Any, chart: Chart) -> int:
    """The chart's default is 1."""
    given = 1 if forms.is_unset(workers) else forms.count(workers)
    return given + 1 if chart == "2.0" else max(given, 1)


def _take_model(draft: Draft, document: Document) -> None:
    path, profile = document.get("model.modelPath"), document.get("model.profile")
    if not forms.is_unset(path):
        draft.read("model.modelPath", path, "model", forms.text)
    if not forms.is_unset(profile):
        draft.read("model.profile", profile, "profile", forms.text, profile_note(str(profile)))
    take_image(draft, document, "image.repository", "image.tag", "the chart's default is its own version")


def _take_pods(draft: Draft, document: Document) -> None:
    if document.has("nodeSelector"):
        take_node_selector(draft, "nodeSelector", document.get("nodeSelector"))
    take_security(draft, document, "podSecurityContext")
    scc = document.get("openshift.scc")
    if not forms.is_unset(scc):
        required = {"openshift.io/required-scc": forms.word(scc)}
        draft.add("openshift.scc", scc, "pods.annotations", required)
        if forms.on(document.get("openshift.annotateRequiredSCC")):
            draft.add("openshift.annotateRequiredSCC", True, "pods.annotations", required)
        if forms.word(scc).startswith("restricted"):
            why = "OpenShift gives the ids of that SCC"
            draft.take("openshift.scc", scc, "podSecurity.assignedByCluster", True, why)
    if document.has("fullnameOverride"):
        name = forms.word(document.get("fullnameOverride"))
        draft.take("fullnameOverride", name, "name", different_name(name), document.says("fullnameOverride"))
