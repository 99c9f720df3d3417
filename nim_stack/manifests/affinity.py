"""Affinity of the pods: what keeps a group together and apart, joined with what a stack asks for."""

from typing import Any

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.settings.pods import Role

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def affinity(plan: DeploymentPlan, role: Role) -> Manifest:
    """The built-in terms first; every term that is required must hold, whoever asked for it."""
    pods = plan.settings.pods
    built_in: Manifest = {"podAntiAffinity": {_REQUIRED: [_term(plan, names.HOSTNAME_LABEL)]}}
    if plan.compute_domain is not None:
        built_in["podAffinity"] = {_REQUIRED: [_term(plan, names.CLIQUE_LABEL)]}
    joined = built_in
    for asked in (pods.affinity, pods.of(role).affinity):
        joined = _joined(joined, asked or {})
    return joined


def _term(plan: DeploymentPlan, topology: str) -> Manifest:
    """Pods of the same group, while other groups may share a node.

    LWS labels each pod with its group's key; `matchLabelKeys` adds the pod's own value to the selector when it is
    created (beta in Kubernetes 1.31, stable in 1.33). An older API server drops the field, and then groups keep apart
    from each other as well.
    """
    return {
        "topologyKey": topology,
        "labelSelector": {"matchLabels": {names.LWS_NAME_LABEL: plan.settings.name}},
        "matchLabelKeys": [names.LWS_GROUP_KEY_LABEL],
    }


def _joined(one: Manifest, other: Manifest) -> Manifest:
    """Both together: Kubernetes wants all terms of a list, except for the terms of a node selector, of which it wants
    any."""
    result = dict(one)
    for name, value in other.items():
        present: Any = result.get(name)
        if present is None:
            result[name] = value
        elif name == "nodeSelectorTerms":
            result[name] = [_both(mine, theirs) for mine in present for theirs in value]
        elif isinstance(value, dict):
            result[name] = _joined(present, value)
        else:
            result[name] = [*present, *value]
    return result


def _both(mine: Manifest, theirs: Manifest) -> Manifest:
    return {key: [*mine.get(key, ()), *theirs.get(key, ())] for key in {**mine, **theirs}}
