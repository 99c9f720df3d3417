"""Rows of the matrix `surface` on keys and groups: rotation, scale, rollout, and a group that finds no place."""

import threading
import time

from lab.console import LabError
from lab.deployment import GROUP, NAMESPACE, PROMPT, Deployment, until
from lab.observe import Leader, get
from nim_stack.base.documents import Json


def key_rotation() -> Json:
    """A new key changes the Secret in place, and no pod."""
    with Deployment() as it:
        it.up()
        before = it.identities()
        resource = get("secret", f"{GROUP}-hf-token", "-n", NAMESPACE)["metadata"]["resourceVersion"]
        it.stack.rotate("nim-stack:hfToken", "hf_rotated_token")
        it.up()
        after = get("secret", f"{GROUP}-hf-token", "-n", NAMESPACE)["metadata"]["resourceVersion"]
        assert after != resource, "the Secret is as it was"
        assert it.identities() == before
        it.serves()
        return {"pods made anew": 0}


def key_rotation_with_restart() -> Json:
    """With restartOnRotation the group rolls, once."""
    with Deployment(secrets={"restartOnRotation": True}) as it:
        it.up()
        before = it.identities()
        it.stack.rotate("nim-stack:ngcApiKey", "nvapi-rotated-throw-away-key")
        it.up()
        after = it.identities()
        assert after.keys() == before.keys()
        assert not set(after.values()) & set(before.values()), "a pod was kept"
        it.serves()
        it.stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
        return {"pods made anew": len(after)}


def two_groups_and_back() -> Json:
    """A second group joins without touching the first, and leaves again."""
    with Deployment() as it:
        it.up()
        first = it.identities()
        it.configure(replicas=2)
        it.up()
        both = it.identities()
        assert len(both) == 4, both
        assert first.items() <= both.items(), "the first group was touched"
        it.serves()
        it.configure(replicas=1)
        it.up()
        until("the second group is gone", lambda: it.identities() == first, 90)
        it.serves()
        return {"pods": [2, 4, 2]}


def surge() -> Json:
    """A new group serves before the old one goes: there is a ready leader all the time."""
    with Deployment(rollout={"maxSurge": 1, "maxUnavailable": 0}) as it:
        it.up()
        leader = Leader.of(it.stack.outputs()["endpoint"])
        before = it.identities()
        most, failures, answers, done = 0, 0, 0, threading.Event()

        def watch() -> None:
            nonlocal most, failures, answers
            while not done.is_set():
                most = max(most, len(it.identities()))
                try:
                    leader.chat(PROMPT, tokens=1)
                    answers += 1
                except LabError:
                    failures += 1
                time.sleep(0.5)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            it.configure(maxModelLen=256)
            it.up()
        finally:
            done.set()
            watcher.join()
        until("the surge group is gone", lambda: len(it.identities()) == 2, 90)
        assert not set(it.identities().values()) & set(before.values())
        assert most == 4, most
        it.serves()
        return {"most pods": most, "answers": answers, "failed requests": failures}


def cannot_be_placed() -> Json:
    """`up` gives up with the scheduler's reason."""
    with Deployment(nodeSelector={"no/such": "node"}, timeouts={"upMinutes": 1}) as it:
        code, text = it.stack.attempt("up", "--yes", "--skip-preview")
        assert code != 0
        assert "didn't match Pod's node affinity/selector" in text, text[-3000:]
        return {"exit code": code}


ROWS = {
    "key-rotation": key_rotation,
    "key-rotation-with-restart": key_rotation_with_restart,
    "two-groups-and-back": two_groups_and_back,
    "surge": surge,
    "cannot-be-placed": cannot_be_placed,
}
