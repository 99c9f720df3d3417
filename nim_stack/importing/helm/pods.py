"""Security of the chart's pods, and the Secrets that chart 1.x takes for granted."""

from collections.abc import Mapping

from nim_stack.importing.converters import mapping, word
from nim_stack.importing.rows import Fields


def security(own: Fields) -> None:
    """Fields of the pod's security context that no row of its own has."""
    context = own["podSecurityContext"]
    if not isinstance(context.value, Mapping):
        return
    rows = {row.source for row in own.document.rows}
    further = {
        key: value
        for key, value in context.value.items()
        if value is not None and f"podSecurityContext.{key}" not in rows
    }
    context.told(further).add(further)


def openshift(own: Fields) -> None:
    """The security context constraint that pods ask for."""
    scc, required = own["openshift.scc"], own["openshift.annotateRequiredSCC"]
    if not scc:
        return
    annotation = {"openshift.io/required-scc": word(scc.value)}
    scc.add(annotation, "pods.annotations")
    if required.is_on:
        required.told(True).add(annotation)
    if word(scc.value).startswith("restricted"):
        scc.take(True, "podSecurity.assignedByCluster", "OpenShift gives the ids of that SCC")


def default_secrets(own: Fields) -> None:
    """Secrets that chart 1.x refers to when its values name none."""
    if own.document.chart != "1.x":
        return
    values, why = own.document.tree, "the chart's default"
    if "imagePullSecrets" not in values:
        own["imagePullSecrets"].add(["ngc-secret"], why=why)
    if "ngcAPISecret" not in mapping(values.get("model")):
        own["model.ngcAPISecret"].take("ngc-api", why=why)
