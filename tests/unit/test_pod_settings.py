"""Every setting of the pods reaches both roles, and one of a role that role alone.

The cases are compared with the settings themselves, so that a new one without a case fails here.
"""

import re
from typing import Any

import pytest
import yaml

from nim_stack.base.documents import Manifest
from nim_stack.deployment.keys import Keys
from nim_stack.manifests.leader_worker_set import leader_worker_set
from nim_stack.manifests.pods import ROLES, References, Role, pod_template
from nim_stack.plan import plan_deployment
from nim_stack.settings.pods import ComputeDomain, Pods, PodSecurity, Queue, Resources, RolePods
from nim_stack.values.kubernetes.types import complaints
from tests.unit.conftest import ROOT, TINY
from tests.unit.pod_cases import OF_A_ROLE, OF_BOTH, RESOURCES, SECURITY, SIDECAR, model, named, spec


def templates(settings: dict[str, Any]) -> dict[Role, Manifest]:
    plan = plan_deployment(TINY | settings)
    return {role: pod_template(plan, References("cache"), role) for role in ROLES}


def aliases(model: Any) -> set[str]:
    return {info.alias for info in model.model_fields.values()}


def test_every_setting_has_a_case() -> None:
    elsewhere = {"leader", "worker", "exclusiveTopology"}  # tests/unit/test_placement.py
    assert OF_BOTH.keys() | elsewhere == aliases(Pods)
    assert OF_A_ROLE.keys() == aliases(RolePods)
    assert RESOURCES.keys() == aliases(Resources)
    assert SECURITY.keys() == aliases(PodSecurity)
    assert (aliases(Queue), aliases(ComputeDomain)) == ({"kind", "name"}, {"resourceClaimTemplate"})


def groups() -> list[Any]:
    places = {"pods": OF_BOTH, "resources": RESOURCES, "podSecurity": SECURITY}
    return [pytest.param(place, name, id=f"{place}.{name}") for place, cases in places.items() for name in cases]


@pytest.mark.parametrize(("place", "name"), groups())
def test_a_setting_of_both_reaches_both(place: str, name: str) -> None:
    case = {"pods": OF_BOTH, "resources": RESOURCES, "podSecurity": SECURITY}[place][name]
    without, found = templates({}), templates({place: {name: case.value}})
    for role in ROLES:
        assert case.found(found[role]) == case.expected
        assert case.found(without[role]) != case.expected


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", OF_A_ROLE)
def test_a_setting_of_a_role_reaches_it_alone(name: str, role: Role) -> None:
    case = OF_A_ROLE[name]
    without, found = templates({}), templates({"pods": {role: {name: case.value}}})
    (other,) = set(ROLES) - {role}
    assert case.found(found[role]) == case.expected
    assert found[other] == without[other]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", RESOURCES)
def test_resources_of_a_role_are_over_those_of_both(name: str, role: Role) -> None:
    """Field by field: what the role does not say stays as it is for both."""
    both = {"cpu": "1", "memory": "99Gi", "shm": "2Gi", "ephemeralStorage": "1Gi", "extended": {"rdma/other": "1"}}
    case = RESOURCES[name]
    found = templates({"resources": both, "pods": {role: {"resources": {name: case.value}}}})
    (other,) = set(ROLES) - {role}
    assert case.found(found[role]) == case.expected
    assert found[other] == templates({"resources": both})[other]
    for same, of_both in RESOURCES.items():
        if same != name:
            assert of_both.found(found[role]) == of_both.found(found[other])


def test_what_a_role_adds_comes_after_what_both_have() -> None:
    later = SIDECAR | {"name": "later"}
    found = templates({"pods": {"sidecars": [SIDECAR], "worker": {"sidecars": [later]}}})
    assert [one["name"] for one in found["worker"]["spec"]["containers"]] == ["nim", "logs", "later"]
    assert [one["name"] for one in found["leader"]["spec"]["containers"]] == ["nim", "logs"]


def test_a_variable_of_a_role_is_over_that_of_both_and_both_over_the_fabric() -> None:
    env = [{"name": "NCCL_IB_DISABLE", "value": "1"}, {"name": "A", "value": "both"}]
    source = {"secretKeyRef": {"name": "s", "key": "k"}}
    settings = {"fabric": "rdma-shared", "env": env, "pods": {"worker": {"env": [{"name": "A", "valueFrom": source}]}}}
    found = templates(settings)
    expected: dict[Role, Any] = {"leader": {"value": "both"}, "worker": {"valueFrom": source}}
    for role, value in expected.items():
        variables = [
            one for one in found[role]["spec"]["containers"][0]["env"] if one["name"] in ("A", "NCCL_IB_DISABLE")
        ]
        assert variables == [{"name": "NCCL_IB_DISABLE", "value": "1"}, {"name": "A"} | value]


def test_a_patch_of_a_role_comes_after_that_of_both() -> None:
    patches = {"patch": {"spec": {"priority": 1}}, "worker": {"patch": {"spec": {"priority": 2}}}}
    found = templates({"pods": patches})
    assert (found["leader"]["spec"]["priority"], found["worker"]["spec"]["priority"]) == (1, 2)


def test_security_of_an_added_container_is_its_own_over_the_restricted_one() -> None:
    own = SIDECAR | {"securityContext": {"capabilities": {"add": ["CHOWN"]}, "readOnlyRootFilesystem": True}}
    added = named(spec("containers"), "logs")(templates({"pods": {"sidecars": [own]}})["leader"])
    assert added["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
        "readOnlyRootFilesystem": True,
    }


def test_the_fabric_keeps_its_capability_beside_others() -> None:
    settings = {"fabric": "rdma-shared", "pods": {"containerSecurityContext": {"capabilities": {"add": ["SYS_NICE"]}}}}
    for template in templates(settings).values():
        assert model("securityContext", "capabilities")(template) == {"drop": ["ALL"], "add": ["IPC_LOCK", "SYS_NICE"]}


def test_the_end_of_the_log_outlives_the_container() -> None:
    for template in templates({}).values():
        assert model("terminationMessagePolicy")(template) == "FallbackToLogsOnError"
        assert template["spec"]["automountServiceAccountToken"] is False


def test_without_fields_of_a_role_the_roles_differ_as_they_must_and_in_nothing_else() -> None:
    settings = {"pods": {name: case.value for name, case in OF_BOTH.items()}, "fabric": "rdma-sriov", "gpu": "h100"}
    found = templates(settings)
    for template in found.values():
        for own in ("args", "ports", "startupProbe", "readinessProbe", "livenessProbe"):
            template["spec"]["containers"][0].pop(own, None)
        template["metadata"]["labels"].pop("app.kubernetes.io/component")
    assert found["leader"] == found["worker"]


def test_all_settings_at_once_work_together() -> None:
    """And the API server's types accept what comes out."""
    pods = {name: case.value for name, case in OF_BOTH.items()} | {"exclusiveTopology": "rack"}
    once = ("initContainers", "sidecars", "volumes", "volumeMounts", "topologySpreadConstraints")
    pods["worker"] = {name: case.value for name, case in OF_A_ROLE.items() if name not in once}
    settings = {"pods": pods, "resources": {name: case.value for name, case in RESOURCES.items()}}
    plan = plan_deployment(TINY | settings)
    group = leader_worker_set(plan, References("cache"), "nim")["spec"]["leaderWorkerTemplate"]
    for template in (group["leaderTemplate"], group["workerTemplate"]):
        assert complaints(template, "core_v1.PodTemplateSpec") == []


def test_the_examples_of_the_page_on_pods_work_without_a_warning() -> None:
    stack, patch = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "pods.md").read_text(), re.DOTALL)
    settings = yaml.safe_load(stack)["config"]["nim-stack:nim"]
    assert plan_deployment(settings, keys=Keys(ngc=True)).warnings == ()
    plan = plan_deployment(settings | yaml.safe_load(patch), keys=Keys(ngc=True))
    assert plan.warnings == ()
    leader = pod_template(plan, References("cache"), "leader")["spec"]
    assert leader["containers"][0]["livenessProbe"]["failureThreshold"] == 12
