"""Doctor on the recorded cluster: nothing on a good one, and each planted defect found by its check."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nim_stack.base.documents import Json
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.operations.doctor.access import needed
from nim_stack.operations.doctor.check import CHECKS, Preflight
from nim_stack.operations.doctor.examine import Report, examine
from nim_stack.operations.observing.snapshot import Access, Part
from nim_stack.plan import DeploymentPlan, plan_deployment
from tests.unit.stories import NAME, NAMESPACE, Story

SETTINGS: dict[str, Any] = {
    "name": NAME,
    "namespace": NAMESPACE,
    "createNamespace": False,
    "model": "hf://org/tiny",
    "nodes": 2,
    "gpusPerNode": 1,
    "image": "registry.example/open-nim:1",
    "storage": {"storageClass": "lab-shared", "size": "1Gi"},
}


class Cluster(Story):
    """A good cluster without the deployment."""

    def __init__(self) -> None:
        super().__init__()
        for what in ("deployment", "pods", "statefulsets", "claims", "volumes", "secrets", "services", "endpoints"):
            self.objects[what] = []
        self.objects["load"] = [pod for pod in self.objects["load"] if pod["metadata"]["namespace"] != NAMESPACE]
        for node in self.objects["nodes"]:
            node["metadata"]["labels"]["nvidia.com/gpu.product"] = "NVIDIA-H100-80GB-HBM3"
        self.objects["classes"][0]["provisioner"] = "nfs.csi.k8s.io"
        self.denied: tuple[str, ...] = ()

    def examined(self, **settings: Any) -> Report:
        plan = plan_deployment(SETTINGS | settings, keys=EVERY_KEY)
        return examine(self.of(plan))

    def of(self, plan: DeploymentPlan, answers: tuple[Access, ...] = ()) -> Preflight:
        """The plan for this cluster, in which everything is allowed but what is denied, unless there are answers."""
        asked = needed(plan)
        answers = answers or tuple(Access(*each, allowed=each[2] not in self.denied) for each in asked)
        return Preflight(plan, replace(self.snapshot, access=answers))


def found(report: Report, *levels: str) -> list[tuple[str, str]]:
    """Check and level, by the words that programs get."""
    wanted = levels or ("problem", "warning", "unknown")
    return [(row["check"], row["level"]) for row in report.document if row["level"] in wanted]


def test_a_good_cluster_has_no_finding() -> None:
    report = Cluster().examined()
    assert (found(report), report.problems) == ([], 0)
    assert tuple(report.findings) == CHECKS.order
    assert all(report.findings[name] for name in CHECKS.order if name not in ("apis", "node-resources"))


def test_a_deployment_that_is_there_is_no_finding_either() -> None:
    """Its own objects are no clash, and the GPUs that it holds are its own."""
    story = Cluster()
    for what, items in Story().objects.items():
        story.objects[what] = items
    for node in story.objects["nodes"]:
        node["metadata"]["labels"]["nvidia.com/gpu.product"] = "NVIDIA-H100-80GB-HBM3"
    story.objects["classes"][0]["provisioner"] = "nfs.csi.k8s.io"
    assert found(story.examined(gpusPerNode=8), "problem") == []


Plant = Callable[[Cluster], None]


def _no_lws(it: Cluster) -> None:
    it.groups.remove("leaderworkerset.x-k8s.io")
    it.objects |= {"definitions": [], "webhooks": []}


def _old_lws(it: Cluster) -> None:
    it.objects["definitions"][0]["spec"]["versions"][0]["status"].remove("observedGeneration")


def _webhook(it: Cluster) -> None:
    it.objects["controllerEndpoints"][0]["endpoints"] = []


def _node(change: Callable[[Json], Any]) -> Plant:
    return lambda it: change(it.objects["nodes"][1])


def _taint(node: Json) -> None:
    node["spec"]["taints"] = [{"key": "team", "value": "b", "effect": "NoSchedule"}]


def _not_ready(node: Json) -> None:
    next(c for c in node["status"]["conditions"] if c["type"] == "Ready")["status"] = "Unknown"


def _other_gpu(node: Json) -> None:
    node["metadata"]["labels"]["nvidia.com/gpu.product"] = "NVIDIA-L40S"


def _held(it: Cluster) -> None:
    pod = copy.deepcopy(it.objects["load"][0])
    pod["metadata"] |= {"namespace": "team-b", "name": "training"}
    pod["spec"] = {"nodeName": "node-0", "containers": [{"resources": {"requests": {"nvidia.com/gpu": "8"}}}]}
    it.objects["load"].append(pod)


def _provisioner(it: Cluster) -> None:
    it.objects["classes"][0]["provisioner"] = "ebs.csi.aws.com"


def _quota(it: Cluster) -> None:
    hard = {"requests.nvidia.com/gpu": "1"}
    quota = {"metadata": {"name": "team"}, "spec": {"hard": hard}, "status": {"hard": hard, "used": {}}}
    it.objects["quotas"] = [quota]


def _level(it: Cluster) -> None:
    it.objects["namespace"][0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted"


def _secret(*keys: str, empty: tuple[str, ...] = (), registries: list[str] | None = None) -> Plant:
    secret = {"metadata": {"name": "theirs"}, "keys": list(keys), "empty": list(empty), "registries": registries}
    return lambda it: it.objects["secrets"].append(secret)


def _foreign(part: Part, name: str, **more: Any) -> Plant:
    return lambda it: it.objects[part].append({"metadata": {"name": name}, **more})


def _foreign_group(it: Cluster) -> None:
    group = copy.deepcopy(Story().group)
    group["metadata"]["labels"] = {}
    it.objects["deployment"] = [group]


def _claim(mode: str, size: str = "1Gi") -> Plant:
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": size}}, "storageClassName": "lab-shared"}
    status = {"phase": "Bound", "capacity": {"storage": size}}
    return lambda it: it.objects["claims"].append({"metadata": {"name": "theirs"}, "spec": spec, "status": status})


def _nothing(_: Cluster) -> None:
    """The defect is in the settings alone."""


def _space(it: Cluster) -> None:
    it.objects["namespace"] = []


def _dns(it: Cluster) -> None:
    it.objects["dns"][0]["endpoints"] = []


def _kubernetes(it: Cluster) -> None:
    it.server = "v1.26.9"


def _forbidden(it: Cluster) -> None:
    it.denied = ("leaderworkersets",)


CLAIMED = {"storage": {"existingClaim": "theirs"}}
KEYED = {"secrets": {"hfTokenSecret": "theirs"}}
DEFECTS: list[tuple[str, Plant, dict[str, Any]]] = [
    ("kubernetes", _kubernetes, {}),
    ("lws", _no_lws, {}),
    ("lws", _old_lws, {}),
    ("lws", _webhook, {}),
    ("dns", _dns, {}),
    ("scheduler", _nothing, {"pods": {"queue": {"kind": "volcano", "name": "a"}}}),
    ("apis", _nothing, {"podMonitor": {}}),
    ("gpu-nodes", _node(_taint), {}),
    ("gpu-nodes", _node(_not_ready), {}),
    ("gpu-nodes", _node(lambda node: node["spec"].update(unschedulable=True)), {}),
    ("gpu-nodes", _node(lambda node: node["status"]["allocatable"].pop("nvidia.com/gpu")), {}),
    ("gpu-nodes", _nothing, {"nodeSelector": {"no/such": "node"}}),
    ("gpu-type", _node(_other_gpu), {}),
    ("gpu-free", _held, {}),
    ("node-resources", _nothing, {"fabric": "rdma-shared"}),
    ("node-resources", _nothing, {"resources": {"memory": "9Ti"}}),
    ("namespace", _space, {}),
    ("pod-security", _level, {"pods": {"volumes": [{"name": "x", "hostPath": {"path": "/x"}}]}}),
    ("quota", _quota, {}),
    ("storage", _provisioner, {}),
    ("storage", _nothing, {"storage": {"storageClass": "no-such-class"}}),
    ("storage", _nothing, CLAIMED),
    ("storage", _claim("ReadWriteOnce"), CLAIMED),
    ("secrets", _nothing, KEYED),
    ("secrets", _secret("OTHER"), KEYED),
    ("secrets", _secret("HF_TOKEN", empty=("HF_TOKEN",)), KEYED),
    ("secrets", _secret(".dockerconfigjson"), {"secrets": {"imagePullSecrets": ["theirs"]}}),
    ("names", _foreign_group, {}),
    ("names", _foreign("services", NAME, spec={}), {}),
    ("names", _foreign("services", f"{NAME}-leader", spec={}), {}),
    ("names", _foreign("secrets", f"{NAME}-hf-token", keys=[]), {}),
    ("access", _forbidden, {}),
]


@pytest.mark.parametrize(("name", "plant", "settings"), DEFECTS, ids=[f"{i}-{d[0]}" for i, d in enumerate(DEFECTS)])
def test_a_planted_defect_is_found_by_its_check_alone(name: str, plant: Plant, settings: dict[str, Any]) -> None:
    it = Cluster()
    plant(it)
    report = it.examined(**settings)
    assert found(report, "problem") == [(name, "problem")]
    assert all(f.why and f.instead for f in report.findings[name] if f.severity == "error")


INSTALLS: dict[str, Any] = {"mode": "install", "sha256": "0" * 64}


@pytest.mark.parametrize("retain", [False, True])
def test_an_lws_that_is_there_is_taken_over_only_where_that_is_asked_for(retain: bool) -> None:
    report = Cluster().examined(lws=INSTALLS | {"retain": retain})
    assert found(report) == ([] if retain else [("lws", "warning")])
    if not retain:
        (finding,) = report.findings["lws"]
        assert "nim.lws.retain" in finding.instead


@pytest.mark.parametrize(("others", "said"), [(0, ""), (1, "llm/o-0"), (5, "llm/o-0, llm/o-1, llm/o-2 and 2 more")])
def test_groups_of_others_that_a_destroy_would_leave_without_lws(others: int, said: str) -> None:
    story = Cluster()
    for what, items in Story().objects.items():
        story.objects[what] = items
    own = {"metadata": {"namespace": NAMESPACE, "name": NAME}}
    story.objects["others"] = [own, *({"metadata": {"namespace": "llm", "name": f"o-{i}"}} for i in range(others))]
    (finding,) = story.examined(lws=INSTALLS).findings["lws"]
    assert finding.severity == ("warning" if others else "ok")
    assert said in finding.why
    (finding,) = story.examined(lws=INSTALLS | {"retain": True}).findings["lws"]
    assert finding.severity == "ok"


@pytest.mark.parametrize(
    ("there", "expands", "words"),
    [
        ("1Gi", False, None),
        ("1024Mi", False, None),
        ("500Mi", True, None),
        ("500Mi", False, "the claim must grow, and class lab-shared does not allow it"),
        ("2Gi", True, "the claim has 2Gi, 1Gi is asked for, and a claim cannot shrink"),
    ],
)
def test_a_claim_that_is_there_is_held_against_the_size(there: str, expands: bool, words: str | None) -> None:
    it = Cluster()
    it.objects["classes"][0]["allowVolumeExpansion"] = expands
    labels = {"app.kubernetes.io/part-of": "nim-stack", "app.kubernetes.io/instance": NAME}
    spec = {"storageClassName": "lab-shared", "resources": {"requests": {"storage": there}}}
    it.objects["claims"] = [{"metadata": {"name": f"{NAME}-model-cache", "labels": labels}, "spec": spec}]
    report = it.examined()
    assert [finding.why for finding in report.findings["storage"] if finding.severity == "error"] == (
        [words] if words else []
    )


def test_groups_that_fit_now_are_counted_over_different_nodes() -> None:
    """8 + 8 GPUs hold 8 groups of 2 nodes with 1 GPU, and 1 of 8 GPUs."""
    it = Cluster()
    assert "8 groups fit" in it.examined().findings["gpu-free"][0].why
    assert "1 groups fit" in it.examined(gpusPerNode=8).findings["gpu-free"][0].why
    assert found(it.examined(gpusPerNode=8, replicas=2), "problem") == [("gpu-free", "problem")]
    assert found(it.examined(gpusPerNode=8, rollout={"maxSurge": 1})) == [("gpu-free", "warning")]


def test_a_pull_secret_of_another_registry_is_a_warning() -> None:
    it = Cluster()
    _secret(".dockerconfigjson", registries=["nvcr.io"])(it)
    assert found(it.examined(secrets={"imagePullSecrets": ["theirs"]})) == [("secrets", "warning")]


@pytest.mark.parametrize("part", ["nodes", "load", "namespace", "quotas", "classes", "dns"])
def test_what_may_not_be_read_is_not_known_rather_than_well(part: Part) -> None:
    report = Cluster().unreadable(part).examined()
    assert report.problems == 0
    assert any(level == "unknown" for _, level in found(report))
