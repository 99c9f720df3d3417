"""Every rule: its message, word for word where it matters, on settings that break this rule and no other."""

from typing import Any

import pytest

from nim_stack.plan import plan_deployment
from nim_stack.problems import DOCUMENT, Problem, RefusedError
from nim_stack.rules import all_rules
from nim_stack.rules.reading import ENCRYPTED_SETTINGS, KEY_IN_CLEAR
from tests.unit.conftest import TINY

LICENSED = {"model": "llama-3.1-405b-instruct", "nodes": 2, "gpu": "h100", "storage": {"storageClass": "shared"}}
HUB = {"model": "hf://meta-llama/Llama-3.1-405B-Instruct", "nodes": 2, "storage": {"storageClass": "shared"}}
OPEN_IMAGE = {"image": "registry.example/open-nim:1"}
HASH = "0123456789abcdef" * 4
OWN_GPU = {"name": "h100", "productLabel": "X", "memoryGib": 80, "native": ["bf16"], "sources": ["measured"]}


def problems(settings: Any, *, has_keys: bool = True) -> list[Problem]:
    """The errors; and of a plan, which has none, the warnings."""
    try:
        return list(plan_deployment(settings, has_ngc_key=has_keys, has_hf_token=has_keys).problems)
    except RefusedError as refused:
        return list(refused.problems)


ERRORS: list[tuple[str, dict[str, Any], str]] = [
    (
        "NIM001",
        TINY | {"nodez": 2},
        "nim.nodez = 2: there is no such setting. Did you mean nodes? Known here: catalog, cluster, createNamespace, ",
    ),
    (
        "NIM001",
        TINY | {"storage": {"storageClass": "a", "storageClas": "a"}},
        "nim.storage.storageClas = 'a': there is no such setting. Did you mean storageClass? Known here: accessMode, "
        "existingClaim, retain, size, storageClass.",
    ),
    ("NIM002", {"nodes": 1, "storage": {"storageClass": "a"}}, "nim.model: it is required. Name in the model catalog"),
    ("NIM003", TINY | {"nodes": 0}, "nim.nodes = 0: it is less than 1. Whole number from 1: nodes of a group, the "),
    ("NIM003", TINY | {"nodes": "many"}, "nim.nodes = 'many': input should be a valid integer"),
    ("NIM003", TINY | {"gpusPerNode": True}, "nim.gpusPerNode = True: is a truth value, not a number. Whole number"),
    ("NIM003", TINY | {"ports": {"server": 70000}}, "nim.ports.server = 70000: it is more than 65535. Port from 1 to"),
    ("NIM003", TINY | {"ports": {"ray": 0}}, "nim.ports.ray = 0: it is less than 1. Port from 1 to 65535 on which Ray"),
    (
        "NIM003",
        TINY | {"name": "x" * 41},
        f"nim.name = {'x' * 41!r}: it has 41 characters, 40 are possible. At most 40 lower-case letters, digits",
    ),
    ("NIM003", TINY | {"name": "Nim"}, "nim.name = 'Nim': it is not written in a form that works. At most 40 lower"),
    ("NIM003", TINY | {"image": "open-nim"}, "nim.image = 'open-nim': it is not written in a form that works. Image"),
    ("NIM003", TINY | {"lws": "no"}, "nim.lws.mode = 'no': it is not 'install' or 'existing'. install or existing."),
    (
        "NIM010",
        TINY | {"model": "llama"},
        "nim.model = 'llama': the catalogue has no such model. Use deepseek-r1, deepseek-v3, deepseek-v3.2, glm-4.6, ",
    ),
    ("NIM010", TINY | {"model": "s3://b/m"}, "nim.model = 's3://b/m': it is neither hf://<owner>/<model> nor hf://"),
    (
        "NIM011",
        TINY | {"gpu": "h1"},
        "nim.gpu = 'h1': the catalogue has no such GPU. Use a100-40gb, a100-80gb, b200, gb200, h100, h200 or l40s, or ",
    ),
    (
        "NIM012",
        TINY | {"fabric": "token-ring"},
        "nim.fabric = 'token-ring': the catalogue has no such fabric. Use efa, gke-rdma, nvlink-multi-node, rdma-sha",
    ),
    (
        "NIM013",
        LICENSED | {"precision": "int4"},
        "nim.precision = 'int4': the catalogue has no such checkpoint of llama-3.1-405b-instruct. Use bf16 or fp8.",
    ),
    (
        "NIM013",
        HUB | {"precision": "fp8"},
        "nim.precision = 'fp8': hf://meta-llama/Llama-3.1-405B-Instruct is published in bf16. Use hf://meta-llama/"
        "Llama-3.1-405B-Instruct-FP8 as nim.model.",
    ),
    (
        "NIM014",
        TINY | {"catalog": {"gpus": [OWN_GPU]}},
        "nim.catalog.gpus.0.name = 'h100': another entry of the catalogue has this name. Use another name.",
    ),
    (
        "NIM020",
        {key: value for key, value in TINY.items() if key != "nodes"},
        "nim.nodes: it is required. Whole number from 1: nodes of a group, the leader's included. Set it, or both ",
    ),
    (
        "NIM021",
        TINY | {"tensorParallel": 3},
        "nim.tensorParallel × nim.pipelineParallel: tensor parallel 3 × pipeline parallel 2 = 6, but 2 nodes × 1 GPUs "
        "per node = 2 GPUs. Use one of 1 × 2 or 2 × 1, or other nodes or gpusPerNode.",
    ),
    (
        "NIM021",
        TINY | {"profile": "vllm-bf16-tp8-pp2"},
        "nim.profile = 'vllm-bf16-tp8-pp2': its tensor parallel 8 × pipeline parallel 2 = 16, but 2 nodes × 1 GPUs per "
        "node = 2 GPUs. Use a profile of that size, or other nodes",
    ),
    (
        "NIM022",
        LICENSED | {"tensorParallel": 8, "pipelineParallel": 1, "precision": "fp8"},
        "nim.tensorParallel × nim.pipelineParallel: tensor parallel 8 × pipeline parallel 1 = 8, but 2 nodes × 8 GPUs "
        "per node = 16 GPUs, so that 8 would be held idle. Use one of 1 × 16, 2 × 8, 4 × 4, 8 × 2 or 16 × 1, or other ",
    ),
    (
        "NIM023",
        LICENSED | {"gpusPerNode": 6, "tensorParallel": 12, "pipelineParallel": 1, "fabric": "rdma-shared"},
        "nim.tensorParallel = 12: llama-3.1-405b-instruct has 128 attention heads and 8 KV heads, which it does not "
        "divide. Use 1, 2, 4, 8, 16, 32, 64 or 128.",
    ),
    (
        "NIM024",
        OPEN_IMAGE
        | {
            "model": "odd",
            "nodes": 1,
            "gpusPerNode": 8,
            "tensorParallel": 8,
            "storage": {"storageClass": "a"},
            "catalog": {
                "models": [
                    {
                        "name": "odd",
                        "servedName": "odd",
                        "architecture": {
                            "layers": 8,
                            "hidden": 1020,
                            "attentionHeads": 16,
                            "kvHeads": 8,
                            "headDim": 64,
                            "vocabulary": 1000,
                            "contextLength": 4096,
                        },
                        "checkpoints": [{"precision": "bf16", "huggingface": "a/odd", "filesGb": 1, "source": "mine"}],
                        "sources": ["mine"],
                    }
                ]
            },
        },
        "nim.tensorParallel = 8: odd has a hidden size of 1020, which it does not divide. Use 1, 2 or 4.",
    ),
    (
        "NIM025",
        LICENSED | {"nodes": 127, "gpusPerNode": 1, "tensorParallel": 1},
        "nim.pipelineParallel = 127: llama-3.1-405b-instruct has 126 layers, and a stage needs at least one. Use 1 to "
        "126.",
    ),
    (
        "NIM027",
        {"model": "qwen3-235b-a22b", "precision": "fp8", "nodes": 2, "tensorParallel": 8, "gpu": "h100"}
        | {"storage": {"storageClass": "a"}},
        "nim.tensorParallel = 8: experts of qwen3-235b-a22b are 1536 wide with one FP8 scale for 128, and the image's "
        "vLLM refuses that. Use 1, 2 or 4, or add --enable-expert-parallel to nim.passthroughArgs.",
    ),
    (
        "NIM040",
        {"model": "deepseek-r1", "nodes": 2, "gpu": "a100-80gb", "storage": {"storageClass": "a"}},
        "nim.precision = 'fp8': a100-80gb cannot serve deepseek-r1 in fp8 with one scale for each block. Use nim.gpu "
        "b200, nim.gpu gb200, nim.gpu h100, nim.gpu h200 or nim.gpu l40s.",
    ),
    (
        "NIM042",
        LICENSED | {"nodes": 1, "precision": "bf16"},
        "nim.nodes = 1: llama-3.1-405b-instruct in bf16 takes 94.5 GiB of weights on each GPU and 99.5 GiB with what "
        "vLLM needs beside them, and h100 has 71.3 GiB for both and the KV cache. Use 2 nodes or more, nim.precision "
        "fp8, nim.gpu b200, nim.gpu gb200 or nim.gpu h200.",
    ),
    (
        "NIM042",
        {"model": "deepseek-r1", "nodes": 1, "gpu": "h100", "storage": {"storageClass": "a"}},
        "nim.nodes = 1: deepseek-r1 in fp8 takes 78.4 GiB of weights on each GPU and 83.7 GiB with what vLLM needs ",
    ),
    (
        "NIM043",
        {"model": "llama-4-maverick-17b-128e-instruct", "nodes": 1, "gpu": "h100", "storage": {"storageClass": "a"}},
        "nim.maxModelLen: the KV cache has room for 721529 tokens on h100, and one sequence of the longest context "
        "takes 1048576. Use 1 to 721529, nim.nodes 2, nim.gpu b200, nim.gpu gb200 or nim.gpu h200.",
    ),
    (
        "NIM044",
        LICENSED | {"maxModelLen": 200000},
        "nim.maxModelLen = 200000: llama-3.1-405b-instruct was made for 131072 tokens. Use 1 to 131072.",
    ),
    (
        "NIM046",
        TINY | {"resources": {"memory": "16Gi"}},
        "nim.resources.memory = '16Gi': resources.shm = 16Gi is part of it, and leaves nothing. Use more than 16Gi, or",
    ),
    (
        "NIM050",
        TINY | {"profile": "fast"},
        "nim.profile = 'fast': it is neither the name nor the hash of a profile. Use a name of the form vllm-<precisio",
    ),
    (
        "NIM051",
        TINY | {"profile": "vllm-bf16-tp2-pp1", "tensorParallel": 1},
        "nim.profile = 'vllm-bf16-tp2-pp1': the profile decides the split, and the settings say tensorParallel = 1 "
        "beside it. Leave tensorParallel and pipelineParallel out, or leave the profile out.",
    ),
    (
        "NIM051",
        LICENSED | {"profile": HASH, "gpusPerNode": 8, "pipelineParallel": 2},
        f"nim.profile = '{HASH}': the profile decides the split, and the settings say pipelineParallel = 2 beside it. ",
    ),
    (
        "NIM052",
        TINY | {"profile": HASH, "gpusPerNode": None},
        "nim.gpusPerNode: it is required with the hash of a profile, which does not say how many GPUs it is for. Whole",
    ),
    (
        "NIM054",
        LICENSED | {"profile": "vllm-bf16-tp8-pp2", "precision": "fp8"},
        "nim.profile = 'vllm-bf16-tp8-pp2': it is for bf16, and nim.precision is fp8. Use nim.precision bf16, leave it",
    ),
    (
        "NIM054",
        HUB | {"profile": "vllm-fp8-tp8-pp2"},
        "nim.profile = 'vllm-fp8-tp8-pp2': it is for fp8, and the model is planned as bf16. Use a profile of a "
        "precision that the catalogue has for it (bf16, fp8).",
    ),
    (
        "NIM055",
        TINY | {"profile": "sglang-bf16-tp2-pp1"},
        "nim.profile = 'sglang-bf16-tp2-pp1': it is for sglang, and across nodes the container runs vLLM. Use a profil",
    ),
    (
        "NIM060",
        TINY | {"storage": {}},
        "nim.storage: there is neither a storage class nor an existing claim, and the nodes of a group must read the "
        "same files. Set storage.storageClass to a class with ReadWriteMany (`kubectl get storageclass` lists them), "
        "or storage.existingClaim to a claim in the namespace.",
    ),
    (
        "NIM061",
        TINY | {"storage": {"storageClass": "a", "existingClaim": "b"}},
        "nim.storage.existingClaim = 'b': storageClass = 'a' asks for a new claim at the same time. Leave one of the t",
    ),
    (
        "NIM062",
        TINY | {"storage": {"storageClass": "a", "accessMode": "ReadWriteOnce"}},
        "nim.storage.accessMode = 'ReadWriteOnce': 2 nodes × 1 groups mount it, and it can be mounted on one node. Use",
    ),
    (
        "NIM064",
        HUB | {"storage": {"storageClass": "local-nfs", "size": "200Gi"}},
        "nim.storage.size = '200Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB. Use at least 756Gi; "
        "left out, it is computed with room to spare.",
    ),
    (
        "NIM064",
        LICENSED | {"precision": "bf16", "storage": {"storageClass": "a", "size": "500Gi"}},
        "nim.storage.size = '500Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB. Use at least 756Gi or "
        "nim.precision fp8; left out, it is computed with room to spare.",
    ),
    (
        "NIM074",
        LICENSED | {"secrets": {"hfTokenSecret": "nim-ngc-api"}},
        "nim.secrets.hfTokenSecret = 'nim-ngc-api': the stack makes a Secret of this name itself. Use another name for",
    ),
    (
        "NIM080",
        TINY | {"ports": {"ray": 8000}},
        "nim.ports.ray = 8000: the API and Ray cannot listen on the same port.",
    ),
    (
        "NIM080",
        TINY | {"env": [{"name": "NIM_HEALTH_PORT", "value": "6379"}]},
        "nim.env.0.value = '6379': NIM_HEALTH_PORT is the port of Ray. Use another port, or leave it out.",
    ),
    (
        "NIM081",
        TINY | {"ports": {"server": 12000}},
        "nim.ports.server = 12000: Ray takes ports from 10002 to 19999 for its workers. Use a port outside of that ran",
    ),
    (
        "NIM090",
        TINY | {"lws": "install"},
        "nim.lws.sha256: the LWS release is installed cluster-wide, so its manifest is pinned. Read the manifest, then "
        "set the digest that `curl -fsSL https://github.com/kubernetes-sigs/lws/releases/download/v0.9.0/",
    ),
    (
        "NIM091",
        TINY | {"lws": {"version": "0.8.1"}},
        "nim.lws.version = '0.8.1': it is LWS 0.8, whose status does not say which generation it is about. Use LWS 0.9",
    ),
    (
        "NIM091",
        TINY | {"lws": {"mode": "install", "sha256": "0" * 64, "manifest": "https://h/v0.7.0/manifests.yaml"}},
        "nim.lws.manifest = 'https://h/v0.7.0/manifests.yaml': it is LWS 0.7, whose status does not say which generati",
    ),
    (
        "NIM092",
        TINY | {"cluster": {"kubernetesVersion": "1.26"}},
        "nim.cluster.kubernetesVersion = '1.26': LWS needs 1.27 or newer. Use a cluster of 1.27 or newer.",
    ),
    (
        "NIM092",
        TINY | {"fabric": "nvlink-multi-node", "cluster": {"kubernetesVersion": "v1.31.4"}},
        "nim.cluster.kubernetesVersion = 'v1.31.4': the fabric nvlink-multi-node needs 1.32 or newer. Use a cluster of",
    ),
    (
        "NIM094",
        TINY | {"rollout": {"startupPolicy": "LeaderReady"}},
        "nim.rollout.startupPolicy = 'LeaderReady': the leader is ready only when its workers have joined, and they ",
    ),
    (
        "NIM095",
        TINY | {"rollout": {"maxUnavailable": 0}},
        "nim.rollout.maxUnavailable = 0: with rollout.maxSurge = 0 an update may neither add a group nor take one down",
    ),
    (
        "NIM096",
        LICENSED | {"replicas": 2, "rollout": {"maxSurge": 1}, "cluster": {"gpuNodes": 5}},
        "nim.replicas = 2: 2 groups and 1 beside them in an update need 6 nodes, 48 GPUs, and nim.cluster.gpuNodes is 5"
        ". Use at most 1, or more nodes, or no surge.",
    ),
    (
        "NIM097",
        TINY | {"namespace": "lws-system", "lws": {"mode": "install", "sha256": "0" * 64}},
        "nim.namespace = 'lws-system': the LWS release has this namespace to itself. Use another one, such as nim.",
    ),
    (
        "NIM100",
        TINY | {"passthroughArgs": ["--tensor_parallel_size=4"]},
        "nim.passthroughArgs.0 = '--tensor_parallel_size=4': it would overrule what the stack says. Use nim.tensor",
    ),
    (
        "NIM101",
        TINY | {"env": [{"name": "NGC_API_KEY", "value": "k"}]},
        "nim.env.0.name = 'NGC_API_KEY': the stack sets this variable itself. Use the secret ngcApiKey, or",
    ),
    (
        "NIM102",
        TINY | {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
        "nim.env.1.name = 'A': it is there twice. Leave one of the two out.",
    ),
    (
        "NIM103",
        TINY | {"env": [{"name": "NIM_JSONL_LOGGING", "value": "1"}]},
        "nim.env.0.name = 'NIM_JSONL_LOGGING': workers of a Ray group fail with JSON logs, so the stack sets it to 0. ",
    ),
]

WARNINGS: list[tuple[str, dict[str, Any], str]] = [
    (
        "NIM028",
        OPEN_IMAGE
        | {"model": "qwen3-235b-a22b", "precision": "fp8", "nodes": 2, "tensorParallel": 8, "gpu": "h100"}
        | {"storage": {"storageClass": "a"}},
        "nim.tensorParallel = 8: experts of qwen3-235b-a22b are 1536 wide with one FP8 scale for 128, and vLLM before ",
    ),
    (
        "NIM030",
        LICENSED | {"tensorParallel": 16, "pipelineParallel": 1},
        "nim.tensorParallel = 16: it spans 2 nodes over tcp, as no fabric is named, and every token crosses the "
        "network many times: at least 8.26 MB of each token, against 0.066 MB between two stages; 25 Gbit/s let 378 "
        "tokens a second through. Without RDMA between the nodes, tensorParallel 8 with pipelineParallel 2 is faster; ",
    ),
    (
        "NIM031",
        LICENSED | {"gpusPerNode": 6, "nodes": 4, "tensorParallel": 4},
        "nim.tensorParallel = 4: with 6 GPUs per node, some of its groups lie on two nodes. Use a divisor or a multipl",
    ),
    (
        "NIM032",
        LICENSED | {"gpu": "gb200", "gpusPerNode": 8},
        "nim.gpusPerNode = 8: a usual node has 4 gb200, and a pod that asks for more stays pending. Use 1 to 4, and mo",
    ),
    (
        "NIM041",
        {"model": "gpt-oss-120b", "nodes": 1, "gpu": "h100", "storage": {"storageClass": "a"}},
        "nim.gpu = 'h100': h100 holds weights in mxfp4 and computes in 16 bits. It saves memory, not time; b200 or gb2",
    ),
    (
        "NIM045",
        {"model": "deepseek-r1", "nodes": 1, "storage": {"storageClass": "a"}},
        "nim.gpu: no type is named; on h100, which is assumed, the model does not fit. Use b200, gb200 or h200 there.",
    ),
    (
        "NIM053",
        LICENSED | {"profile": HASH, "gpusPerNode": 8},
        f"nim.profile = '{HASH}': a hash does not say how the model is split, so that NIM021, NIM022, NIM023, NIM024, "
        "NIM025, NIM026, NIM027, NIM028, NIM030, NIM031, NIM042, NIM043, NIM045 were not checked. Use the profile's ",
    ),
    (
        "NIM063",
        TINY | {"storage": {"storageClass": "gp3"}},
        "nim.storage.storageClass = 'gp3': it is usually EBS, which one node alone can mount. Use a class for shared ",
    ),
    (
        "NIM065",
        LICENSED | {"storage": {"storageClass": "local-nfs", "size": "200Gi"}},
        "nim.storage.size = '200Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB, and the image chooses "
        "the precision. Use at least 756Gi; left out, it is computed with room to spare.",
    ),
    (
        "NIM073",
        TINY | {"image": "registry.example/open-nim:latest"},
        "nim.image = 'registry.example/open-nim:latest': it ends in :latest, and pods of one group may run different ",
    ),
    (
        "NIM093",
        TINY | {"replicas": 2, "cluster": {"kubernetesVersion": "1.30"}},
        "nim.cluster.kubernetesVersion = '1.30': before 1.31 pods of different groups cannot share a node. Have 4 node",
    ),
    (
        "NIM098",
        TINY | {"name": "chat-leader"},
        "nim.name = 'chat-leader': a deployment chat in the same namespace would have its Service of this name. Use a ",
    ),
    (
        "NIM104",
        TINY | {"fabric": "efa", "env": [{"name": "NCCL_NVLS_ENABLE", "value": "1"}]},
        "nim.env.0.value = '1': it replaces '0', which the fabric efa needs. Leave it out unless that is meant.",
    ),
]

KEYLESS: list[tuple[str, dict[str, Any], str]] = [
    (
        "NIM070",
        LICENSED,
        "ngcApiKey: the image nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 can neither be pulled nor fetch its model "
        "without an NGC API key. Run `pulumi config set --secret ngcApiKey` and paste the key, or name existing Secret",
    ),
    (
        "NIM071",
        HUB | OPEN_IMAGE,
        "hfToken: hf://meta-llama/Llama-3.1-405B-Instruct is gated, and the hub gives it to users who have accepted it",
    ),
    (
        "NIM072",
        TINY,
        "nim.model = 'hf://org/tiny': without hfToken or nim.secrets.hfTokenSecret only models that the hub gives to ",
    ),
]


@pytest.mark.parametrize(("code", "settings", "text"), [*ERRORS, *WARNINGS])
def test_the_message_of_a_rule(code: str, settings: dict[str, Any], text: str) -> None:
    found = problems(settings)
    assert [str(problem)[: len(code) + 1 + len(text)] for problem in found] == [f"{code} {text}"]


@pytest.mark.parametrize(("code", "settings", "text"), KEYLESS)
def test_the_message_of_a_rule_on_keys(code: str, settings: dict[str, Any], text: str) -> None:
    found = problems(settings, has_keys=False)
    assert [str(problem)[: len(code) + 1 + len(text)] for problem in found] == [f"{code} {text}"]


def test_a_model_without_stages_must_be_split_by_tensor_parallel_alone() -> None:
    """NIM026. No model of the catalogue lacks pipeline parallel, a stack's own may."""
    own = {
        "name": "whole",
        "servedName": "whole",
        "architecture": {"layers": 8, "hidden": 1024, "attentionHeads": 16, "kvHeads": 8, "headDim": 64}
        | {"vocabulary": 1000, "contextLength": 4096},
        "checkpoints": [{"precision": "bf16", "huggingface": "a/whole", "filesGb": 1, "source": "mine"}],
        "pipelineParallel": False,
        "sources": ["mine"],
    }
    settings = OPEN_IMAGE | {"model": "whole", "nodes": 2, "gpusPerNode": 4, "storage": {"storageClass": "a"}}
    settings |= {"catalog": {"models": [own]}, "fabric": "rdma-shared"}
    (found,) = problems(settings | {"tensorParallel": 4, "pipelineParallel": 2})
    assert str(found) == (
        "NIM026 nim.pipelineParallel = 2: vLLM cannot split whole into stages. Use 1, with tensorParallel 1, 2, 4, 8 "
        "or 16."
    )
    assert plan_deployment(settings | {"tensorParallel": 8, "pipelineParallel": 1}).pipeline_parallel == 1


def test_every_rule_is_tested_here() -> None:
    """Those on keys in the stack file are applied, and tested, where it is read (tests/components)."""
    elsewhere = {"NIM026", KEY_IN_CLEAR.code, ENCRYPTED_SETTINGS.code}
    tested = {code for code, _, _ in [*ERRORS, *WARNINGS, *KEYLESS]} | elsewhere
    assert tested == {rule.code for rule in all_rules()}


def test_codes_are_unique_and_say_how_severe_they_are() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len(rules)
    severities = {rule.code: rule.severity for rule in rules}
    assert {severities[code] for code, _, _ in ERRORS} == {"error"}
    assert {severities[code] for code, _, _ in WARNINGS} == {"warning"}


def test_programs_get_every_part_of_a_problem() -> None:
    (found,) = problems(TINY | {"nodes": 0})
    assert found.document == {
        "code": "NIM003",
        "severity": "error",
        "path": "nim.nodes",
        "given": 0,
        "why": "it is less than 1",
        "instead": found.instead,
        "section": f"{DOCUMENT}#nim003",
    }
