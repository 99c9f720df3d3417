"""Rows of the matrix `surface` on the place of the model, and how it comes there."""

from lab import downloads
from lab.address import NODES
from lab.deployment import GROUP, NAMESPACE, Deployment, apply, until
from lab.machine import Machine
from lab.node import EXPORT, EXPORT_INSIDE
from lab.observe import get
from lab.shell import run
from nim_stack.base.documents import Json

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
    place = {"path": f"{EXPORT_INSIDE}/prove-shared", "shared": True}
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
    place = {"path": _OWN}
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
    with Deployment(wait=False) as it:
        it.configure(without=("nim-stack:hfToken",))
        it.up()

        def reason() -> str:
            status = get("pod", f"{GROUP}-0", "-n", NAMESPACE)["status"]["containerStatuses"][0]
            ended = status["state"].get("terminated") or status["lastState"].get("terminated") or {}
            return str(ended.get("message", ""))

        said = until("the leader ends with a message", reason, 120)
        assert "HF_TOKEN" in said, said
        return {"termination message": said[-300:]}


ROWS = {
    "existing-claim": existing_claim,
    "shared-path": shared_path,
    "host-path-of-each-node": host_path,
    "per-pod-empty-dir": per_pod,
    "per-pod-ephemeral-claim": ephemeral_claims,
    "download-job": download_job,
    "gated-model-without-token": gated_without_token,
}
