"""The model cache of every kind, as pods mount it and as the container understands it."""

from typing import Any

import pytest
from nim_serve.contract import serve_config as contract

from nim_stack.base.quantity import Quantity
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.manifests.pods import Role, pod_template
from nim_stack.manifests.references import References, SecretRef
from nim_stack.plan import DeploymentPlan, plan_deployment, summary
from tests.unit.conftest import TINY

NFS = {"server": "nfs.example", "path": "/exports/models"}
KEYS = References(api_secret=SecretRef("ngc", "apiKey"), hf_secret=SecretRef("hub", "token"))


def plan_with(storage: dict[str, Any], **changes: Any) -> DeploymentPlan:
    return plan_deployment(TINY | {"storage": storage} | changes, keys=EVERY_KEY)


def pod(plan: DeploymentPlan, role: Role = "worker", references: References = KEYS) -> tuple[Any, Any, dict[str, Any]]:
    """Cache volume, its mount, and the variables."""
    spec = pod_template(plan, references, role)["spec"]
    (container,) = spec["containers"]
    (volume,) = [volume for volume in spec["volumes"] if volume["name"] == "model-cache"]
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "model-cache"]
    return volume, mount, {variable["name"]: variable for variable in container["env"]}


@pytest.mark.parametrize(
    ("storage", "volume", "shared"),
    [
        pytest.param(
            {"storageClass": "c"},
            {"persistentVolumeClaim": {"claimName": "nim-model-cache"}},
            True,
            id="a claim that the stack makes",
        ),
        pytest.param(
            {"existingClaim": "full"},
            {"persistentVolumeClaim": {"claimName": "full"}},
            True,
            id="a claim that is there",
        ),
        pytest.param({"nfs": NFS}, {"nfs": NFS}, True, id="NFS"),
        pytest.param(
            {"hostPath": {"path": "/m", "shared": True}},
            {"hostPath": {"path": "/m", "type": "Directory"}},
            True,
            id="a shared directory of the nodes",
        ),
        pytest.param(
            {"hostPath": {"path": "/m"}},
            {"hostPath": {"path": "/m", "type": "Directory"}},
            False,
            id="a directory of each node",
        ),
        pytest.param({"perPod": {}}, {"emptyDir": {"sizeLimit": "500Gi"}}, False, id="a volume of each pod"),
        pytest.param(
            {"perPod": {"size": "9Gi"}},
            {"emptyDir": {"sizeLimit": "9Gi"}},
            False,
            id="a volume of each pod with a size",
        ),
    ],
)
def test_each_kind_of_storage(storage: dict[str, Any], volume: dict[str, Any], shared: bool) -> None:
    """Pods whose cache is their own are told to download, and those that share one are not."""
    plan = plan_with(storage)
    for role in ("leader", "worker"):
        found, mount, env = pod(plan, "leader" if role == "leader" else "worker")
        assert found == {"name": "model-cache"} | volume
        assert mount == {"name": "model-cache", "mountPath": "/model-store"}
        assert contract.parse_environment(_values(env)).shared_cache is shared


def test_a_claim_of_each_pod_has_the_size_of_the_model() -> None:
    plan = plan_with({"perPod": {"storageClass": "local-nvme"}}, model="llama-3.1-405b-instruct", gpusPerNode=8)
    volume, _, _ = pod(plan)
    spec = volume["ephemeral"]["volumeClaimTemplate"]["spec"]
    assert (spec["accessModes"], spec["storageClassName"]) == (["ReadWriteOnce"], "local-nvme")
    assert Quantity.parse(spec["resources"]["requests"]["storage"]).value > 812e9


def test_a_claim_that_is_handed_over_wins_over_the_name_of_the_settings() -> None:
    volume, _, _ = pod(plan_with({"existingClaim": "weights"}), references=References(cache_claim="made-elsewhere"))
    assert volume["persistentVolumeClaim"] == {"claimName": "made-elsewhere"}


def test_models_can_share_a_claim_by_directories() -> None:
    _, mount, _ = pod(plan_with({"existingClaim": "weights", "subPath": "chat/v2"}))
    assert mount["subPath"] == "chat/v2"


@pytest.mark.parametrize(
    ("storage", "download", "leader", "worker"),
    [
        pytest.param({"readOnlyWorkers": True}, {}, False, True, id="workers alone"),
        pytest.param({"readOnly": True}, {"disabled": True}, True, True, id="both with a full cache"),
        pytest.param({"readOnly": True}, {"job": True}, True, True, id="both with a download Job"),
        pytest.param({}, {}, False, False, id="nobody"),
    ],
)
def test_who_mounts_the_cache_read_only(
    storage: dict[str, Any], download: dict[str, Any], leader: bool, worker: bool
) -> None:
    plan = plan_with({"nfs": NFS} | storage, download=download)
    assert [pod(plan, role)[1].get("readOnly", False) for role in ("leader", "worker")] == [leader, worker]


def test_behind_an_air_gap_pods_have_no_key_and_do_not_download() -> None:
    plan = plan_with({"existingClaim": "full"}, download={"disabled": True})
    _, _, env = pod(plan)
    assert not {"NGC_API_KEY", "HF_TOKEN"} & env.keys()
    assert contract.parse_environment(_values(env)).disable_download
    assert env["HF_HUB_OFFLINE"]["value"] == "1"
    assert plan.budget.download == 0


def test_air_gapped_settings_need_no_key() -> None:
    """Not for a gated model of the hub, and of NVIDIA's image from a mirror only what its registry asks for."""
    hub = {"model": "hf://meta-llama/Llama-3.1-405B-Instruct", "nodes": 2, "image": "mirror.example/open-nim:1"}
    hub |= {"storage": {"existingClaim": "full"}, "download": {"disabled": True}}
    own = {"model": "llama-3.1-405b-instruct", "nodes": 2, "image": "mirror.example/nim/llama-3.1-405b-instruct:2.0.4"}
    own |= {"storage": {"existingClaim": "full"}, "download": {"disabled": True}}
    mirrored = own | {"download": {"repositoryOverride": "https://mirror.example/nim"}}
    for settings in (hub, own, mirrored):
        assert plan_deployment(settings).problems == ()


def test_a_mirror_takes_the_place_of_hub_and_ngc() -> None:
    download = {"hubEndpoint": "https://hub.example", "repositoryOverride": "https://mirror.example/nim"}
    _, _, env = pod(plan_with({"existingClaim": "full"}, download=download))
    assert env["HF_ENDPOINT"]["value"] == "https://hub.example"
    assert env["NIM_REPOSITORY_OVERRIDE"]["value"] == "https://mirror.example/nim"


def test_keys_come_from_the_secret_and_the_key_that_are_named() -> None:
    _, _, env = pod(plan_with({"existingClaim": "full"}))
    assert env["NGC_API_KEY"]["valueFrom"] == {"secretKeyRef": {"name": "ngc", "key": "apiKey"}}
    assert env["HF_TOKEN"]["valueFrom"] == {"secretKeyRef": {"name": "hub", "key": "token"}}


def test_credentials_of_an_object_store_come_from_secrets() -> None:
    source = {"secretKeyRef": {"name": "aws", "key": "id"}}
    env = [{"name": "AWS_ACCESS_KEY_ID", "valueFrom": source}]
    image = "nvcr.io/nim/nvidia/model-free-nim:2.0.2"
    _, _, found = pod(plan_with({"existingClaim": "full"}, model="s3://bucket/own", env=env, image=image))
    assert found["AWS_ACCESS_KEY_ID"] == {"name": "AWS_ACCESS_KEY_ID", "valueFrom": source}
    assert found["NIM_MODEL_PATH"]["value"] == "s3://bucket/own"


def test_downloads_of_each_pod_have_their_time() -> None:
    settings = {"model": "llama-3.1-405b-instruct", "gpusPerNode": 8}
    alone, shared = plan_with({"perPod": {}}, **settings), plan_with({"nfs": NFS}, **settings)
    assert alone.budget.download == 2 * shared.budget.download > 0
    local = plan_with({"nfs": NFS}, model="/model-store/own")
    assert local.budget.download == 0


@pytest.mark.parametrize(
    ("storage", "words"),
    [
        pytest.param({"nfs": NFS}, "nfs.example:/exports/models", id="NFS"),
        pytest.param({"hostPath": {"path": "/m"}}, "/m on each node", id="a directory of each node"),
        pytest.param({"perPod": {"size": "9Gi"}}, "9Gi in each pod", id="a volume of each pod"),
        pytest.param({"existingClaim": "full"}, "full", id="a claim that is there"),
        pytest.param({"storageClass": "c", "size": "7Gi"}, "7Gi", id="a claim that the stack makes"),
    ],
)
def test_the_summary_says_where_the_model_is(storage: dict[str, Any], words: str) -> None:
    assert summary(plan_with(storage))["storage"] == words


def test_pods_restart_with_their_keys_when_they_carry_the_digest() -> None:
    plan = plan_with({"existingClaim": "full"})
    for role in ("leader", "worker"):
        template = pod_template(plan, References(keys_digest="1234"), "leader" if role == "leader" else "worker")
        assert template["metadata"]["annotations"] == {"nim-stack/keys-digest": "1234"}


def _values(env: dict[str, Any]) -> dict[str, str]:
    return {name: variable.get("value", "elsewhere") for name, variable in env.items()}
