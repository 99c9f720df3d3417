"""Rights: asked for every kind that the stack makes, and for those of the LWS release that it installs."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack.base.documents import Json
from nim_stack.deployment.keys import Keys
from nim_stack.lws.manifest import parse_release
from nim_stack.operations.cluster.errors import CannotReadError
from nim_stack.operations.doctor.access import Asked, needed, review
from nim_stack.operations.doctor.examine import examine, read
from nim_stack.operations.doctor.made import kind
from nim_stack.plan import plan_deployment
from tests.examples import NAMES, Example
from tests.unit.release_fixture import MANIFEST
from tests.unit.stories import NAMESPACE
from tests.unit.test_doctor import SETTINGS, Cluster, found

METRIC = {
    "type": "Pods",
    "pods": {"metric": {"name": "waiting"}, "target": {"type": "AverageValue", "averageValue": "4"}},
}
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "networkPolicy": ("networking.k8s.io", "networkpolicies", {"networkPolicy": {}}),
    "ingress": ("networking.k8s.io", "ingresses", {"ingress": {"host": "llm.example"}}),
    "httpRoute": ("gateway.networking.k8s.io", "httproutes", {"httpRoute": {"parentRefs": [{"name": "a"}]}}),
    "podMonitor": ("monitoring.coreos.com", "podmonitors", {"podMonitor": {}}),
    "autoscaling": (
        "autoscaling",
        "horizontalpodautoscalers",
        {"autoscaling": {"minReplicas": 1, "maxReplicas": 2, "metrics": [METRIC]}},
    ),
    "disruptionBudget": ("policy", "poddisruptionbudgets", {"disruptionBudget": {"maxUnavailable": 1}}),
    "computeDomain": ("resource.nvidia.com", "computedomains", {"pods": {"computeDomain": {}}}),
    "download": ("batch", "jobs", {"download": {"job": True}, "smoke": False}),
    "smoke": ("batch", "jobs", {}),
}


def asked(**settings: Any) -> list[Asked]:
    return needed(plan_deployment(SETTINGS | settings, keys=Keys(hub=True)))


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_that_a_setting_asks_for_is_asked_about(name: str) -> None:
    group, resource, settings = KINDS[name]
    verbs = [each[0] for each in asked(**settings) if each[1:] == (group, resource, NAMESPACE)]
    assert verbs == ["get", "create", "patch", "delete"]


def test_what_is_not_made_is_not_asked_about() -> None:
    resources = {each[2] for each in asked(smoke=False)}
    assert resources == {"leaderworkersets", "services", "persistentvolumeclaims", "secrets"}
    assert ("create", "", "namespaces", "") in asked(createNamespace=True)
    assert ("delete", "", "namespaces", "") not in asked(createNamespace=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_object_of_an_example_is_asked_about(name: str) -> None:
    example = Example(name)
    rights = needed(example.plan)
    for item in example.manifests:
        assert ("create", *kind(item), item["metadata"].get("namespace", "")) in rights
    assert len(rights) == len(set(rights)) < 60


def test_every_kind_of_the_release_is_asked_about() -> None:
    plan = plan_deployment(SETTINGS, keys=Keys(hub=True))
    rights = needed(plan, release=parse_release(MANIFEST))
    objects = [item for item in yaml.safe_load_all(MANIFEST) if item]
    created = {each[1:] for each in rights if each[0] == "create"}
    assert {(*kind(item), item["metadata"].get("namespace", "")) for item in objects} <= created
    assert ("create", "apps", "deployments", "lws-system") in rights
    assert ("create", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "") in rights
    assert not [each for each in rights if each[0] == "delete" and each[3] != NAMESPACE], "destroy alone deletes them"


class Reviewer:
    """An API server that says who may what, and has nothing else."""

    def __init__(self, *denied: str) -> None:
        self.denied = denied

    def send(self, _method: str, _path: str, body: Json) -> Json:
        resource = body["spec"]["resourceAttributes"]["resource"]
        if resource == "secrets":
            raise CannotReadError("no")
        return {"status": {"allowed": resource not in self.denied}}

    def get(self, path: str, **_: str) -> Json | None:
        return {"groups": []} if path == "/apis" else None

    def clock(self) -> tuple[str, str]:
        return "v1.35.4", "2026-01-31T10:00:00Z"


def test_answers_keep_the_order_and_what_is_refused_has_none() -> None:
    reader: Any = Reviewer("services")
    rights = asked()
    answers = review(reader, rights)
    given = [(each.verb, each.group, each.resource, each.namespace) for each in answers]
    assert given == [each for each in rights if each[2] != "secrets"]
    assert {each.resource for each in answers if not each.allowed} == {"services"}


def installing(tmp_path: Path, *, pinned: str | None = None) -> Any:
    source = tmp_path / "manifests.yaml"
    source.write_text(MANIFEST)
    digest = hashlib.sha256(MANIFEST.encode()).hexdigest()
    lws = {"mode": "install", "manifest": str(source), "sha256": pinned or digest}
    return plan_deployment(SETTINGS | {"lws": lws}, keys=Keys(hub=True))


def test_the_release_that_is_installed_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    reader: Any = Reviewer("serviceaccounts")
    snapshot = read(reader, installing(tmp_path))
    (finding,) = examine(Cluster().of(installing(tmp_path), snapshot.access)).findings["access"]
    assert finding.severity == "error"
    assert "get/create/patch serviceaccounts in lws-system" in finding.why


def test_a_release_that_cannot_be_read_leaves_its_rights_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    reader: Any = Reviewer()
    plan = installing(tmp_path, pinned="0" * 64)
    snapshot = read(reader, plan)
    it = Cluster()
    it.notes = [note for note in snapshot.notes if "LWS release" in note]
    (finding,) = examine(it.of(plan, snapshot.access)).findings["access"]
    assert finding.severity == "unknown"
    assert "not the pinned" in finding.why


def test_a_right_over_what_a_setting_adds_is_missed() -> None:
    it = Cluster()
    it.denied = ("networkpolicies",)
    assert found(it.examined()) == []
    assert found(it.examined(networkPolicy={})) == [("access", "problem")]
