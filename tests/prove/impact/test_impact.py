"""The matrix `impact`: a change is previewed, judged by `nim-stack impact`, made, and held against what LWS did."""

import time
from collections.abc import Callable, Iterator

import pytest

from lab.deployment import install_lws, remove_lws, until
from lab.observe import get, kubectl
from lab.paths import REPO
from lab.stacks import SECRETS, Stack
from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.operations.impact.effect import APPROVALS
from nim_stack.operations.impact.report import Impact, read_impact
from tests.prove.impact.changes import BASE, CHANGES, Change

pytestmark = [pytest.mark.cluster, pytest.mark.prove]
_SETTLED_SECONDS = 4.0
"""For so long nothing may happen where nothing is expected; LWS acts within a second of seeing a change."""
_KINDS = "leaderworkersets,services,secrets,persistentvolumeclaims"
_NAMESPACES = ("prove-impact", "prove-impact-moved")


def changed_stack(change: Change | None = None) -> Stack:
    """The stack of the matrix, with the change or as it is before each."""
    stack = Stack("prove-impact", REPO / "Pulumi.dev.yaml", BASE)
    stack.configure(change.settings if change else {}, change.without if change else ())
    for name, value in SECRETS.items():
        if change is None or name not in change.without:
            stack.rotate(name, f"{value}-rotated" if change and change.rotated == name else value)
    return stack


def judge(change: Change) -> Json:
    """Preview the change, make it, and hold what was said of it against the cluster.

    Raises:
        AssertionError: impact said something else than expected, or the cluster did something else than it said.
    """
    start = changed_stack()
    start.unlock()
    start.pulumi("up", "--yes", "--skip-preview")
    before = _until_there(1, 2)
    stack = changed_stack(change)
    impact = read_impact(stack.pulumi("preview", "--json", "--show-sames"))
    said = _said(impact)
    assert said["rolls"] == change.rolls, said
    assert said["approvals"] == sorted(change.approvals), said
    code, text = stack.attempt("up", "--yes", "--skip-preview")
    assert code == 0 or change.settings.get("wait"), text[-3000:]  # a wait ends without pods that find a node
    after = _until_there(said["groups"], said["pods"], unless=before["revisions"] if change.rolls else [])
    did = {
        "new revision": bool(set(after["revisions"]) - set(before["revisions"])),
        "groups kept": len(set(before["leaders"]) & set(after["leaders"])),
        "GPUs": after["gpus"],
        "objects gone": sorted(name for uid, name in before["objects"].items() if uid not in after["objects"]),
    }
    elsewhere = bool(change.settings.keys() & {"name", "namespace"})
    assert did["new revision"] == (change.rolls or elsewhere), did
    assert did["groups kept"] == said["groups kept"], (did, said)
    assert did["GPUs"] == said["GPUs"], (did, said)
    told = " ".join(why for _, why in impact.approvals(list(APPROVALS)))
    assert not [name for name in did["objects gone"] if name not in told], (did, told)
    return {"impact": said, "cluster": did}


def _said(impact: Impact) -> Json:
    """A group that serves at worst is one that LWS leaves alone while the new ones do not serve, as here."""
    (group,) = impact.groups
    after, rolled = group.after, group.rollout
    assert after is not None, group
    groups = after.replicas + (after.surge if rolled else 0)
    kept = min(group.before.replicas, after.replicas) if group.before and group.op in ("same", "update") else 0
    return {
        "rolls": group.revision,
        "approvals": sorted({kind for kind, _ in impact.approvals(list(APPROVALS))}),
        "groups": groups,
        "pods": groups * after.size,
        "groups kept": rolled.serving if rolled else kept,
        "GPUs": group.peak_gpus if rolled and after.surge else group.gpus_after,
    }


def _seen() -> Json:
    """Revisions by name, leaders and objects by uid, and the GPUs that pods ask for."""
    found: Json = {"revisions": [], "leaders": [], "objects": {}, "gpus": 0, "pods": 0}
    for namespace in _NAMESPACES:
        for item in get("controllerrevisions", "-n", namespace)["items"]:
            if item["metadata"]["ownerReferences"][0]["kind"] == "LeaderWorkerSet":
                found["revisions"].append(f"{namespace}/{item['metadata']['name']}")
        for pod in get("pods", "-n", namespace, "-l", names.LWS_NAME_LABEL)["items"]:
            found["pods"] += 1
            found["gpus"] += int(pod["spec"]["containers"][0]["resources"]["limits"][names.GPU_RESOURCE])
            if pod["metadata"]["labels"][names.LWS_WORKER_INDEX_LABEL] == "0":
                found["leaders"].append(pod["metadata"]["uid"])
        for item in get(_KINDS, "-n", namespace)["items"]:
            if item["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == "pulumi":
                found["objects"][item["metadata"]["uid"]] = f"{namespace}/{item['metadata']['name']}"
    return found


def _until_there(groups: int, pods: int, unless: list[str] | None = None) -> Json:
    """What is there once so many groups and pods are, the revisions are not only these, and it stays so."""

    def there() -> Json | None:
        seen = _seen()
        enough = len(seen["leaders"]) == groups and seen["pods"] == pods
        return seen if enough and not (unless and set(seen["revisions"]) <= set(unless)) else None

    def quiet() -> Json | None:
        first = there()
        time.sleep(_SETTLED_SECONDS)
        return first if first and first == there() else None

    found: Json = until(f"{groups} groups of {pods} pods in all", quiet, 90)
    return found


@pytest.fixture(scope="module", autouse=True)
def lws(lab: None) -> Iterator[None]:
    install_lws()
    yield
    changed_stack().pulumi("destroy", "--yes", "--skip-preview", check=False)
    kubectl("delete", "namespace", *_NAMESPACES, "--ignore-not-found")
    remove_lws()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_change(change: Change, record_property: Callable[[str, object], None]) -> None:
    record_property("measured", judge(change))
