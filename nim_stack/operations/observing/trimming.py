"""What of an object goes into a snapshot: what a verdict can need, and never the value of a secret."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from nim_stack.base.documents import Json
from nim_stack.base.redaction import HIDDEN, without_keys
from nim_stack.operations.observing.snapshot import Part

_SECRET_NAME = re.compile(r"TOKEN|KEY|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)


def trimmed(part: Part, obj: Json) -> Json:
    """The part of an object that is kept, by the part of a snapshot that it is for."""
    kept = _SPECIAL.get(part, _rest)(obj)
    meta = dict(obj["metadata"])
    meta.pop("managedFields", None)
    annotations = {k: v for k, v in (meta.pop("annotations", None) or {}).items() if "last-applied" not in k}
    return {**kept, "metadata": meta | ({"annotations": annotations} if annotations else {})}


def _rest(obj: Json) -> Json:
    kept: Json = _hidden({key: value for key, value in obj.items() if key not in ("metadata", "kind", "apiVersion")})
    return kept


def _hidden(value: Any) -> Any:
    """The same without literal values of variables whose name says that they are secret."""
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    if isinstance(value, dict):
        hide = isinstance(value.get("value"), str) and _SECRET_NAME.search(str(value.get("name", "")))
        return {key: HIDDEN if hide and key == "value" else _hidden(item) for key, item in value.items()}
    return without_keys(value) if isinstance(value, str) else value


def _node(obj: Json) -> Json:
    status = obj.get("status", {})
    return {
        "spec": {key: value for key, value in obj.get("spec", {}).items() if key in ("taints", "unschedulable")},
        "status": {key: status[key] for key in ("allocatable", "conditions") if key in status},
    }


def _load(obj: Json) -> Json:
    """What is kept of somebody else's pod: its node, and which resources it holds."""
    spec = obj["spec"]
    return {
        "spec": {
            "nodeName": spec.get("nodeName"),
            "containers": [{"resources": c.get("resources", {})} for c in spec.get("containers", [])],
        },
        "status": {"phase": obj.get("status", {}).get("phase")},
    }


def _secret(obj: Json) -> Json:
    """Names of keys, which of them are empty, and the registries of a pull secret."""
    data: Mapping[str, str] = obj.get("data") or {}
    kept: Json = {"type": obj.get("type"), "keys": sorted(data), "empty": sorted(key for key in data if not data[key])}
    if ".dockerconfigjson" in data:
        try:
            auths = json.loads(base64.b64decode(data[".dockerconfigjson"])).get("auths", {})
            kept["registries"] = sorted(auths)
        except (ValueError, AttributeError):
            kept["registries"] = None
    return kept


def _definition(obj: Json) -> Json:
    """What is kept of a CRD: which versions it serves, and what their status and restart policy know."""
    versions = []
    for version in obj["spec"]["versions"]:
        schema = version.get("schema", {}).get("openAPIV3Schema", {}).get("properties", {})
        template = schema.get("spec", {}).get("properties", {}).get("leaderWorkerTemplate", {}).get("properties", {})
        versions.append(
            {
                "name": version["name"],
                "served": version.get("served", False),
                "status": sorted(schema.get("status", {}).get("properties", {})),
                "restartPolicies": template.get("restartPolicy", {}).get("enum", []),
            }
        )
    return {"spec": {"versions": versions}, "status": {"conditions": obj.get("status", {}).get("conditions", [])}}


def _webhook(obj: Json) -> Json:
    return {
        "webhooks": [
            {
                "name": hook["name"],
                "failurePolicy": hook.get("failurePolicy"),
                "service": hook["clientConfig"].get("service"),
                "url": hook["clientConfig"].get("url"),
                "hasCertificate": bool(hook["clientConfig"].get("caBundle")),
                "resources": sorted({f"{g}/{r}" for rule in hook.get("rules", []) for g in rule.get("apiGroups", [])
                                     for r in rule.get("resources", [])}),
            }
            for hook in obj.get("webhooks") or []
        ]
    }  # fmt: skip


def _event(obj: Json) -> Json:
    keys = ("reason", "message", "type", "count", "firstTimestamp", "lastTimestamp", "eventTime", "series")
    about = obj.get("involvedObject", {})
    return {
        **{key: without_keys(v) if key == "message" else v for key in keys if (v := obj.get(key)) is not None},
        "involvedObject": {key: about[key] for key in ("kind", "name", "uid") if key in about},
    }


_SPECIAL: dict[Part, Callable[[Json], Json]] = {
    "nodes": _node,
    "others": lambda _: {},
    "load": _load,
    "secrets": _secret,
    "definitions": _definition,
    "webhooks": _webhook,
    "events": _event,
}
