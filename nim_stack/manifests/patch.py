"""Strategic merge of a patch into a pod template, as `kubectl patch` does it.

Mappings are merged, lists are replaced except for those whose entries Kubernetes tells apart by a key. null takes a
field away; `$patch: delete` an entry or what is in a mapping; `$patch: replace` puts a mapping in the place of another
and, as an entry of its own, a list.
(sig-api-machinery/strategic-merge-patch.md)
"""

import copy
from collections.abc import Sequence
from typing import Any

from nim_stack.base.documents import Manifest
from nim_stack.base.problems import Finding

MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "imagePullSecrets": "name",
    "resourceClaims": "name",
    "schedulingGates": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "env": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
}
"""`x-kubernetes-patch-merge-key` of Kubernetes' OpenAPI document, for the lists inside a PodTemplateSpec. Tolerations
have none and are replaced as a whole."""
_DIRECTIVE = "$patch"
_MERGE, _REPLACE, _DELETE = "merge", "replace", "delete"


def patched(template: Manifest, patch: Manifest) -> tuple[Manifest, list[Finding]]:
    """A new template, and what of the patch has no effect or is not understood; neither argument is changed.

    The path of a finding is dotted and inside the patch; an entry of a list is named by its key.
    """
    faults: list[Finding] = []
    return _mapping(template, patch, "", faults), faults


def _mapping(target: Manifest, patch: Manifest, place: str, faults: list[Finding]) -> Manifest:
    rest = _after_directives(patch, place, faults)
    if patch.get(_DIRECTIVE) == _DELETE:
        return {}
    result = {} if patch.get(_DIRECTIVE) == _REPLACE else dict(target)
    for name, value in rest.items():
        at = f"{place}.{name}" if place else name
        present = result.get(name)
        if value is None:
            if name not in result:
                faults.append(_nothing_there(at, value, f"null for {name}"))
            result.pop(name, None)
        elif isinstance(value, dict):
            if not present and value.get(_DIRECTIVE) == _DELETE:
                faults.append(_nothing_there(at, _DELETE, "$patch: delete"))
            result[name] = _mapping(present if isinstance(present, dict) else {}, value, at, faults)
        elif isinstance(value, list | tuple) and name in MERGE_KEYS:
            result[name] = _entries(present or [], value, MERGE_KEYS[name], at, faults)
        else:
            result[name] = copy.deepcopy(value)
    return result


def _entries(target: list[Any], patch: Sequence[Any], key: str, place: str, faults: list[Finding]) -> list[Any]:
    whole = {_DIRECTIVE: _REPLACE}
    result = [] if whole in patch else list(target)
    for item in patch:
        if item == whole:
            continue
        if key not in item:
            why = f"entries of this list are told apart by {key}, and this entry has none"
            faults.append(Finding(place, ", ".join(item), why, f"Give the entry a {key}."))
            continue
        at, directive = f"{place}.{item[key]}", item.get(_DIRECTIVE)
        if directive == _REPLACE:
            why = "with this directive in one entry Kubernetes removes every entry of the list, this one as well"
            instead = "Take single fields away with null; for the whole list write - $patch: replace as an entry."
            faults.append(Finding(at, directive, why, instead))
            continue
        position = next((number for number, entry in enumerate(result) if entry.get(key) == item[key]), None)
        if position is None:
            if directive == _DELETE:
                known = [entry.get(key) for entry in result]
                faults.append(_nothing_there(at, directive, "$patch: delete", known))
            else:
                result.append(_mapping({}, item, at, faults))
        elif directive == _DELETE:
            del result[position]
        else:
            result[position] = _mapping(result[position], item, at, faults)
    return result


def _after_directives(patch: Manifest, place: str, faults: list[Finding]) -> Manifest:
    """The patch without its directive, which is one of the three that are understood."""
    for name, value in patch.items():
        known = name == _DIRECTIVE and value in (_MERGE, _REPLACE, _DELETE)
        if name.startswith("$") and not known:
            why = f"the directive {name} = {value!r} is not understood"
            faults.append(Finding(place, None, why, "Use $patch: replace, $patch: delete, or null for a field."))
    return {name: value for name, value in patch.items() if not name.startswith("$")}


def _nothing_there(place: str, given: object, what: str, known: Sequence[object] = ()) -> Finding:
    there = f"The list has {', '.join(str(name) for name in known)}; correct" if known else "Correct"
    why = f"{what} has nothing to act on, because there is no such part in the pods"
    return Finding(place, given, why, f"{there} the name, or leave it out.")
