"""The matrix `defects`: what is wrong with a cluster is planted in a real one, and `nim-stack doctor` finds it.

Nothing is deployed. Each row plants one defect, examines the cluster for a stack, and expects its check to say so and
no other; the first row expects nothing on a good cluster.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from lab.deployment import NAMESPACE, install_lws, remove_lws
from lab.observe import kubectl
from lab.paths import STATE
from nim_stack.base.documents import Json
from tests.prove import provoke
from tests.prove.defects import all_reduce
from tests.prove.defects.planted import PLANTED, Planted, holder, namespaced
from tests.prove.examined import SETTINGS, examined

pytestmark = [pytest.mark.cluster, pytest.mark.prove]
_READER = "prove-reader"


def good() -> Json:
    """Nothing is found on a good cluster."""
    found = examined({})
    assert not found, sorted(found)
    return {"found": []}


def read_only() -> Json:
    """With rights to read alone it examines everything, and says that `up` would be refused."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": _READER}}
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}]
    subject = {"kind": "ServiceAccount", "name": _READER, "namespace": NAMESPACE}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": _READER},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _READER},
        "subjects": [subject],
    }
    with provoke.objects({**role, "rules": rules}, namespaced("v1", "ServiceAccount", _READER), binding):
        token = kubectl("create", "token", _READER, "-n", NAMESPACE).strip()
        document = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
        document["users"] = [{"name": user["name"], "user": {"token": token}} for user in document["users"]]
        file = STATE / "prove-reader.kubeconfig"
        file.write_text(json.dumps(document))
        try:
            found = examined({}, str(file))
        finally:
            file.unlink()
    assert found == {("access", "problem")}, sorted(found)
    return {"found": ["access"]}


def _planted(it: Planted) -> Json:
    with it.planted():
        found = examined(it.settings)
    assert found == {(it.check, "problem")}, sorted(found)
    return {"found": it.check}


ROWS: dict[str, Callable[[], Json]] = {
    "good": good,
    "read-only": read_only,
    **{name: partial(_planted, it) for name, it in PLANTED.items()},
    "all-reduce": lambda: all_reduce.measured(SETTINGS),
    "all-reduce-gpus-taken": lambda: all_reduce.gpus_taken(SETTINGS, holder()),
    "all-reduce-cut-off": lambda: all_reduce.cut_off(SETTINGS),
    "all-reduce-broken-off": lambda: all_reduce.broken_off(SETTINGS, holder()),
}


@pytest.fixture(scope="module", autouse=True)
def lws(lab: None) -> Iterator[None]:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    install_lws()
    kubectl("create", "namespace", NAMESPACE)
    yield
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    remove_lws()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_row(row: Callable[[], Json], record_property: Callable[[str, object], None]) -> None:
    record_property("measured", row())
