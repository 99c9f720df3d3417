"""The Job that fills the cache: what it runs, where, and when it is another one."""

from typing import Any

import pytest
from nim_serve.contract import serve_config as contract

from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.manifests.download_job import download_job
from nim_stack.manifests.pods import pod_template
from nim_stack.manifests.references import References, SecretRef
from nim_stack.plan import plan_deployment
from tests.unit.conftest import TINY

REFERENCES = References("cache", SecretRef("ngc", "NGC_API_KEY"), SecretRef("hub", "HF_TOKEN"), ("pull",))
SETTINGS = TINY | {"download": {"job": True}, "nodeSelector": {"zone": "a"}, "gpu": "h100"}


def job(**changes: Any) -> dict[str, Any]:
    plan = plan_deployment(SETTINGS | changes, keys=EVERY_KEY)
    return download_job(plan, REFERENCES, "models")


def container(found: dict[str, Any]) -> dict[str, Any]:
    (only,) = found["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def test_it_runs_the_action_that_the_image_has() -> None:
    found = container(job())
    assert found["args"] == [contract.DOWNLOAD]
    assert container(job(profile="vllm-bf16-tp1-pp2"))["args"] == ["download-to-cache", "-p", "vllm-bf16-tp1-pp2"]
    read = contract.parse_environment({each["name"]: each.get("value", "elsewhere") for each in found["env"]})
    assert (read.model.name, read.cache_path, read.ignored) == ("org/tiny", "/model-store", ())
    assert not read.disable_download


def test_it_writes_where_the_pods_read() -> None:
    """Also when they cannot write; and with the same keys, which they then do not have."""
    storage = {"nfs": {"server": "n", "path": "/m"}, "subPath": "chat", "readOnly": True}
    plan = plan_deployment(SETTINGS | {"storage": storage}, keys=EVERY_KEY)
    found = download_job(plan, REFERENCES, "models")
    pod = pod_template(plan, REFERENCES, "leader")["spec"]
    (mount,) = container(found)["volumeMounts"]
    assert found["spec"]["template"]["spec"]["volumes"] == pod["volumes"][:1]
    assert mount | {"readOnly": True} == pod["containers"][0]["volumeMounts"][0]
    assert "readOnly" not in mount
    theirs = {variable["name"] for variable in pod["containers"][0]["env"]}
    mine = {variable["name"] for variable in container(found)["env"]}
    assert mine - theirs == {"NGC_API_KEY", "HF_TOKEN"}
    assert {"NIM_DISABLE_MODEL_DOWNLOAD", "HF_HUB_OFFLINE"} <= theirs - mine


def test_it_holds_no_gpu_and_may_run_on_nodes_without() -> None:
    spec = job()["spec"]["template"]["spec"]
    assert "nvidia.com/gpu" not in str(container(job())["resources"])
    assert spec["nodeSelector"] == {"zone": "a"}
    assert spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_it_is_restricted_and_quiet() -> None:
    spec = job()["spec"]["template"]["spec"]
    assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(job())["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def test_it_is_tried_again_as_often_as_asked_and_ends_in_time() -> None:
    found = job(download={"job": True, "retries": 1})["spec"]
    plan = plan_deployment(SETTINGS)
    assert found["backoffLimit"] == 1
    assert plan.budget.image_pull + plan.budget.download < found["activeDeadlineSeconds"] < plan.rollout_timeout
    assert "ttlSecondsAfterFinished" not in found


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"model": "hf://org/tiny@v2"}, id="another revision"),
        pytest.param({"model": "hf://org/other"}, id="another model"),
        pytest.param({"image": "registry.example/open-nim:2"}, id="another image"),
        pytest.param({"profile": "vllm-bf16-tp1-pp2"}, id="a profile"),
        pytest.param({"storage": {"storageClass": "shared", "subPath": "elsewhere"}}, id="another directory"),
        pytest.param({"download": {"job": True, "hubEndpoint": "http://hub"}}, id="another hub"),
    ],
)
def test_what_decides_the_content_makes_another_job(change: dict[str, Any]) -> None:
    assert job(**change)["metadata"]["name"] != job()["metadata"]["name"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"replicas": 3}, id="more groups"),
        pytest.param({"maxModelLen": 512}, id="a shorter context"),
        pytest.param({"passthroughArgs": ["--seed", "7"]}, id="an argument of vLLM"),
        pytest.param({"resources": {"memory": "64Gi"}}, id="other memory"),
        pytest.param({"ports": {"server": 9000}}, id="another port"),
        pytest.param({"storage": {"storageClass": "shared", "size": "900Gi"}}, id="another size of the claim"),
        pytest.param({"download": {"job": True, "retries": 0}}, id="no retries"),
    ],
)
def test_nothing_else_makes_it_run_again(change: dict[str, Any]) -> None:
    assert job(**change)["metadata"]["name"] == job()["metadata"]["name"]
    assert job(**change)["spec"]["template"] == job()["spec"]["template"]


def test_the_longest_name_fits() -> None:
    assert len(job(name="x" * 40)["metadata"]["name"]) <= 63
