"""The all-reduce Job: what its figure depends on is as in the group, and nothing is needed that is yet to come."""

import json
from typing import Any

import pytest

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.manifests.all_reduce_job import AllReduce, all_reduce_job, job_name, owned
from nim_stack.manifests.pod_security import least, pod_security_level
from nim_stack.manifests.pods import References, pod_template, security_level
from nim_stack.plan import DeploymentPlan, plan_deployment
from nim_stack.values.kubernetes.types import complaints
from tests.deployments import deployment
from tests.deployments import names as variants
from tests.unit.conftest import TINY

ASKED = AllReduce(job_name("nim", "a1b2c3"), "models", 2**28, 1800)
LARGE = TINY | {"gpusPerNode": 8, "gpu": "h100", "tensorParallel": 8}


def job(settings: dict[str, Any], **asked: Any) -> Manifest:
    return of(plan_deployment(settings), **asked)


def of(plan: DeploymentPlan, **asked: Any) -> Manifest:
    return all_reduce_job(plan, References(pull_secrets=("pull",)), AllReduce(**(ASKED.__dict__ | asked)))


def pod(manifest: Manifest) -> Manifest:
    spec: Manifest = manifest["spec"]["template"]["spec"]
    return spec


def main(manifest: Manifest) -> Manifest:
    return next(one for one in pod(manifest)["containers"] if one["name"] == names.MODEL_CONTAINER)


@pytest.mark.parametrize("name", [name for name in variants() if deployment(name).plan.nodes > 1])
def test_of_every_deployment(name: str) -> None:
    """A Job as Kubernetes knows it, which the namespace admits if it admits the group, and which refers to nothing that
    `up` makes; GPUs, devices, identity and network are those of a worker."""
    plan = deployment(name).plan
    made, worker = of(plan), pod_template(plan, References("any"), "worker")["spec"]
    server = next(one for one in worker["containers"] if one["name"] == names.MODEL_CONTAINER)
    assert complaints(made, "batch_v1.Job") == []
    stated = security_level(plan)
    annotations = made["spec"]["template"]["metadata"].get("annotations")
    assert least([stated, pod_security_level(pod(made), annotations)]) == stated
    text = json.dumps(made)
    assert names.CACHE_VOLUME not in text
    assert names.LWS_PREFIX not in text.replace(str(plan.settings.pods.exclusive_topology), "")
    assert main(made)["resources"] == server["resources"]
    assert main(made)["securityContext"] == server["securityContext"]
    for field in ("nodeSelector", "tolerations", "runtimeClassName", "schedulerName", "hostNetwork", "securityContext"):
        assert pod(made).get(field) == worker.get(field)
    mounted = {mount["name"] for one in pod(made)["containers"] for mount in one.get("volumeMounts", ())}
    assert mounted <= {volume["name"] for volume in pod(made)["volumes"]}


def test_one_pod_for_each_node_and_a_rank_for_each_gpu() -> None:
    made = job(LARGE)
    assert made["spec"]["completionMode"] == "Indexed"
    assert made["spec"]["completions"] == made["spec"]["parallelism"] == 2
    env = {variable["name"]: variable.get("value") for variable in main(made)["env"]}
    assert (env["ALL_REDUCE_PODS"], env["ALL_REDUCE_RANKS"]) == ("2", "8")
    assert env["ALL_REDUCE_LEADER"] == "nim-all-reduce-a1b2c3-0.nim-all-reduce-a1b2c3.models.svc"
    assert pod(made)["subdomain"] == ASKED.name
    (apart,) = pod(made)["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    selector = {"matchLabels": {names.JOB_NAME_LABEL: ASKED.name}}
    assert apart == {"topologyKey": names.HOSTNAME_LABEL, "labelSelector": selector}


def test_the_fabric_is_the_groups_and_keys_are_not_needed() -> None:
    key = {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "api", "key": "key"}}}
    own = {"name": "NCCL_IB_HCA", "value": "mlx5"}
    made = job(LARGE | {"fabric": "rdma-sriov", "env": [key, own]})
    env = {variable["name"]: variable for variable in main(made)["env"]}
    assert env["NCCL_IB_HCA"] == own
    assert env["NCCL_SOCKET_IFNAME"]["value"] == "eth0"
    assert "VLLM_API_KEY" not in env
    assert main(made)["resources"]["limits"]["nvidia.com/sriov-rdma"] == "1"
    assert main(made)["securityContext"]["capabilities"]["add"] == ["IPC_LOCK"]
    assert made["spec"]["template"]["metadata"]["annotations"] == {"k8s.v1.cni.cncf.io/networks": "sriov-rdma"}


def test_containers_that_work_on_the_model_are_left_out_and_network_plugins_are_not() -> None:
    cache = [{"name": names.CACHE_VOLUME, "mountPath": "/model-store"}]
    before = [{"name": "plugin", "image": "p"}, {"name": "adapters", "image": "a", "volumeMounts": cache}]
    made = job(TINY | {"pods": {"initContainers": before}, "healing": {"waitForLeader": True}})
    assert [one["name"] for one in pod(made)["initContainers"]] == ["plugin"]


def test_an_image_of_another_name_replaces_the_plans() -> None:
    made = job(TINY | {"healing": {"waitForLeader": True}}, image="other:1")
    assert [one["image"] for one in pod(made)["containers"]] == ["other:1"]
    assert pod(made)["imagePullSecrets"] == [{"name": "pull"}]


def test_pods_of_one_place_stay_in_one_place() -> None:
    """What LeaderWorkerSet does with the annotation, a term says here."""
    made = job(TINY | {"pods": {"exclusiveTopology": "example.com/rack"}})
    (together,) = pod(made)["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    selector = {"matchLabels": {names.JOB_NAME_LABEL: ASKED.name}}
    assert together == {"topologyKey": "example.com/rack", "labelSelector": selector}


@pytest.mark.parametrize(("kind", "where"), [("kueue", names.KUEUE_QUEUE_LABEL), ("kai", names.KAI_QUEUE_LABEL)])
def test_a_queue_admits_the_job(kind: str, where: str) -> None:
    assert job(TINY | {"pods": {"queue": {"kind": kind, "name": "team"}}})["metadata"]["labels"][where] == "team"


def test_what_it_needs_beside_it_goes_with_it() -> None:
    (service,) = owned(plan_deployment(TINY), ASKED, "the-uid")
    assert complaints(service, "core_v1.Service") == []
    assert service["spec"]["selector"] == {names.JOB_NAME_LABEL: ASKED.name}
    (owner,) = service["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Job", ASKED.name, "the-uid")


def test_nvlink_between_nodes_has_a_domain_of_its_own() -> None:
    settings = TINY | {"gpu": "gb200", "gpusPerNode": 4, "tensorParallel": 4, "fabric": "nvlink-multi-node"}
    _, domain = owned(plan_deployment(settings), ASKED, "the-uid")
    template = domain["spec"]["channel"]["resourceClaimTemplate"]["name"]
    assert [claim["resourceClaimTemplateName"] for claim in pod(job(settings))["resourceClaims"]] == [template]
    assert domain["metadata"]["ownerReferences"][0]["uid"] == "the-uid"
    (together,) = pod(job(settings))["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert together["topologyKey"] == names.CLIQUE_LABEL


def test_names_of_the_longest_deployment_fit_into_dns() -> None:
    pod_name = f"{job_name('n' * names.MAX_NAME, 'a1b2c3')}-99"
    assert len(pod_name) <= 63
