"""Values of the nim-llm chart become the stack that they describe."""

from typing import Any

import pytest

from nim_stack.importing.helm.values import Chart, chart_of
from nim_stack.importing.result import Import
from nim_stack.manifests.leader_worker_set import leader_worker_set
from nim_stack.manifests.pods import References
from nim_stack.settings.reading import read_settings
from tests.unit.import_samples import from_helm, reasons, values

LLAMA = "llama-3.1-405b-instruct"
IMAGE = f"nvcr.io/nim/meta/{LLAMA}:2.0.0"
ENABLED = "multiNode: {enabled: true, tensorParallelSize: 8, pipelineParallelSize: 2}"


def _group(found: Import) -> dict[str, Any]:
    """Size of the group, and what the container of both roles is told."""
    assert found.plan is not None, found.problems
    spec = leader_worker_set(found.plan, References("claim"), "nim")["spec"]["leaderWorkerTemplate"]
    told = []
    for role in ("leaderTemplate", "workerTemplate"):
        container = next(item for item in spec[role]["spec"]["containers"] if item["name"] == "nim")
        env = {item["name"]: item.get("value") for item in container["env"]}
        told.append({"image": container["image"], "gpus": container["resources"]["limits"]["nvidia.com/gpu"], **env})
    leader, worker = told
    assert leader == worker
    return {"size": spec["size"], **leader}


PAGE: dict[str, tuple[dict[str, Any], dict[str, str | int | None]]] = {
    "minimal": ({}, {"NIM_TENSOR_PARALLEL_SIZE": "8", "NIM_PIPELINE_PARALLEL_SIZE": "2", "image": IMAGE}),
    "example-1": ({}, {"NIM_TENSOR_PARALLEL_SIZE": "8", "NIM_PIPELINE_PARALLEL_SIZE": "2", "image": IMAGE}),
    "example-2": (
        {"model": LLAMA, "storage__storageClass": "shared-nvme"},
        {"NIM_TENSOR_PARALLEL_SIZE": "16", "NIM_PIPELINE_PARALLEL_SIZE": "1", "image": IMAGE},
    ),
    "example-3": (
        {},
        {
            "NIM_TENSOR_PARALLEL_SIZE": "8",
            "NIM_PIPELINE_PARALLEL_SIZE": "2",
            "NIM_MODEL_PATH": "hf://meta-llama/Llama-3.1-405B-Instruct",
            "image": "nvcr.io/nim/nvidia/model-free-nim:2.0.2",
        },
    ),
    "profile": (
        {},
        {"NIM_MODEL_PROFILE": "vllm-fp16-tp8-pp2", "NCCL_IB_DISABLE": "0", "NCCL_DEBUG": "INFO", "image": IMAGE},
    ),
}


@pytest.mark.parametrize("case", PAGE)
def test_the_values_files_of_nvidias_page_give_the_groups_that_they_describe(case: str) -> None:
    options, told = PAGE[case]
    group = _group(from_helm(f"helm-page-{case}.yaml", **options))
    assert {name: group.get(name) for name in told} == told
    assert (group["size"], group["gpus"], group["NIM_NUM_COMPUTE_NODES"]) == (2, "8", "2")
    assert group["NIM_JSONL_LOGGING"] == "0"
    assert ("NIM_MODEL_PATH" in group) == (case == "example-3")


def test_what_a_values_file_lacks_is_asked_for() -> None:
    found = from_helm("helm-page-example-2.yaml")
    assert not found.works
    assert "nim.model" in [problem.path for problem in found.problems]
    assert "--model" in reasons(found, "asked")["model"]
    assert "16 × 1 ranks on 2 nodes need 8 on each" in reasons(found, "changed")["resources"]
    assert found.settings["storage"] == {"perPod": {}}


@pytest.mark.parametrize(("size", "kept"), [("200Gi", False), ("2Ti", True), ("<size>", False)])
def test_a_claim_too_small_for_the_model_is_left_to_the_plan(size: str, kept: bool) -> None:
    given = values(f"{{image: {{repository: nvcr.io/nim/meta/{LLAMA}, tag: 2.0.0}}, {ENABLED}}}")
    found = from_helm(given | {"persistence": {"enabled": True, "storageClass": "s", "size": size}})
    assert ("size" in found.settings["storage"]) == kept
    assert found.plan is not None
    assert found.plan.storage_size == ("2Ti" if kept else "945Gi")
    if size == "200Gi":
        assert "812 GB" in reasons(found, "changed")["persistence.size"]


def test_a_size_with_less_room_than_the_plans_is_kept_and_told_of() -> None:
    found = from_helm("helm-page-example-1.yaml")
    given = values(f"{{image: {{repository: nvcr.io/nim/meta/{LLAMA}, tag: 2.0.0}}, {ENABLED}}}")
    found = from_helm(given | {"persistence": {"enabled": True, "storageClass": "s", "size": "800Gi"}})
    assert found.settings["storage"]["size"] == "800Gi"
    assert "less room than the plan's 945Gi" in reasons(found, "asked")["storage.size"]


@pytest.mark.parametrize(
    ("given", "chart", "by"),
    [
        (ENABLED, "2.0", "multiNode.tensorParallelSize"),
        ("multiNode: {workers: 2, gpusPerNode: 8}", "1.x", "multiNode.gpusPerNode"),
        ("{image: {tag: 1.7.3}, multiNode: {workers: 2}}", "1.x", "NIM 1.7.3"),
        ("{image: {tag: 2.0.4}, multiNode: {workers: 2}, model: {name: x}}", "2.0", "NIM 2.0.4"),
        ("multiNode: {workers: 2, clusterStartTimeout: 1, tensorParallelSize: 0}", "2.0", "tensorParallelSize"),
        ("multiNode: {workers: 2}", "2.0", "--chart-version"),
    ],
)
def test_the_chart_is_known_by_its_values(given: str, chart: Chart, by: str) -> None:
    found, known_by = chart_of(values(given))
    assert found == chart
    assert by in known_by


@pytest.mark.parametrize(("chart", "nodes"), [("1.x", 2), ("2.0", 3)])
def test_workers_are_nodes_in_one_chart_and_one_less_in_the_other(chart: Chart, nodes: int) -> None:
    found = from_helm(values("multiNode: {enabled: true, workers: '2'}"), chart, model="hf://a/b")
    assert found.settings["nodes"] == nodes
    assert f"chart {chart}" in reasons(found, "changed")["multiNode.workers"]


def test_without_multi_node_it_is_one_pod() -> None:
    found = from_helm(values("{multiNode: {enabled: false, workers: 5}, resources: {limits: {nvidia.com/gpu: 8}}}"))
    assert found.settings["nodes"] == 1
    assert "5 say nothing" in reasons(found, "changed")["multiNode.enabled"]


def test_nim_1_is_replaced_by_the_catalogues_image() -> None:
    found = from_helm("helm-1.x.yaml")
    assert "image" not in found.settings
    assert "has no Ray" in reasons(found, "changed")["image.tag"]
    assert found.settings["model"] == "deepseek-r1"
    assert found.settings["secrets"] == {"imagePullSecrets": ["ngc-secret"], "ngcApiSecret": "ngc-api"}
    assert "gives it" in reasons(found, "asked")["timeouts"]


def test_a_nim_image_named_like_a_model_of_the_catalogue_brings_it() -> None:
    given = values(f"{{image: {{repository: nvcr.io/nim/deepseek-ai/deepseek-r1, tag: 2.0.4}}, {ENABLED}}}")
    found = from_helm(given, storage__storageClass="s")
    assert found.plan is not None
    assert (found.plan.image, found.plan.model_path) == ("nvcr.io/nim/deepseek-ai/deepseek-r1:2.0.4", None)


@pytest.mark.parametrize("sample", ["helm-2.0.yaml", "helm-1.x.yaml"])
def test_every_value_comes_to_a_form_that_the_settings_have(sample: str) -> None:
    found = from_helm(sample)
    settings, problems = read_settings(found.settings)
    assert settings is not None
    assert problems == []
    assert found.of("unknown") == []


def test_values_of_helm_are_read_as_people_write_them() -> None:
    settings = from_helm("helm-2.0.yaml").settings
    assert (settings["nodes"], settings["replicas"], settings["tensorParallel"]) == (4, 2, 8)
    assert settings["nodeSelector"] == {"pool": "true"}
    assert settings["gpu"] == "h100"
    assert settings["pods"]["tolerations"] == [
        {"key": "reserved", "operator": "Exists", "tolerationSeconds": 60, "effect": "NoExecute"}
    ]
    assert settings["resources"] == {
        "cpu": "32",
        "memory": "512Gi",
        "ephemeralStorage": "50Gi",
        "extended": {"rdma/hca_shared_devices_a": "1"},
    }
    assert settings["podSecurity"] == {"assignedByCluster": True}
    assert "accessMode" not in settings["storage"]
    assert settings["ports"] == {"server": 9000, "ray": 6400}
    assert {"name": "AWS_REGION", "valueFrom": {"configMapKeyRef": {"name": "aws", "key": "region"}}} in settings["env"]


def test_one_nodes_storage_becomes_that_of_all() -> None:
    found = from_helm("helm-2.0.yaml")
    assert "8 pods share the claim" in reasons(found, "changed")["persistence.accessMode"]
    single = "{persistence: {enabled: true, storageClass: s}, resources: {limits: {nvidia.com/gpu: 8}}}"
    assert from_helm(values(single)).settings["storage"]["accessMode"] == "ReadWriteOnce"


def test_values_of_a_chart_for_many_purposes_come_to_settings() -> None:
    settings = from_helm("helm-1.x.yaml").settings
    assert settings["name"] == "chat-model-nim"
    assert settings["ingress"] == {
        "host": "chat.example.com",
        "path": "/v1",
        "className": "nginx",
        "tlsSecret": "chat-tls",
        "annotations": {"timeout": "600"},
    }
    assert (settings["autoscaling"]["minReplicas"], settings["autoscaling"]["maxReplicas"]) == (2, 4)
    assert settings["podMonitor"] == {"labels": {"release": "prometheus"}}
    assert settings["pods"]["volumes"] == [{"name": "scratch", "emptyDir": {}}]
    assert settings["pods"]["volumeMounts"] == [{"name": "scratch", "mountPath": "/scratch"}]
    assert settings["pods"]["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
    assert settings["podSecurity"] == {"runAsUser": 2000, "runAsGroup": 2001, "fsGroup": 2002}
    assert settings["service"] == {"type": "LoadBalancer", "port": 80, "annotations": {"lb": "internal"}}


def test_what_the_command_line_gives_comes_first_and_the_other_value_is_told_of() -> None:
    found = from_helm("helm-page-minimal.yaml", storage__existingClaim="old", gpusPerNode=4, nodes=4)
    assert found.settings["storage"] == {"existingClaim": "old"}
    assert (found.settings["nodes"], found.settings["gpusPerNode"]) == (4, 4)
    assert reasons(found, "dropped")["multiNode.workers"] == "nodes is 4 already, by --nodes"
    assert reasons(found, "dropped")["persistence.size"] == "the command line names another place"


@pytest.mark.parametrize(
    ("given", "name", "close"),
    [
        ("{resource: {limits: {}}}", "resource", "resources"),
        ("{model: {ngcApiSecret: x}}", "model.ngcApiSecret", "model.ngcAPISecret"),
        ("{tensorParallelSize: 8}", "tensorParallelSize", "multiNode.tensorParallelSize"),
        (
            "{ingress: {enabled: true, hosts: [{host: a, path: /}]}}",
            "ingress.hosts[].path",
            "ingress.hosts[].paths[] or ingress.hosts[].host or hostPath.path",
        ),
        ("{quite: {another: thing}}", "quite", ""),
    ],
)
def test_an_unknown_value_is_told_of_with_those_that_are_spelt_alike(given: str, name: str, close: str) -> None:
    why = reasons(from_helm(values(given)), "unknown")[name]
    assert why == "no documented value of the chart" + (f"; did you mean {close}?" if close else "")


@pytest.mark.parametrize(
    "given",
    [
        "{multiNode: {enabled: true, workers: many}}",
        "{env: NCCL_DEBUG=INFO}",
        "{tolerations: [x]}",
        "{resources: {limits: 8}}",
        "{nodeSelector: gpu}",
        "{imagePullSecrets: registry-pull}",
        "{podSecurityContext: {runAsUser: root}}",
        "{extraVolumes: [x]}",
        "{model: null, multiNode: null, image: null, persistence: null, resources: null, env: null}",
        "{model: x, multiNode: [], image: y, persistence: 3, ingress: true, autoscaling: 'on'}",
        "{env: [{name: NIM_TENSOR_PARALLEL_SIZE, valueFrom: {fieldRef: {fieldPath: spec}}}]}",
        '{env: [{name: NIM_PASSTHROUGH_ARGS, value: "--a \'b"}]}',
    ],
)
def test_values_of_a_wrong_form_are_told_of_and_break_nothing(given: str) -> None:
    found = from_helm(values(given))
    assert not found.works
    if "null" not in given:
        assert found.of("dropped") or found.of("unknown")
