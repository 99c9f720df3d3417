"""Every object of every deployment that tests know is accepted by the real API server, with LWS's real webhooks and
Pod Security: a server-side dry run, in which strict fields are an error.

LeaderWorkerSet's schema does not judge the pods inside of it, so that a pod of each template is asked about as well, in
a namespace that enforces the level which the plan states. ComputeDomains are left out: their CRD is in no module that
can be had here. The claims by which pods use one belong to Kubernetes itself (resource.k8s.io) and are checked.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab import extensions
from lab.deployment import apply, install_lws, remove_lws
from lab.dry_run import Verdict, dry_run
from lab.observe import kubectl
from lab.stacks import Stack
from nim_stack.base.documents import Json
from nim_stack.manifests.pods import security_level
from tests.cluster.admitted import SIZE, pods
from tests.deployments import Deployment, deployment, names, planned
from tests.matrix_access import TINY

pytestmark = pytest.mark.cluster

WITHOUT_CRD = "ComputeDomain"
KINDS = {
    *("Namespace", "PersistentVolumeClaim", "Job", "Service", "LeaderWorkerSet", "HorizontalPodAutoscaler"),
    *("Ingress", "HTTPRoute", "NetworkPolicy", "PodMonitor", "PodDisruptionBudget", "Pod"),
}
STRICTER = {"privileged": "baseline", "baseline": "restricted"}
NAMES = names()


def space(level: str) -> str:
    return f"dry-run-{level}"


@dataclass(frozen=True)
class Asked:
    """One object of a deployment, and the level that its namespace enforces."""

    name: str
    level: str
    what: str
    manifest: Json


@dataclass(frozen=True)
class Answers:
    """Verdicts on everything that was asked."""

    given: dict[tuple[str, str], list[tuple[Asked, Verdict]]]

    def of(self, name: str, level: str) -> list[tuple[Asked, Verdict]]:
        return self.given[name, level]


def questions(name: str, found: Deployment) -> Iterator[Asked]:
    """All objects at the plan's own level; of the stricter one, the pods alone."""
    level = security_level(found.plan)
    for manifest in found.manifests:
        if manifest["kind"] != WITHOUT_CRD:
            metadata = manifest["metadata"] | (
                {"namespace": space(level)} if "namespace" in manifest["metadata"] else {}
            )
            yield Asked(name, level, manifest["kind"], manifest | {"metadata": metadata})
    for enforced in filter(None, (level, STRICTER.get(level))):
        for what, pod in pods(found, space(enforced)).items():
            yield Asked(name, enforced, what, pod)


@pytest.fixture(scope="module")
def prepared(undeployed: Stack) -> Iterator[dict[str, Deployment]]:
    """All deployments, and a cluster with LWS, the CRDs, and what pods need to be there already."""
    found = {name: deployment(name) for name in NAMES}
    wanted = [one.plan.settings.pods for one in found.values()]
    levels = [*STRICTER, "restricted"]
    others: list[Json] = [
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 1}
        for name in sorted({pods.priority_class for pods in wanted if pods.priority_class})
    ] + [
        {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name}, "handler": "runc"}
        for name in sorted({pods.runtime_class for pods in wanted if pods.runtime_class})
    ]
    spaces: list[Json] = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": space(level), "labels": {"pod-security.kubernetes.io/enforce": level}},
        }
        for level in levels
    ]
    accounts: list[Json] = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": space(level)}}
        for name in sorted({pods.service_account for pods in wanted if pods.service_account})
        for level in levels
    ]
    try:
        extensions.install()
        install_lws()
        apply(*spaces, *others, *accounts)
        for level in levels:  # which the controller manager makes, and pods are refused until then
            kubectl("wait", "--for=create", "--timeout=30s", "serviceaccount/default", "-n", space(level))
        yield found
    finally:
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": [*spaces, *others]})
        kubectl("delete", "--ignore-not-found", "-f", "-", stdin=document)
        remove_lws()
        extensions.remove()


@pytest.fixture(scope="module")
def answers(prepared: dict[str, Deployment]) -> Answers:
    asked = [one for name, found in prepared.items() for one in questions(name, found)]
    given: dict[tuple[str, str], list[tuple[Asked, Verdict]]] = {}
    for one, verdict in zip(asked, dry_run([one.manifest for one in asked]), strict=True):
        given.setdefault((one.name, one.level), []).append((one, verdict))
    return Answers(given)


@pytest.mark.parametrize("name", NAMES)
def test_every_object_is_accepted(name: str, answers: Answers, prepared: dict[str, Deployment]) -> None:
    """And every pod, where the namespace enforces the level of the plan."""
    verdicts = answers.of(name, security_level(prepared[name].plan))
    assert [f"{one.what}: {verdict.refusal}" for one, verdict in verdicts if verdict.refusal] == []
    assert {one.what for one, _ in verdicts} >= {"Service", "LeaderWorkerSet", "leader", "worker"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_warned_of(name: str, answers: Answers, prepared: dict[str, Deployment]) -> None:
    verdicts = answers.of(name, security_level(prepared[name].plan))
    assert [f"{one.what}: {warning}" for one, verdict in verdicts for warning in verdict.warnings] == []


def test_a_stricter_level_refuses_the_pods(answers: Answers, prepared: dict[str, Deployment]) -> None:
    """The level of a plan is not looser than it must be; a role that alone needs it is enough."""
    levels = {name: security_level(found.plan) for name, found in prepared.items()}
    stricter = {name: STRICTER[level] for name, level in levels.items() if level in STRICTER}
    refusals = {
        name: [verdict.refusal for _, verdict in answers.of(name, level) if verdict.refusal]
        for name, level in stricter.items()
    }
    assert set(stricter.values()) == set(STRICTER.values())
    assert [name for name, found in refusals.items() if not found] == []
    for name, found in refusals.items():
        assert all(f'violates PodSecurity "{stricter[name]}:latest"' in refusal for refusal in found), found


def test_every_kind_was_asked_about(answers: Answers) -> None:
    assert {one.manifest["kind"] for given in answers.given.values() for one, _ in given} == KINDS


def test_the_webhook_of_lws_saw_the_pods(answers: Answers) -> None:
    made = [verdict.made for one, verdict in answers.of("ingress", "restricted") if one.what in ("leader", "worker")]
    variables = [{env["name"] for env in pod["spec"]["containers"][0]["env"]} for pod in made]
    assert len(variables) == 2
    assert all({"LWS_LEADER_ADDRESS", "LWS_GROUP_SIZE", "LWS_WORKER_INDEX"} <= found for found in variables)


def broken(what: str, *path: str, value: Any) -> Json:
    """An object of a small deployment with one field changed."""
    small, at = planned(TINY), space("restricted")
    objects = {one["kind"]: one for one in small.manifests} | pods(small, at)
    manifest: Json = json.loads(json.dumps(objects[what]))
    manifest["metadata"]["namespace"] = at
    *before, last = path
    inner = manifest
    for part in before:
        inner = inner[part]
    inner[last] = value
    return manifest


UPDATE = ("spec", "rolloutStrategy", "rollingUpdateConfiguration")
BROKEN: dict[str, tuple[Json, str]] = {
    "a field that is none": (broken("Service", "spec", "selectors", value={}), "spec.selectors"),
    "a value of another type": (broken("LeaderWorkerSet", "spec", "replicas", value="two"), "spec.replicas"),
    "what only LWS's webhook knows": (broken("LeaderWorkerSet", *UPDATE, "maxUnavailable", value=0), "maxUnavailable"),
    "a pod that LWS's webhook refuses": (broken("leader", "metadata", "annotations", value={}), SIZE.split("/")[1]),
    "a pod that cannot be": (broken("worker", "spec", "volumes", value=[]), "volumeMounts"),
    "a pod of another level": (broken("worker", "spec", "hostNetwork", value=True), "violates PodSecurity"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_refused(case: str, prepared: dict[str, Deployment]) -> None:
    manifest, reason = BROKEN[case]
    (verdict,) = dry_run([manifest])
    assert reason in verdict.refusal


def test_nothing_was_made(answers: Answers) -> None:
    kinds = "pods,services,leaderworkersets,jobs,persistentvolumeclaims,ingresses,httproutes,podmonitors"
    for level in (*STRICTER, "restricted"):
        assert kubectl("get", kinds, "-n", space(level), "-o", "name") == ""
