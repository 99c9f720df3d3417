"""A NIMService and its NIMCache become the stack that they describe."""

from typing import Any

import pytest
import yaml

from nim_stack.importing.reading import UnreadableFileError
from nim_stack.manifests.leader_worker_set import leader_worker_set
from nim_stack.manifests.pods import References
from nim_stack.settings.reading import read_settings
from tests.unit.import_samples import SAMPLES, from_nimservice, reasons, values

OBJECT = {"apiVersion": "apps.nvidia.com/v1alpha1"}


def service(spec: str, kind: str = "NIMService", name: str = "llama") -> dict[str, Any]:
    return OBJECT | {"kind": kind, "metadata": {"name": name}, "spec": values(spec)}


def test_a_nimservice_with_ray_gives_the_group_that_the_operator_would_make() -> None:
    """The operator makes as many pods as there are pipeline stages, with tensor parallel GPUs in each."""
    found = from_nimservice("nimservice-ray.yaml")
    assert found.plan is not None
    spec = leader_worker_set(found.plan, References("claim"), "serving")["spec"]
    template = spec["leaderWorkerTemplate"]
    assert (spec["replicas"], template["size"]) == (2, 2)
    arguments = {"leaderTemplate": ["--head", "--port", "6380"], "workerTemplate": ["--head-address"]}
    for role, begin in arguments.items():
        container = next(item for item in template[role]["spec"]["containers"] if item["name"] == "nim")
        env = {item["name"]: item.get("value") for item in container["env"]}
        assert container["args"][: len(begin) + 1] == ["nim-serve-ray", *begin]
        assert container["image"] == "nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0"
        assert container["resources"]["limits"]["nvidia.com/gpu"] == "8"
        assert (env["NIM_TENSOR_PARALLEL_SIZE"], env["NIM_PIPELINE_PARALLEL_SIZE"]) == ("8", "2")
        assert (env["NIM_NUM_COMPUTE_NODES"], env["NIM_JSONL_LOGGING"]) == ("2", "0")
        assert env["NCCL_SOCKET_IFNAME"] == "eth0"


def test_its_cache_becomes_a_new_claim() -> None:
    found = from_nimservice("nimservice-ray.yaml")
    assert found.settings["storage"] == {"storageClass": "shared-nvme", "size": "2Ti", "subPath": "llama"}
    assert "--claim llama-cache-pvc" in reasons(found, "changed")["NIMCache spec.storage.pvc.create"]
    assert "NIMCache spec.storage.pvc.volumeAccessMode" in reasons(found, "taken")


def test_without_several_nodes_and_a_claim_it_is_one_pod_with_its_own_disk() -> None:
    found = from_nimservice([service("{storage: {emptyDir: {}}}")])
    assert (found.settings["nodes"], found.settings["storage"]) == (1, {"perPod": {}})
    assert "one pod serves alone" in reasons(found, "changed")["spec.multiNode"]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_job_fills_the_cache_where_a_profile_says_with_what(read_only: bool) -> None:
    """NVIDIA's image chooses by the GPUs that it finds, and a Job has none."""
    assert (
        "the leader fills the cache"
        in reasons(from_nimservice("nimservice-ray.yaml"), "changed")["NIMCache metadata.name"]
    )
    spec = f"{{storage: {{nimCache: {{name: c, profile: vllm-bf16-tp8-pp1}}, readOnly: {str(read_only).lower()}}}}}"
    found = from_nimservice([service(spec), service("{storage: {pvc: {name: there}}}", "NIMCache", "c")])
    assert found.settings["download"] == {"job": True}
    assert found.settings["storage"].get("readOnly", False) == read_only


def test_or_the_operators_claim_stays_in_use() -> None:
    found = from_nimservice("nimservice-ray.yaml", storage__existingClaim="llama-cache-pvc")
    assert found.settings["storage"] == {"existingClaim": "llama-cache-pvc", "subPath": "llama"}
    assert "download" not in found.settings
    other = from_nimservice("nimservice-ray.yaml", storage__existingClaim="another")
    assert other.settings["storage"] == {"existingClaim": "another"}


def test_without_the_cache_its_claim_is_taken_by_the_operators_name_for_it() -> None:
    text = (SAMPLES / "nimservice-ray.yaml").read_text()
    found = from_nimservice([item for item in yaml.safe_load_all(text) if item["kind"] == "NIMService"])
    assert found.settings["storage"] == {"existingClaim": "llama-cache-pvc"}
    assert "give the NIMCache too" in reasons(found, "changed")["spec.storage.nimCache.name"]


def test_the_new_deployment_stands_beside_the_old_one() -> None:
    settings = from_nimservice("nimservice-ray.yaml").settings
    assert (settings["name"], settings["namespace"], settings["createNamespace"]) == ("llama-nim", "serving", False)
    long = from_nimservice([service("{}", name="a" * 60)]).settings["name"]
    assert long == "a" * 36 + "-nim"


def test_files_of_the_operators_cache_stay_readable() -> None:
    """They belong to its default group, which is another one than the image's."""
    settings = from_nimservice("nimservice-ray.yaml").settings
    assert settings["podSecurity"] == {"runAsGroup": 2000, "fsGroup": 2000}
    own = from_nimservice("nimservice-full.yaml").settings
    assert own["podSecurity"] == {"runAsUser": 1001, "runAsGroup": 2001, "fsGroup": 2001}


@pytest.mark.parametrize("config", ["{}", "{mpi: {mpiStartTimeout: 600}}"])
def test_mpi_said_or_not_becomes_ray(config: str) -> None:
    multi_node = values(config) | {"parallelism": {"pipeline": 2, "tensor": 8}}
    found = from_nimservice([service("{}") | {"spec": {"multiNode": multi_node}}])
    assert "by Ray, for NIM 2.x" in reasons(found, "changed")["spec.multiNode.ray"]
    assert found.settings["gpusPerNode"] == 8


def test_a_model_of_the_hub_and_what_its_cache_says() -> None:
    found = from_nimservice("nimservice-hub.yaml")
    settings = found.settings
    assert settings["model"] == "hf://meta-llama/Llama-3.1-405B-Instruct@main"
    assert settings["image"] == "nvcr.io/nim/nvidia/model-free-nim:2.0.2"
    assert settings["profile"] == "vllm-bf16-tp8-pp2"
    assert settings["download"] == {
        "job": True,
        "repositoryOverride": "https://mirror.example/nim",
        "hubEndpoint": "https://hub.example",
    }
    assert settings["storage"] == {"existingClaim": "weights-claim", "subPath": "llama"}
    assert settings["secrets"] == {"hfTokenSecret": "hub-token"}
    assert {item["name"] for item in settings["env"]} >= {"PULL_DEBUG", "HTTP_PROXY", "https_proxy", "no_proxy"}
    assert settings["ingress"]["tlsSecret"] == "chat-tls"
    assert settings["autoscaling"]["behavior"] == {"scaleDown": {"stabilizationWindowSeconds": 600}}
    assert settings["resources"]["extended"] == {"vendor.example/nic": "2"}


def test_everything_that_the_operator_ignores_across_nodes_is_there() -> None:
    settings = from_nimservice("nimservice-full.yaml").settings
    pods = settings["pods"]
    assert (pods["schedulerName"], pods["runtimeClass"], pods["priorityClass"]) == (
        "kai-scheduler",
        "nvidia",
        "serving",
    )
    assert settings["imagePullPolicy"] == "Always"
    assert pods["affinity"].keys() == {"nodeAffinity", "podAffinity"}
    first = {"name": "first", "command": ["sh"], "args": ["-c", "true"], "env": [{"name": "A", "value": "b"}]}
    first |= {"workingDir": "/tmp", "image": "registry.example/tool:1", "imagePullPolicy": "Always"}
    assert pods["initContainers"] == [first]
    assert pods["sidecars"][0]["image"] == "registry.example/log:2"
    assert pods["resourceClaims"] == [
        {"name": "claim-0", "resourceClaimName": "one"},
        {"name": "claim-1", "resourceClaimTemplateName": "each"},
    ]
    assert pods["computeDomain"] == {}
    assert settings["gpu"] == "h200"
    assert settings["resources"]["shm"] == "64Gi"
    assert settings["service"] == {"type": "LoadBalancer", "port": 9000, "annotations": {"lb": "internal"}}
    assert settings["ports"] == {"server": 9000}
    assert settings["httpRoute"] == {
        "hostnames": ["r1.serving.example.com"],
        "parentRefs": [{"name": "public", "namespace": "gateways"}],
        "annotations": {"a": "b"},
    }
    assert settings["podMonitor"] == {"interval": "15s", "labels": {"release": "prometheus"}}


@pytest.mark.parametrize("sample", ["ray", "full", "hub"])
def test_every_field_comes_to_a_form_that_the_settings_have(sample: str) -> None:
    found = from_nimservice(f"nimservice-{sample}.yaml")
    settings, problems = read_settings(found.settings)
    assert settings is not None
    assert problems == []
    assert found.of("unknown") == []


def test_a_metric_of_the_old_service_is_told_of() -> None:
    metric = "{type: Object, object: {metric: {name: m}, describedObject: {apiVersion: v1, kind: Service, name: old}}}"
    found = from_nimservice([service(f"{{scale: {{enabled: true, hpa: {{maxReplicas: 2, metrics: [{metric}]}}}}}}")])
    assert "the Service old" in reasons(found, "asked")["autoscaling.metrics"]


def test_an_unknown_field_is_told_of() -> None:
    found = from_nimservice([service("{multiNode: {parallelism: {pipelines: 2}}}")])
    assert reasons(found, "unknown")["spec.multiNode.parallelism.pipelines"] == (
        "no field of a NIMService; did you mean spec.multiNode.parallelism.pipeline or "
        "spec.multiNode.parallelism.tensor?"
    )


def test_two_profiles_are_none() -> None:
    cache = service("{source: {ngc: {model: {profiles: [a, b]}}}}", "NIMCache", "c")
    found = from_nimservice([service("{storage: {nimCache: {name: c}}}"), cache])
    assert "profile" not in found.settings
    assert reasons(found, "dropped")["NIMCache spec.source.ngc.model.profiles"] == "a stack serves one profile"


@pytest.mark.parametrize(
    ("objects", "count"),
    [
        pytest.param([], 0, id="no object"),
        pytest.param([service("{}", "NIMCache")], 0, id="a NIMCache alone"),
        pytest.param([service("{}"), service("{}", name="other")], 2, id="two NIMServices"),
    ],
)
def test_a_stack_is_made_from_one_nimservice(objects: list[dict[str, Any]], count: int) -> None:
    with pytest.raises(UnreadableFileError, match=f"here are {count}"):
        from_nimservice(objects)


def test_other_objects_are_told_of() -> None:
    cache = service("{}", "NIMCache", "unrelated")
    found = from_nimservice([service("{}"), cache, {"kind": "ConfigMap", "metadata": {"name": "x"}}])
    assert {"NIMCache/unrelated", "ConfigMap/x"} <= reasons(found, "dropped").keys()


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("{multiNode: {parallelism: {pipeline: two, tensor: [8]}}}", id="parallel sizes"),
        pytest.param(
            "{image: x, storage: y, env: z, resources: 1, expose: 2, metrics: 3, scale: 4, proxy: 5, multiNode: 6}",
            id="text and numbers for mappings",
        ),
        pytest.param(
            "{draResources: {a: b}, initContainers: [x], sidecarContainers: y, tolerations: z, nodeSelector: 1}",
            id="a mapping and text for lists",
        ),
        pytest.param(
            "{expose: {ingress: {enabled: true, spec: {rules: [x]}}, router: {gateway: []}}, startupProbe: {probe: 3}}",
            id="lists of text",
        ),
        pytest.param(
            "{draResources: [x], expose: {ingress: {enabled: true, spec: {rules: [{host: a, http: [x]}], tls: [x]}}}}",
            id="an Ingress of text",
        ),
        pytest.param(
            "{env: [{name: HF_TOKEN, valueFrom: x}], resources: {limits: {nvidia.com/gpu: [1]}}, multiNode: {ray: 3}}",
            id="values of variables and limits",
        ),
    ],
)
def test_fields_of_a_wrong_form_break_nothing(spec: str) -> None:
    assert not from_nimservice([service(spec)]).works
