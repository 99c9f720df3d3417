"""The pods: both roles alike, and what they say is what the container understands."""

from typing import Any

import pytest
from nim_serve.contract import serve_config as contract

from nim_stack.base import names
from nim_stack.deployment.keys import Keys
from nim_stack.manifests.leader_worker_set import spec
from nim_stack.manifests.pods import pod_template
from nim_stack.manifests.references import References, SecretRef
from nim_stack.manifests.services import leader_service
from nim_stack.plan import DeploymentPlan, plan_deployment
from nim_stack.rules import overrides
from tests.unit.conftest import TINY

REFERENCES = References("cache", SecretRef("ngc", "NGC_API_KEY"), SecretRef("hub", "token"), ("pull",))
FULL = TINY | {
    "gpu": "h100",
    "maxModelLen": 4096,
    "passthroughArgs": ["--enforce-eager", "--chat-template", "{{ 'a b' }}"],
    "env": [{"name": "NCCL_DEBUG", "value": "INFO"}],
    "resources": {"cpu": "4", "memory": "64Gi", "shm": "8Gi"},
    "ports": {"server": 9000, "ray": 6400},
    "logLevel": "DEBUG",
}


@pytest.fixture
def plan() -> DeploymentPlan:
    return plan_deployment(FULL)


def container(plan: DeploymentPlan, role: Any) -> dict[str, Any]:
    (only,) = pod_template(plan, REFERENCES, role)["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def environment(plan: DeploymentPlan, role: Any) -> dict[str, str]:
    """As the kubelet would set it, with a placeholder for what comes from elsewhere."""
    return {variable["name"]: variable.get("value", "elsewhere") for variable in container(plan, role)["env"]}


def test_roles_differ_in_arguments_port_probes_and_label_alone(plan: DeploymentPlan) -> None:
    leader, worker = (pod_template(plan, REFERENCES, role) for role in ("leader", "worker"))
    for template in (leader, worker):
        (only,) = template["spec"]["containers"]
        for own in ("args", "ports", "startupProbe", "readinessProbe", "livenessProbe"):
            only.pop(own, None)
        template["metadata"]["labels"].pop("app.kubernetes.io/component")
    assert leader == worker


def test_arguments_are_those_of_the_container(plan: DeploymentPlan) -> None:
    assert container(plan, "leader")["args"] == contract.head_args(6400)
    assert container(plan, "worker")["args"] == contract.worker_args("$(LWS_LEADER_ADDRESS)", 6400)
    assert "command" not in container(plan, "leader")


@pytest.mark.parametrize("role", ["leader", "worker"])
def test_the_container_understands_every_variable(plan: DeploymentPlan, role: str) -> None:
    read = contract.parse_environment(environment(plan, role))
    assert read.ignored == ()
    assert (read.tensor_parallel, read.pipeline_parallel, read.nodes, read.gpus_per_node) == (1, 2, 2, 1)
    assert read.passthrough == ("--enforce-eager", "--chat-template", "{{ 'a b' }}")
    assert (read.model.name, read.served_names) == ("org/tiny", ("org/tiny",))
    assert (read.max_model_len, read.server_port, read.cache_path) == (4096, 9000, names.CACHE_MOUNT)
    assert (read.jsonl, read.shared_cache, read.limits.join) == (False, True, plan.budget.join)


def test_secrets_of_the_container_come_by_reference(plan: DeploymentPlan) -> None:
    by_reference = {variable["name"] for variable in container(plan, "worker")["env"] if "valueFrom" in variable}
    assert {variable.name for variable in contract.ENV.values() if variable.secret} <= by_reference


def test_paths_ports_and_defaults_equal_the_contract() -> None:
    assert (names.HEALTH_READY, names.HEALTH_LIVE) == (contract.HEALTH_READY_PATH, contract.HEALTH_LIVE_PATH)
    assert (names.SERVER_PORT, names.RAY_PORT) == (contract.DEFAULT_SERVER_PORT, contract.DEFAULT_RAY_PORT)


def test_every_variable_of_the_stack_is_refused_in_env(plan: DeploymentPlan) -> None:
    """Else a second entry of the same name would win without a word."""
    set_here = environment(plan, "leader").keys() - {"NCCL_DEBUG"}
    assert set_here <= {*overrides.OWNED_VARIABLES, overrides.JSON_LOGGING}


def test_probes_ask_the_leader_alone(plan: DeploymentPlan) -> None:
    leader, worker = container(plan, "leader"), container(plan, "worker")
    assert leader["startupProbe"]["httpGet"] == {"path": "/v1/health/ready", "port": "health"}
    assert leader["readinessProbe"]["httpGet"] == {"path": "/v1/health/ready", "port": "health"}
    assert leader["livenessProbe"]["httpGet"] == {"path": "/v1/health/live", "port": "health"}
    assert not {"startupProbe", "readinessProbe", "livenessProbe"} & worker.keys()
    probe = leader["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= plan.budget.startup


def test_an_image_without_a_supervisor_is_asked_on_its_api_and_its_workers_wait_for_their_leader() -> None:
    plan = plan_deployment(
        {
            "model": "llama-3.1-405b-instruct",
            "nodes": 2,
            "storage": {"storageClass": "a"},
            "healing": {"rayCheck": True},
        },
        keys=Keys(ngc=True),
    )
    leader, worker = container(plan, "leader"), container(plan, "worker")
    assert leader["readinessProbe"]["httpGet"] == {"path": "/v1/health/ready", "port": "http"}
    assert [port["name"] for port in leader["ports"]] == ["http", "ray"]
    assert not [one["name"] for one in leader["env"] if one["name"].startswith("NIM_STACK_HEAL")]
    assert "ray health-check" in worker["livenessProbe"]["exec"]["command"][2]
    before = pod_template(plan, REFERENCES, "worker")["spec"]["initContainers"]
    assert [one["name"] for one in before] == ["wait-for-leader"]


def test_pods_of_a_group_repel_each_other_and_not_those_of_another(plan: DeploymentPlan) -> None:
    (term,) = pod_template(plan, REFERENCES, "worker")["spec"]["affinity"]["podAntiAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    assert term == {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": {"leaderworkerset.sigs.k8s.io/name": "nim"}},
        "matchLabelKeys": ["leaderworkerset.sigs.k8s.io/group-key"],
    }


def test_gpus_and_memory_are_request_and_limit(plan: DeploymentPlan) -> None:
    assert container(plan, "worker")["resources"] == {
        "limits": {"nvidia.com/gpu": "1", "memory": "64Gi"},
        "requests": {"nvidia.com/gpu": "1", "memory": "64Gi", "cpu": "4"},
    }


def test_the_fabric_reaches_both_roles() -> None:
    """Resources as request and limit, annotations, capabilities and variables; a variable of the stack's own wins."""
    efa = plan_deployment(TINY | {"fabric": "efa", "env": [{"name": "FI_PROVIDER", "value": "tcp"}]})
    own = {"name": "mine", "description": "mine", "rdma": True, "gigabits": 100, "sources": ["mine"]}
    own |= {"annotations": {"k8s.v1.cni.cncf.io/networks": "net1"}, "capabilities": ["IPC_LOCK"]}
    mine = plan_deployment(TINY | {"fabric": "mine", "catalog": {"fabrics": [own]}})
    for role in ("leader", "worker"):
        resources = container(efa, role)["resources"]
        assert resources["limits"]["vpc.amazonaws.com/efa"] == resources["requests"]["vpc.amazonaws.com/efa"] == "32"
        # The API server refuses huge pages without processors or memory.
        assert resources["requests"]["cpu"] == "1"
        assert container(efa, role)["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["IPC_LOCK"]}
        assert environment(efa, role)["FI_PROVIDER"] == "tcp"
        assert environment(efa, role)["NCCL_NET_PLUGIN"] == "ofi"
        template = pod_template(mine, REFERENCES, "leader" if role == "leader" else "worker")
        assert template["metadata"]["annotations"] == {"k8s.v1.cni.cncf.io/networks": "net1"}


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"memory": "64Gi"}, id="memory is requested"),
        pytest.param({"cpu": "9"}, id="processors are requested"),
    ],
)
def test_processors_come_with_huge_pages_only_where_nothing_else_does(asked: dict[str, str]) -> None:
    efa = plan_deployment(TINY | {"fabric": "efa", "resources": asked})
    requests = container(efa, "leader")["resources"]["requests"]
    assert {name: requests[name] for name in ("cpu", "memory") if name in requests} == asked


def test_a_rollout_is_what_the_stack_says() -> None:
    plan = plan_deployment(TINY | {"replicas": 2, "rollout": {"maxSurge": 1, "maxUnavailable": 0}})
    assert spec(plan, REFERENCES)["rolloutStrategy"]["rollingUpdateConfiguration"] == {
        "maxSurge": 1,
        "maxUnavailable": 0,
    }


def test_the_service_port_stays_when_the_container_port_moves(plan: DeploymentPlan) -> None:
    (port,) = leader_service(plan, "nim")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (8000, "http")
    assert container(plan, "leader")["ports"][0] == {"name": "http", "containerPort": 9000, "protocol": "TCP"}
    assert leader_service(plan, "nim") == leader_service(plan_deployment(TINY), "nim")


def test_the_service_is_never_named_like_the_group(plan: DeploymentPlan) -> None:
    """Nor like one of its leaders, `<name>-<number>`, whose headless Service it would replace."""
    service = leader_service(plan, "nim")["metadata"]["name"]
    assert service == "nim-leader"
    assert service != plan.settings.name


def test_a_group_has_one_pod_a_node_and_restarts_as_one(plan: DeploymentPlan) -> None:
    group = spec(plan, REFERENCES)
    assert group["leaderWorkerTemplate"]["size"] == 2
    assert group["leaderWorkerTemplate"]["restartPolicy"] == "RecreateGroupAfterStart"
    assert group["startupPolicy"] == "LeaderCreated"
