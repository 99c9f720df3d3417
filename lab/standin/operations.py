"""Creating, updating and deleting one object: the requests, the retries and the waits."""

from lab.standin.api import APPLY, JSON_PATCH, ApiError, NoMatchError
from lab.standin.changes import path_of
from lab.standin.objects import annotation, handed_over
from lab.standin.readiness import BUILT_IN
from lab.standin.values import Obj
from lab.standin.waits import WARNING, NotReadyError, Wait, stated

_CREATOR = "pulumi-kubernetes"
_CONFLICT = (
    "server-side apply field conflict detected, see https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/"
    "managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for troubleshooting help\n"
    "The resource managed by field manager {} had an apply conflict: {}"
)
_DELETE_CAN_SKIP = ("apps/v1/Deployment", "apps/v1/StatefulSet", "batch/v1/Job", "v1/Namespace", "v1/Pod")


def create(obj: Obj, wait: Wait, preview: bool, upsert: str = "") -> Obj:
    """Post the object, trying again for a minute while its kind or its namespace is missing.

    With a manager to `upsert` as, apply it instead, so that one which exists already is taken over.
    """
    query = {"fieldManager": upsert or _CREATOR} | ({"dryRun": "All"} if preview else {})
    attempt = 0
    while True:
        try:
            if upsert:
                force = str(preview or annotation(obj, "patchForce") == "true").lower()
                path = wait.api.path(obj, obj["metadata"]["name"])
                return wait.api.call("PATCH", path, obj, APPLY, **query, force=force)
            return wait.api.call("POST", wait.api.path(obj), obj, **query)
        except (ApiError, NoMatchError) as failure:
            missing = isinstance(failure, NoMatchError) or failure.code == 404
            if preview and missing:
                raise
            wait.say(f"Retry #{attempt}; creation failed: {failure}")
            if not missing or wait.cancelled.wait(2**attempt) or attempt == 5:
                raise
            attempt += 1


def update(obj: Obj, ignored: list[str], manager: str, wait: Wait, preview: bool) -> Obj:
    """Replace a CRD; apply anything else, having first taken over the fields that the create set (not in a preview)."""
    live, path = wait.api.get(obj), wait.api.path(obj, obj["metadata"]["name"])
    query = {"fieldManager": manager} | ({"dryRun": "All"} if preview else {})
    if obj["kind"] == "CustomResourceDefinition":
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}}
        return wait.api.call("PUT", path, obj, **query)
    for keys in map(path_of, ignored):  # what others own stays as it is
        *parents, last = keys
        ours, theirs = obj, live
        for key in parents:
            ours, theirs = ours.get(key, {}), theirs.get(key, {})
        if last in ours and last in theirs:
            ours[last] = theirs[last]
    entries = live["metadata"].get("managedFields", [])
    if (given := handed_over(entries, manager)) and not preview:
        patch = [{"op": "replace", "path": "/metadata/managedFields", "value": given}]
        wait.api.call("PATCH", path, patch, JSON_PATCH)
    created = any(e["manager"] == _CREATOR and e["operation"] == "Update" for e in entries)
    force = annotation(obj, "patchForce") == "true" or not entries or (preview and created)
    try:
        return wait.api.call("PATCH", path, obj, APPLY, **query, force=str(force).lower())
    except ApiError as failure:
        if failure.code != 409:
            raise
        raise ApiError(409, _CONFLICT.format(f'"{manager}"', failure)) from failure


def until_ready(inputs: Obj, live: Obj, wait: Wait) -> Obj:
    """Wait by the annotations or else by the kind's own rule, if it has one."""
    if annotation(inputs, "skipAwait") == "true":
        wait.say("Skipping await logic")
        return live
    if check := stated(live, wait):
        return wait.until(check, live, "timed out waiting for the condition")
    if rule := BUILT_IN.get(f"{live['apiVersion']}/{live['kind']}"):
        late = f"'{live['metadata']['name']}' timed out waiting to be Ready"
        return wait.until(lambda found: bool(found) and rule(found, wait), live, late)
    return live


def ready_now(inputs: Obj, live: Obj, wait: Wait) -> None:
    """Look once whether an object of a built-in kind is ready; claims are not looked at."""
    rule = BUILT_IN.get(f"{live['apiVersion']}/{live['kind']}")
    skipped = annotation(inputs, "skipAwait") == "true" or live["kind"] == "PersistentVolumeClaim"
    if rule and not skipped and not rule(live, wait):
        text = f"Resource '{live['metadata']['name']}' was created but failed to initialize"
        raise NotReadyError(text, live, wait.problems)


def delete(inputs: Obj, obj: Obj, wait: Wait) -> None:
    """Delete with all that depends on it and wait until it is gone; what is absent already is deleted."""
    policy = annotation(inputs, "deletionPropagationPolicy").capitalize() or "Foreground"
    try:
        path = wait.api.path(obj, obj["metadata"]["name"])
        wait.api.call("DELETE", path, {"propagationPolicy": policy})
    except (ApiError, NoMatchError) as failure:
        if isinstance(failure, NoMatchError) or failure.code == 404:
            return
        raise
    if annotation(inputs, "skipAwait") == "true" and f"{obj['apiVersion']}/{obj['kind']}" in _DELETE_CAN_SKIP:
        return
    uid = obj["metadata"].get("uid")
    wait.say("Resource scheduled for deletion")
    try:
        wait.until(
            lambda found: found.get("metadata", {}).get("uid") != uid, obj, "timed out waiting for the condition"
        )
    except NotReadyError as failure:
        finalizers = ", ".join(failure.live["metadata"].get("finalizers", []))
        wait.tell(f"finalizers might be preventing deletion ({finalizers})", WARNING)
        raise
    wait.say("")
