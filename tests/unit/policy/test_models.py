"""Models that are not on the list, however the container names its model."""

from typing import Any

import pytest
from nim_policy.models import allowed_models

from tests.unit.policy.seen import group, of, open_texts, seen, texts, unknown


def env(**values: str) -> dict[str, Any]:
    return {"env": [{"name": name, "value": value} for name, value in values.items()]}


@pytest.mark.parametrize(
    ("container", "model"),
    [
        (env(NIM_MODEL_PATH="hf://meta-llama/Llama-3.1-8B"), "hf://meta-llama/Llama-3.1-8B"),
        ({"args": ["serve", "Qwen/Qwen3", "-tp", "8"]}, "Qwen/Qwen3"),
        ({"command": ["vllm"], "args": ["serve", "--model=Qwen/Qwen3"]}, "Qwen/Qwen3"),
        (env(NIM_PASSTHROUGH_ARGS="--model 'Qwen/Qwen3'"), "Qwen/Qwen3"),
        ({"image": "nvcr.io/nim/meta/llama-3.1-405b:2.0.0"}, "nvcr.io/nim/meta/llama-3.1-405b"),
    ],
    ids=["NIM's variable", "vllm serve", "vLLM's option", "through NIM", "an image of one model"],
)
def test_a_model_is_on_the_list(container: dict[str, Any], model: str) -> None:
    served = seen(group(container=container))
    assert texts(allowed_models(served, {"models": [model]})) == []
    assert texts(allowed_models(served, {"models": [model.removeprefix("hf://")]})) == []
    assert texts(allowed_models(served, {"models": ["other/*"]})) == [
        f"LeaderWorkerSet nim serves or downloads {model}, which is not allowed. Allowed are: other/*."
    ]
    assert texts(allowed_models(served, {})) == []


def test_other_pods_are_asked_where_they_name_a_model_as_nim_does() -> None:
    def job(container: dict[str, Any]) -> Any:
        containers = [{"name": "first", "image": "x:1"}, {"name": "second", "image": "x:1", **container}]
        return seen(of("Job", "batch/v1", {"template": {"spec": {"containers": containers}}}))

    assert len(texts(allowed_models(job(env(NIM_MODEL_PATH="hf://a/b")), {"models": ["c/*"]}))) == 1
    assert texts(allowed_models(job({}), {"models": ["c/*"]})) == []


@pytest.mark.parametrize(
    ("container", "why"),
    [
        (
            {"env": [{"name": "NIM_MODEL_PATH", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}}]},
            "the variable NIM_MODEL_PATH is read from another object when the pod starts",
        ),
        ({"envFrom": [{"configMapRef": {"name": "m"}}]}, "the variable NIM_MODEL_PATH may come from envFrom"),
        (
            env(NIM_PASSTHROUGH_ARGS="--model 'a"),
            "NIM_PASSTHROUGH_ARGS cannot be split into words: No closing quotation",
        ),
    ],
    ids=["valueFrom", "envFrom", "an open quotation"],
)
def test_a_model_that_is_not_known_is_said(container: dict[str, Any], why: str) -> None:
    verdict = allowed_models(seen(group(container=container)), {"models": ["*"]})
    (said,) = open_texts(verdict)
    assert said.startswith(f"The model of LeaderWorkerSet nim is not judged: {why}")


def test_a_value_that_is_not_known_is_said() -> None:
    served = seen(group(container=env(NIM_MODEL_PATH="hf://a/b")))
    path = ("spec", "leaderWorkerTemplate", "workerTemplate", "spec", "containers", 0, "env", 0, "value")
    for where in (path, path[:-1], path[:-2], path[:1]):
        verdict = allowed_models(unknown(served, *where), {"models": []})
        assert (texts(verdict), len(open_texts(verdict))) == ([], 1)


def test_a_helm_release_is_not_judged() -> None:
    assert len(open_texts(allowed_models(seen(of("Release", "helm.sh/v3", {})), {"models": ["*"]}))) == 1
