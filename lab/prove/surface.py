"""The matrix `surface`: storage, secrets, scale and rollout as a user sets them, each deployed and observed."""

import threading
import time

from lab import downloads
from lab.address import NODES
from lab.console import LabError
from lab.machine import Machine
from lab.node import EXPORT, EXPORT_INSIDE
from lab.observe import Leader, get, kubectl
from lab.prove.deployment import GROUP, NAMESPACE, PROMPT, Deployment, Json, apply, install_lws, remove_lws, until
from lab.prove.matrix import Matrix
from lab.shell import run

_OWN = "/var/lib/nim-own-cache"


def existing_claim() -> Json:
    """A claim that somebody else made is used, and outlives the stack."""
    with Deployment(storage={"storageClass": None, "size": None, "existingClaim": "theirs"}) as it:
        apply(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": "theirs", "namespace": NAMESPACE},
                "spec": {
                    "accessModes": ["ReadWriteMany"],
                    "storageClassName": "lab-shared",
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            }
        )
        downloads.reset()
        it.up()
        it.serves()
        taken = downloads.weights()
        it.stack.pulumi("destroy", "--yes", "--skip-preview")
        claims = [claim["metadata"]["name"] for claim in get("persistentvolumeclaim", "-n", NAMESPACE)["items"]]
        assert claims == ["theirs"], claims
        assert len(taken) == 1, taken
        return {"downloads": len(taken)}


def shared_path() -> Json:
    """A path that all nodes share, as a mounted file server is: one download."""
    directory = EXPORT / "prove-shared"
    directory.mkdir(exist_ok=True)
    directory.chmod(0o777)
    run(["find", directory, "-mindepth", "1", "-delete"])
    place = {"path": f"{EXPORT_INSIDE}/prove-shared", "create": False, "shared": True}
    with Deployment(storage={"storageClass": None, "size": None, "hostPath": place}) as it:
        downloads.reset()
        it.up()
        it.serves()
        taken = downloads.weights()
        assert len(taken) == 1, taken
        return {"downloads": len(taken)}


def host_path() -> Json:
    """A directory of each node: each node downloads, and keeps what it has for the next start."""
    for node in NODES:
        words = f"rm -rf {_OWN} && mkdir -p {_OWN} && chmod 777 {_OWN}"
        run([*Machine(node).enter(), "sh", "-c", words])
    place = {"path": _OWN, "create": False}
    with Deployment(storage={"storageClass": None, "size": None, "hostPath": place}) as it:
        downloads.reset()
        it.up()
        first = it.serves()
        taken = downloads.weights()
        assert sorted(count for _, count in taken) == [1, 1], taken
        downloads.reset()
        it.configure(maxModelLen=256)
        it.up()
        assert it.serves() == first
        assert downloads.weights() == [], "the second start downloaded again"
        return {"downloads": len(taken), "downloads of the next start": 0}


def per_pod() -> Json:
    """Storage of each pod's own: one download a pod, counted at the hub."""
    with Deployment(storage={"storageClass": None, "size": None, "perPod": {}}) as it:
        downloads.reset()
        it.up()
        it.serves()
        taken = downloads.weights()
        addresses = sorted(pod.address for pod in it.pods())
        assert sorted(taken) == [(address, 1) for address in addresses], (taken, addresses)
        return {"downloads": len(taken)}


def ephemeral_claims() -> Json:
    """A claim of each pod's own, which goes with the pod."""
    with Deployment(storage={"storageClass": None, "size": None, "perPod": {"storageClass": "lab-shared"}}) as it:
        downloads.reset()
        it.up()
        it.serves()
        assert len(downloads.weights()) == 2
        claims = len(get("persistentvolumeclaim", "-n", NAMESPACE)["items"])
        assert claims == 2, claims
        it.stack.pulumi("destroy", "--yes", "--skip-preview")
        until("claims gone", lambda: not get("persistentvolumeclaim", "-n", NAMESPACE)["items"], 60)
        return {"downloads": 2, "claims": claims}


def download_job() -> Json:
    """The Job fills the cache once, before any pod of the group exists; an unchanged stack runs nothing again."""
    with Deployment(download={"job": True}) as it:
        downloads.reset()
        it.up()
        it.serves()
        (job,) = get("jobs", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=download")["items"]
        assert job["status"].get("succeeded") == 1, job["status"]
        taken = downloads.weights()
        group = [pod.address for pod in it.pods()]
        assert len(taken) == 1, taken
        assert taken[0][0] not in group, "a pod of the group downloaded"
        leader = get("pod", f"{GROUP}-0", "-n", NAMESPACE)["metadata"]["creationTimestamp"]
        assert job["status"]["completionTime"] <= leader, "the group was made before the download had ended"
        it.stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert len(downloads.weights()) == 1
        return {"downloads": 1}


def gated_without_token() -> Json:
    """The hub refuses, and what people look at first says that a token is needed."""
    with Deployment(wait=False, secrets=None) as it:
        it.configure(without=("nim-stack:hfToken",))
        it.up()

        def reason() -> str:
            status = get("pod", f"{GROUP}-0", "-n", NAMESPACE)["status"]["containerStatuses"][0]
            ended = status["state"].get("terminated") or status["lastState"].get("terminated") or {}
            return str(ended.get("message", ""))

        said = until("the leader ends with a message", reason, 120)
        assert "HF_TOKEN" in said, said
        return {"termination message": said[-300:]}


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


def _prepare() -> None:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    install_lws()


_ROWS = {
    "existing-claim": existing_claim,
    "shared-path": shared_path,
    "host-path-of-each-node": host_path,
    "per-pod-empty-dir": per_pod,
    "per-pod-ephemeral-claim": ephemeral_claims,
    "download-job": download_job,
    "gated-model-without-token": gated_without_token,
    "key-rotation": key_rotation,
    "key-rotation-with-restart": key_rotation_with_restart,
    "two-groups-and-back": two_groups_and_back,
    "surge": surge,
    "cannot-be-placed": cannot_be_placed,
}
MATRIX = Matrix("surface", "storage, secrets, scale and rollout", _ROWS, _prepare, remove_lws)
