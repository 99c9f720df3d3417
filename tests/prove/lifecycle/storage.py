"""Rows of the matrix `lifecycle` on storage: a claim that grows under a group that serves, and one that cannot."""

from lab.deployment import GROUP, NAMESPACE, Deployment, apply, until
from lab.observe import get
from lab.storage import PROVISIONER
from nim_stack.base.documents import Json
from tests.prove.examined import examined
from tests.prove.lifecycle.load import asked_meanwhile

_CLAIM = f"{GROUP}-model-cache"
FIXED = "prove-fixed"
_NOWHERE = {"wait": False, "nodeSelector": {"no/such": "node"}}
"""A group that finds no place: its claim is bound all the same."""


def grown() -> Json:
    """Another size changes the claim in place and no pod; a smaller one is refused."""
    with Deployment() as it:
        it.up()
        before, claim = it.identities(), _claim()
        with asked_meanwhile(it.stack.outputs()["endpoint"], least=50) as measured:
            it.configure(storage={"size": "2Gi"})
            it.up()
            until("the claim has its new capacity", lambda: _claim()["status"]["capacity"]["storage"] == "2Gi", 30)
        assert it.identities() == before
        assert _claim()["metadata"]["uid"] == claim["metadata"]["uid"]
        it.stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
        it.configure(storage={"size": "1Gi"})
        code, text = it.stack.attempt("preview")
        assert code != 0
        assert "a claim cannot shrink" in text, text[-3000:]
        assert examined({"name": GROUP, "namespace": NAMESPACE}) >= {("storage", "problem")}
        return {"pods made anew": 0} | measured


def cannot_grow() -> Json:
    """A class without expansion: doctor says so before, `up` fails with what to do, the claim stays as it is."""
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": FIXED},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": False,
    }
    with Deployment(storage={"storageClass": FIXED}, **_NOWHERE) as it:
        apply(storage_class)
        it.up()
        until("the claim is bound", lambda: _claim()["status"].get("phase") == "Bound", 30)
        uid = _claim()["metadata"]["uid"]
        larger = {"storageClass": FIXED, "size": "2Gi"}
        found = examined({"name": GROUP, "namespace": NAMESPACE, "storage": larger})
        assert ("storage", "problem") in found, found
        it.configure(storage=larger)
        code, text = it.stack.attempt("up", "--yes", "--skip-preview")
        assert code != 0
        said = [line for line in text.splitlines() if "nim.storage.size" in line]
        assert said, text[-3000:]
        assert "allowVolumeExpansion" in said[0], said
        claim = _claim()
        assert (claim["metadata"]["uid"], claim["status"]["capacity"]["storage"]) == (uid, "1Gi")
        it.configure(storage={"size": "1Gi"})
        it.up()
        it.stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
        return {"exit code": code, "said": said[0].strip()}


def _claim() -> Json:
    return get("persistentvolumeclaim", _CLAIM, "-n", NAMESPACE)


ROWS = {"storage-grown": grown, "storage-cannot-grow": cannot_grow}
