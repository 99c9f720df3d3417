"""Bad input: each refusal says what was given, why it cannot work and what would work."""

from typing import Any

import pytest

from nim_stack.plan import plan_deployment
from nim_stack.problems import RefusedError
from tests.unit.conftest import TINY

LICENSED = {"model": "llama-3.1-405b-instruct", "nodes": 2, "storage": {"storageClass": "shared"}}


def refusals(raw: Any, *, has_ngc_key: bool = False) -> list[str]:
    with pytest.raises(RefusedError) as refused:
        plan_deployment(raw, has_ngc_key=has_ngc_key)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"nodez": 2},
            "nim.nodez = 2: there is no such setting. Did you mean nodes? Known here: cluster, createNamespace, env, ",
        ),
        (
            {"nodes": 0},
            "nim.nodes = 0: it is less than 1. Whole number from 1: nodes of a group, the leader's included.",
        ),
        ({"nodes": "many"}, "nim.nodes = 'many': input should be a valid integer"),
        ({"gpusPerNode": True}, "nim.gpusPerNode = True: is a truth value, not a number. Whole number from 1"),
        (
            {"tensorParallel": 3},
            "nim.tensorParallel × nim.pipelineParallel: tensor parallel 3 × pipeline parallel 2 = 6, but 2 nodes × 1 "
            "GPUs per node = 2 GPUs. Use one of 1 × 2 or 2 × 1, or other nodes or gpusPerNode.",
        ),
        (
            {"storage": {}},
            "nim.storage: there is neither a storage class nor an existing claim, and the nodes of a group must read "
            "the same files. Set storage.storageClass to a class with ReadWriteMany (`kubectl get storageclass` lists "
            "them), or storage.existingClaim to a claim in the namespace.",
        ),
        (
            {"storage": {"storageClass": "a", "existingClaim": "b"}},
            "nim.storage.existingClaim = 'b': storageClass = 'a' asks for a new claim at the same time. Leave one",
        ),
        (
            {"storage": {"storageClas": "a"}},
            "nim.storage.storageClas = 'a': there is no such setting. Did you mean storageClass? Known here: "
            "existingClaim, retain, size, storageClass.",
        ),
        (
            {"ports": {"server": 70000}},
            "nim.ports.server = 70000: it is more than 65535. Port from 1 to 65535 on which the container serves API",
        ),
        ({"ports": {"ray": 0}}, "nim.ports.ray = 0: it is less than 1. Port from 1 to 65535 on which Ray's head"),
        ({"ports": {"ray": 8000}}, "nim.ports.ray = 8000: the API and Ray cannot listen on the same port. Use another"),
        (
            {"name": "x" * 41},
            f"nim.name = {'x' * 41!r}: it has 41 characters, 40 are possible. At most 40 lower-case letters, digits",
        ),
        ({"name": "Nim"}, "nim.name = 'Nim': it is not written in a form that works. At most 40 lower-case letters"),
        (
            {"model": "llama"},
            "nim.model = 'llama': the catalogue has no such model. Use llama-3.1-405b-instruct, hf://",
        ),
        ({"model": "s3://bucket/model"}, "nim.model = 's3://bucket/model': it is neither hf://<owner>/<model> nor"),
        ({"gpu": "h1"}, "nim.gpu = 'h1': the catalogue has no such GPU. Use a100-80gb, b200, h100, h200 or l40s, or"),
        ({"image": "open-nim"}, "nim.image = 'open-nim': it is not written in a form that works. Image with a tag or"),
        (
            {"lws": "install"},
            "nim.lws.sha256: the LWS release is installed cluster-wide, so its manifest is pinned. Read the manifest, "
            "then set the digest that `curl -fsSL https://github.com/kubernetes-sigs/lws/releases/download/v0.9.0/",
        ),
        ({"lws": "no"}, "nim.lws.mode = 'no': it is not 'install' or 'existing'. install or existing."),
        (
            {"env": [{"name": "NGC_API_KEY", "value": "k"}]},
            "nim.env.0.name = 'NGC_API_KEY': the stack sets this variable itself. Use the secret ngcApiKey, or",
        ),
        (
            {"env": [{"name": "NIM_JSONL_LOGGING", "value": "1"}]},
            "nim.env.0.name = 'NIM_JSONL_LOGGING': the stack sets this variable itself. Use nothing: workers of a Ray",
        ),
        (
            {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
            "nim.env.1.name = 'A': it is there twice. Leave one of the two out.",
        ),
        (
            {"passthroughArgs": ["--tensor_parallel_size=4"]},
            "nim.passthroughArgs.0 = '--tensor_parallel_size=4': it would overrule what the stack says. Use nim.tensor",
        ),
        (
            {"profile": "vllm-bf16-tp8-pp2"},
            "nim.profile = 'vllm-bf16-tp8-pp2': it needs 16 GPUs, but 2 nodes × 1 GPUs per node = 2. Use a profile",
        ),
        (
            {"profile": "vllm-bf16-tp2-pp1", "tensorParallel": 2},
            "nim.profile = 'vllm-bf16-tp2-pp1': the profile sets both sizes already. Leave tensorParallel and",
        ),
    ],
)
def test_one_wrong_setting(change: dict[str, Any], text: str) -> None:
    assert [problem[: len(text)] for problem in refusals(TINY | change)] == [text]


def test_no_key_for_a_licensed_image() -> None:
    assert refusals(LICENSED) == [
        "ngcApiKey: the image nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 can neither be pulled nor fetch its "
        "model without an NGC API key. Run `pulumi config set --secret ngcApiKey` and paste the key, or name existing "
        "Secrets in nim.secrets.ngcApiSecret and nim.secrets.imagePullSecrets."
    ]
    assert plan_deployment(LICENSED, has_ngc_key=True).gpus_total == 16
    named = {"ngcApiSecret": "ngc", "imagePullSecrets": ["pull"]}
    assert plan_deployment(LICENSED | {"secrets": named}).gpus_total == 16


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"gpusPerNode": 6, "tensorParallel": 12, "pipelineParallel": 1},
            "nim.tensorParallel = 12: llama-3.1-405b-instruct has 128 attention heads and 8 KV heads, which it does "
            "not divide. Use 1, 2, 4, 8, 16, 32, 64 or 128.",
        ),
        (
            {"nodes": 127, "gpusPerNode": 1, "tensorParallel": 1},
            "nim.pipelineParallel = 127: llama-3.1-405b-instruct has 126 layers, and a stage needs at least one. Use 1 "
            "to 126.",
        ),
        (
            {"maxModelLen": 200000},
            "nim.maxModelLen = 200000: llama-3.1-405b-instruct was made for 131072 tokens. Use 1 to 131072.",
        ),
        (
            {"storage": {"storageClass": "shared", "size": "200Gi"}},
            "nim.storage.size = '200Gi': the files of llama-3.1-405b-instruct take 812 GB. Use at least 812G, or leave "
            "it out and it is computed.",
        ),
    ],
)
def test_what_the_model_cannot(change: dict[str, Any], text: str) -> None:
    assert refusals(LICENSED | change, has_ngc_key=True) == [text]


def test_every_problem_is_reported_at_once() -> None:
    """Across the two kinds: wrong fields, and judgements over fields that are right."""
    found = refusals({"model": "hf://org/tiny", "nodes": 0, "image": "r/i:1", "ports": {"ray": 8000}, "lws": "install"})
    assert [problem.split(":")[0].split(" ")[0] for problem in found] == [
        "nim.nodes",
        "nim.storage",
        "nim.ports.ray",
        "nim.lws.sha256",
    ]


def test_a_judgement_over_a_wrong_field_is_left_out() -> None:
    """Nodes of 0 would make every product wrong as well; only the cause is named."""
    found = refusals(TINY | {"nodes": 0, "tensorParallel": 7})
    assert [problem.split(" ")[0] for problem in found] == ["nim.nodes"]


@pytest.mark.parametrize("raw", [{}, {"nodes": 1}])
def test_missing_settings_are_named(raw: dict[str, Any]) -> None:
    assert any(problem.startswith("nim.model: it is required. Name in the model") for problem in refusals(raw))


@pytest.mark.parametrize("raw", [5, [], "text", None])
def test_settings_that_are_no_mapping(raw: Any) -> None:
    (problem,) = refusals(raw)
    assert "Use a mapping of settings; three suffice: model, nodes, storage.storageClass." in problem


def test_the_head_says_where_and_that_nothing_changed() -> None:
    with pytest.raises(RefusedError) as refused:
        plan_deployment(TINY | {"nodes": 0}, where="Pulumi.dev.yaml")
    assert str(refused.value).startswith(
        "Pulumi.dev.yaml: one setting cannot work; nothing was changed.\n  - nim.nodes"
    )
