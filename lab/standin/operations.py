"""Creating, updating and deleting one object: the requests, the retries and the waits."""

from lab.standin import TEXTS
from lab.standin.api import APPLY, JSON_PATCH, ApiError
from lab.standin.objects import annotation, handed_over
from lab.standin.readiness import BUILT_IN, UNKNOWN
from lab.standin.values import Obj
from lab.standin.waits import WARNING, NotReadyError, Wait, stated

_CREATOR = "pulumi-kubernetes"
_DELETE_CAN_SKIP = ("apps/v1/Deployment", "apps/v1/StatefulSet", "batch/v1/Job", "v1/Namespace", "v1/Pod")


def create(obj: Obj, wait: Wait, preview: bool, upsert: str) -> Obj:
    """Post the object, trying again for a minute while its kind or its namespace is missing.

    With a manager to `upsert` as, apply it instead, so that one which exists already is taken over.
    """
    for attempt in range(6):
        try:
            if upsert:
                return _apply(obj, upsert, wait, preview, preview)
            return wait.api.call("POST", wait.api.path(obj), obj, fieldManager=_CREATOR, **_dry(preview))
        except ApiError as failure:
            last = failure
            if not (preview and failure.code == 404):
                wait.say(f"Retry #{attempt}; creation failed: {failure}")
            if preview or failure.code != 404 or wait.cancelled.wait(2**attempt):
                break
    raise last


def update(obj: Obj, manager: str, wait: Wait, preview: bool) -> Obj:
    """Replace a CRD; apply anything else, having first taken over the fields that the create set (not in a preview)."""
    live, path = wait.api.get(obj), wait.api.path(obj, obj["metadata"]["name"])
    if obj["kind"] == "CustomResourceDefinition":
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}}
        return wait.api.call("PUT", path, obj, fieldManager=manager, **_dry(preview))
    entries = live["metadata"].get("managedFields", [])
    if (given := handed_over(entries, manager)) and not preview:
        wait.api.call("PATCH", path, [{"op": "replace", "path": "/metadata/managedFields", "value": given}], JSON_PATCH)
    created = any(e["manager"] == _CREATOR and e["operation"] == "Update" for e in entries)
    return _apply(obj, manager, wait, preview, not entries or (preview and created))


def _apply(obj: Obj, manager: str, wait: Wait, preview: bool, force: bool) -> Obj:
    path, forced = wait.api.path(obj, obj["metadata"]["name"]), force or annotation(obj, "patchForce") == "true"
    try:
        query = {"fieldManager": manager, "force": str(forced).lower(), **_dry(preview)}
        return wait.api.call("PATCH", path, obj, APPLY, **query)
    except ApiError as failure:
        conflict = TEXTS["conflict"].format(manager=manager, why=failure) if failure.code == 409 else str(failure)
        raise ApiError(failure.code, conflict, failure.reason, failure.kind) from failure


def _dry(preview: bool) -> dict[str, str]:
    return {"dryRun": "All"} if preview else {}


def until_ready(inputs: Obj, live: Obj, wait: Wait) -> Obj:
    """Wait by the annotations or else by the kind's own rule, if it has one."""
    kind = f"{live['apiVersion']}/{live['kind']}"
    if annotation(inputs, "skipAwait") == "true":
        wait.say("Skipping await logic")
    elif check := stated(live, wait):
        return wait.until(check, live, TEXTS["condition_late"])
    elif rule := BUILT_IN.get(kind):
        return wait.until(
            lambda found: bool(found) and rule(found, wait), live, TEXTS["late"].format(**live["metadata"])
        )
    elif kind in UNKNOWN:
        wait.api.warn(TEXTS["unwaited"].format(kind=live["kind"]))
    return live


def ready_now(inputs: Obj, live: Obj, wait: Wait) -> None:
    """Look once whether the object is ready by its kind's own rule."""
    rule = BUILT_IN.get(f"{live['apiVersion']}/{live['kind']}")
    if rule and annotation(inputs, "skipAwait") != "true" and not rule(live, wait):
        raise NotReadyError(TEXTS["not_ready"].format(**live["metadata"]), live, wait.problems)


def delete(inputs: Obj, obj: Obj, wait: Wait) -> None:
    """Delete with all that depends on it and wait until it is gone; what is absent already is deleted."""
    policy = annotation(inputs, "deletionPropagationPolicy").capitalize() or "Foreground"
    try:
        wait.api.call("DELETE", wait.api.path(obj, obj["metadata"]["name"]), {"propagationPolicy": policy})
        if annotation(inputs, "skipAwait") == "true" and f"{obj['apiVersion']}/{obj['kind']}" in _DELETE_CAN_SKIP:
            return
        wait.say("Resource scheduled for deletion")
        uid = obj["metadata"].get("uid")
        wait.until(lambda found: found.get("metadata", {}).get("uid") != uid, obj, TEXTS["condition_late"])
        wait.say("")
    except NotReadyError as failure:
        wait.tell(TEXTS["finalizers"].format(names=", ".join(failure.live["metadata"].get("finalizers", []))), WARNING)
        raise
    except ApiError as failure:
        if failure.code != 404:
            raise
