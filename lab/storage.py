"""The provisioner of the storage class `lab-shared`: ReadWriteMany claims on the one export that both nodes see.

Runs in the sealed network for as long as the lab: `python -m lab.storage`. A claim gets a directory of its own and
a hostPath volume on it; the export stands in for a file server. A claim that grows gets what an external resizer gives
it: first its volume has the new capacity, then the claim's status. The directory has no size, so that nothing is
enlarged behind it: the API server decides whether a claim may grow, and this stands in for the driver that does it.
"""

import shutil
import time
import urllib.error

from lab.api import Api
from lab.node import EXPORT, EXPORT_INSIDE
from nim_stack.base.documents import Json

CLASS = "lab-shared"
PROVISIONER = "nim-lab/shared-export"


def storage_class(api: Api) -> None:
    """Publish the class, as the cluster's default."""
    api.ensure(
        "/apis/storage.k8s.io/v1/storageclasses",
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": CLASS},
            "provisioner": PROVISIONER,
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "Immediate",
            "allowVolumeExpansion": True,
        },
    )


def volume(claim: Json) -> Json:
    """The volume for a claim: same size and modes, pre-bound to it."""
    meta, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{meta['uid']}"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec["storageClassName"],
            "claimRef": {"namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]},
            "hostPath": {"path": f"{EXPORT_INSIDE}/{name}", "type": "Directory"},
        },
    }


def provision(api: Api) -> None:
    """Give every claim its directory, its volume and what it asks for more, and remove both of every released one."""
    for claim in api.call("GET", "/api/v1/persistentvolumeclaims")["items"]:
        if not _ours(claim):
            continue
        if claim["spec"].get("volumeName"):
            grow(api, claim)
        else:
            wanted = volume(claim)
            directory = EXPORT / wanted["metadata"]["name"]
            directory.mkdir(exist_ok=True)
            # A file server would map users; here any user of a pod may write.
            directory.chmod(0o777)
            api.ensure("/api/v1/persistentvolumes", wanted)
    for found in api.call("GET", "/api/v1/persistentvolumes")["items"]:
        ours = found["metadata"].get("annotations", {}).get("pv.kubernetes.io/provisioned-by") == PROVISIONER
        if ours and found["status"].get("phase") == "Released":
            shutil.rmtree(EXPORT / found["metadata"]["name"], ignore_errors=True)
            api.call("DELETE", f"/api/v1/persistentvolumes/{found['metadata']['name']}")


def grow(api: Api, claim: Json) -> None:
    """Resize the volume of a bound claim that asks for another size than it has; the API server lets none shrink."""
    wanted, status = claim["spec"]["resources"]["requests"]["storage"], claim["status"]
    if status.get("phase") != "Bound" or status["capacity"]["storage"] == wanted:
        return
    capacity, merge = {"capacity": {"storage": wanted}}, "application/merge-patch+json"
    meta, name = claim["metadata"], claim["spec"]["volumeName"]
    api.call("PATCH", f"/api/v1/persistentvolumes/{name}", {"spec": capacity}, merge)
    path = f"/api/v1/namespaces/{meta['namespace']}/persistentvolumeclaims/{meta['name']}/status"
    api.call("PATCH", path, {"status": {**capacity, "conditions": None}}, merge)


def _ours(claim: Json) -> bool:
    """As Kubernetes tells a provisioner, whichever class the claim has."""
    annotations = claim["metadata"].get("annotations") or {}
    return bool(annotations.get("volume.kubernetes.io/storage-provisioner") == PROVISIONER)


def main() -> None:
    """Look five times a second: a lab has few claims, and a watch would need more code than it saves."""
    api = Api()
    while True:
        try:
            provision(api)
        except (OSError, urllib.error.HTTPError, KeyError) as trouble:
            print(f"not provisioned: {trouble}", flush=True)
        time.sleep(0.2)


if __name__ == "__main__":
    main()
