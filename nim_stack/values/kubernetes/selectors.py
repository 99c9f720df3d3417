"""Selectors of nodes and pods whose fields do not go together."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nim_stack.values.kubernetes.field import Found

_Value = Mapping[str, Any]


def _requirement(value: _Value) -> Iterator[Found]:
    """Of labels of nodes or pods."""
    operator, values = value["operator"], value.get("values") or ()
    if operator in ("In", "NotIn") and not values:
        yield "values", f"it is missing, which {operator} needs"
    elif operator in ("Exists", "DoesNotExist") and values:
        yield "values", f"with {operator} there are none"
    elif operator in ("Gt", "Lt") and len(values) != 1:
        yield "values", f"{operator} compares with one value, and there are {len(values)}"


def _node_term(value: _Value) -> Iterator[Found]:
    """Nodes have one field that can be selected by, their name."""
    for position, one in enumerate(value.get("matchFields") or ()):
        place = f"matchFields.{position}"
        if one["key"] != "metadata.name":
            yield f"{place}.key", f"{one['key']!r} is not metadata.name, the one field of nodes that is selected by"
        elif one["operator"] not in ("In", "NotIn"):
            yield f"{place}.operator", f"{one['operator']!r} is not In or NotIn, which a field of nodes is selected by"
        elif len(one.get("values") or ()) != 1:
            yield f"{place}.values", "there is one name in each; write further terms for further nodes"


def _node_selector(value: _Value) -> Iterator[Found]:
    if not value["nodeSelectorTerms"]:
        yield "nodeSelectorTerms", "it is empty"


def _pod_term(value: _Value) -> Iterator[Found]:
    keys = {name: value.get(name) or () for name in ("matchLabelKeys", "mismatchLabelKeys")}
    for name, listed in keys.items():
        if listed and value.get("labelSelector") is None:
            yield name, "it needs a labelSelector beside it"
    yield from selected_twice(value)
    for key in sorted(set(keys["matchLabelKeys"]) & set(keys["mismatchLabelKeys"])):
        yield "matchLabelKeys", f"{key!r} is among mismatchLabelKeys as well"


def selected_twice(value: _Value) -> Iterator[Found]:
    """Keys of matchLabelKeys that the labelSelector beside them has, too."""
    selector = value.get("labelSelector") or {}
    selected = {*(selector.get("matchLabels") or ()), *(one["key"] for one in selector.get("matchExpressions") or ())}
    for key in sorted(selected & set(value.get("matchLabelKeys") or ())):
        yield "matchLabelKeys", f"{key!r} is in the labelSelector as well"


def _spread(value: _Value) -> Iterator[Found]:
    """Without a labelSelector the stack adds its own."""
    if "minDomains" in value and value["whenUnsatisfiable"] != "DoNotSchedule":
        yield "minDomains", "it needs whenUnsatisfiable: DoNotSchedule"
    yield from selected_twice(value)


SELECTORS: Mapping[str, Callable[[_Value], Iterator[Found]]] = {
    "LabelSelectorRequirement": _requirement,
    "NodeSelector": _node_selector,
    "NodeSelectorRequirement": _requirement,
    "NodeSelectorTerm": _node_term,
    "PodAffinityTerm": _pod_term,
    "TopologySpreadConstraint": _spread,
}
