"""Creating, updating and deleting one object: the requests and the retries (in a preview, dry runs)."""

from lab.console import LabError
from lab.standin.cluster import APPLY, JSON_PATCH, TEXTS, ApiError
from lab.standin.objects import CREATOR, annotation, handed_over
from lab.standin.values import Obj
from lab.standin.waits import Wait, until_ready


def create(obj: Obj, wait: Wait, upsert: str) -> Obj:
    """Post the object, or apply it as manager `upsert`, for a minute; nothing for a preview that cannot know better."""
    for attempt in range(6):
        try:
            if upsert:
                return _apply(obj, upsert, wait, wait.api.preview)
            return wait.api.call("POST", wait.api.path(obj).rpartition("/")[0], obj, fieldManager=CREATOR)
        except ApiError as failure:
            last, absent, exists = failure, failure.code == 404, failure.reason == "AlreadyExists"
            if not (wait.api.preview and absent):
                wait.tell(f"Retry #{attempt}; creation failed: {failure}")
            if wait.api.preview and (absent or exists or failure.code == 403):
                return {}
            if wait.api.preview or not absent or wait.cancelled.wait(2**attempt):
                break
    raise LabError(TEXTS["not_created"].format(urn=wait.urn, why=last) + TEXTS["exists"] * exists) from last


def update(obj: Obj, manager: str, wait: Wait) -> Obj:
    """Apply the object, having first taken over the fields that the create set (not in a preview), and wait for it."""
    entries, preview = wait.api.find(obj).get("metadata", {}).get("managedFields", []), wait.api.preview
    if (given := handed_over(entries, manager)) and not preview:
        patch = [{"op": "replace", "path": "/metadata/managedFields", "value": given}]
        wait.api.call("PATCH", wait.api.path(obj), patch, JSON_PATCH)
    created = any(e["manager"] == CREATOR and e["operation"] == "Update" for e in entries)
    return until_ready(obj, _apply(obj, manager, wait, not entries or (preview and created)), wait)


def _apply(obj: Obj, manager: str, wait: Wait, force: bool) -> Obj:
    forced = str(force or annotation(obj, "patchForce") == "true").lower()
    return wait.api.call("PATCH", wait.api.path(obj), obj, APPLY, fieldManager=manager, force=forced)


def delete(obj: Obj, wait: Wait) -> None:
    """Delete with all that depends on it and wait until it is gone; what is absent already is deleted."""
    if wait.api.collection(obj):
        wait.api.call("DELETE", wait.api.path(obj), {"propagationPolicy": "Foreground"})
    uid, text = obj["metadata"]["uid"], "Resource scheduled for deletion"
    wait.until(lambda live: text * (live.get("metadata", {}).get("uid") == uid), obj)
