"""Kubernetes objects as inputs: their normal form, names and owners, and what a live object says of them."""

import base64
import hashlib
import re
import secrets
from typing import Any

from lab.console import LabError
from lab.standin.values import Obj, unknown

_READ_ONLY = {"creationTimestamp", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "uid"}
_SERVERS = {"deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"}
# Managers whose fields become ours at the first update: of the create, and of people with kubectl. Names are prefixes.
_TAKEN_OVER = {"Apply": ("kubectl",), "Update": ("kubectl", "before-first-apply", "pulumi-kubernetes")}


def builtin(obj: Obj) -> bool:
    """Say whether the kind is Kubernetes' own, which the official plugin knows from its schema."""
    group = str(obj.get("apiVersion", "")).rpartition("/")[0]
    return bool(re.fullmatch(r"[^.]*|((rbac\.authorization|flowcontrol\.apiserver|[^.]+)\.k8s\.io)", group))


def annotation(obj: Obj, name: str) -> str:
    """Return the value of one of the plugin's annotations, such as `waitFor`, or nothing."""
    return str((obj.get("metadata", {}).get("annotations") or {}).get(f"pulumi.com/{name}", ""))


def full_name(obj: Obj) -> str:
    """Return namespace/name, or the name alone, which is also the resource's ID."""
    return "/".join(obj["metadata"][part] for part in ("namespace", "name") if obj["metadata"].get(part))


def normal(obj: Obj) -> Obj:
    """Bring inputs into the form that the server returns, so that equal objects compare equal. Changes `obj`."""
    if obj.get("kind") == "Secret" and "stringData" in obj and not unknown(obj):
        encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in obj.pop("stringData").items()}
        obj["data"] = obj.get("data", {}) | encoded
    if obj.get("kind") == "CustomResourceDefinition":
        obj.pop("status", None)
        obj["spec"] = {k: v for k, v in obj["spec"].items() if (k, v) != ("preserveUnknownFields", False)}
    if isinstance(meta := obj.get("metadata"), dict):
        obj["metadata"] = {k: v for k, v in meta.items() if k not in _READ_ONLY}
    return obj


def pruned(live: Any, inputs: Any) -> Any:
    """Reduce live state to the fields and list elements that the inputs have, so that defaults are no drift."""
    if isinstance(live, dict) and isinstance(inputs, dict):
        return {k: pruned(v, inputs[k]) for k, v in live.items() if k in inputs}
    if isinstance(live, list) and isinstance(inputs, list):
        return [pruned(a, b) for a, b in zip(live, inputs, strict=False)]
    return live


def imported(live: Obj) -> Any:
    """Take inputs from a live object that no program has described; of custom resources the official takes no spec."""
    if not builtin(live):
        return pruned(live, {"apiVersion": "", "kind": "", "metadata": {"name": "", "namespace": ""}})
    found = normal({k: v for k, v in live.items() if k != "status"})
    notes = {k: v for k, v in found["metadata"].pop("annotations", {}).items() if k not in _SERVERS}
    found["metadata"] |= {"annotations": notes} if notes else {}
    return found


def named(obj: Obj, old: Obj, resource: str, seed: bytes, proposed: str) -> None:
    """Give an unnamed object its old automatic name or a new one: the resource's and eight hexadecimal digits."""
    meta = obj["metadata"]
    if meta.get("name") or (old and not annotation(old, "autonamed")):
        return
    if meta.get("generateName"):
        raise LabError("the `.metadata.generateName` field is not supported in Server-Side Apply mode")
    suffix = hashlib.sha256(seed + resource.encode()).hexdigest()[:8] if seed else secrets.token_hex(4)
    meta["name"] = old["metadata"]["name"] if old else proposed or f"{resource}-{suffix}"
    meta["annotations"] = {**meta.get("annotations", {}), "pulumi.com/autonamed": "true"}


def manager(obj: Obj, state: Obj) -> str:
    """Return the field manager for server-side apply: random for each resource, kept in its state."""
    known = annotation(obj, "patchFieldManager") or state.get("__fieldManager")
    return str(known or f"pulumi-kubernetes-{secrets.token_hex(4)}")


def handed_over(entries: list[Obj], name: str) -> list[Obj]:
    """Give the fields of the create to the manager of server-side apply; nothing when there are none to give."""
    ours = [e for e in entries if e["manager"] == name and e["operation"] == "Apply"]
    rest = [e for e in entries if e not in ours]
    taken = [e for e in rest if not e.get("subresource") and e["manager"].startswith(_TAKEN_OVER[e["operation"]])]
    fields: Obj = {}
    for entry in ours + taken:
        _merge(fields, entry.get("fieldsV1", {}))
    merged = {**entries[0], "manager": name, "operation": "Apply", "fieldsV1": fields} if entries else {}
    return [*(e for e in rest if e not in taken), merged] if taken else []


def _merge(into: Obj, more: Obj) -> None:
    for key, value in more.items():
        _merge(into.setdefault(key, {}), value)
