"""The manifests as a whole, as files that a reviewer can read: `pytest tests/unit --golden-update` rewrites them."""

from collections.abc import Callable
from typing import Any

import pytest

from nim_stack.manifests.download_job import download_job
from nim_stack.manifests.leader_worker_set import leader_worker_set
from nim_stack.manifests.pods import security_level
from nim_stack.manifests.references import References, SecretRef
from nim_stack.manifests.services import leader_service
from nim_stack.manifests.storage import cache_claim, namespace
from nim_stack.plan import plan_deployment
from tests.unit.conftest import TINY

MODEL = "llama-3.1-405b-instruct"

CASES: dict[str, dict[str, Any]] = {
    # The examples of NVIDIA's page on multi-node deployment.
    "405b-tp8-pp2": {"model": MODEL, "nodes": 2, "storage": {"storageClass": "local-nfs"}},
    "405b-tp16-pp1": {
        "model": MODEL,
        "nodes": 2,
        "tensorParallel": 16,
        "pipelineParallel": 1,
        "gpu": "h100",
        "storage": {"storageClass": "local-nfs"},
    },
    "405b-model-free": {
        "model": "hf://meta-llama/Llama-3.1-405B-Instruct",
        "nodes": 2,
        "storage": {"storageClass": "local-nfs"},
    },
    "405b-profile": {
        "model": MODEL,
        "nodes": 2,
        "profile": "vllm-fp16-tp8-pp2",
        "storage": {"existingClaim": "weights"},
    },
    "405b-download-job": {
        "model": MODEL,
        "nodes": 2,
        "profile": "vllm-bf16-tp8-pp2",
        "gpu": "h100",
        "storage": {"nfs": {"server": "nfs.example", "path": "/exports/models"}, "subPath": "405b", "readOnly": True},
        "download": {"job": True},
        "secrets": {"ngcApiSecret": {"name": "ngc", "key": "apiKey"}},
    },
    "tiny": TINY | {"replicas": 2, "wait": False, "storage": {"storageClass": "shared", "retain": False}},
}


@pytest.mark.parametrize("case", CASES)
def test_manifests(case: str, golden: Callable[[str, list[dict[str, Any]]], None]) -> None:
    plan = plan_deployment(CASES[case], has_ngc_key=True, has_hf_token=True)
    settings = plan.settings
    retain = settings.storage.retain
    claim = settings.storage.existing_claim or "nim-model-cache"
    manifests = [namespace("nim", settings.name, adopt=retain, security=security_level(plan))]
    if settings.storage.storage_class:
        manifests.append(
            cache_claim(settings.name, "nim", settings.storage.storage_class, plan.storage_size, adopt=retain)
        )
    references = References(
        claim, SecretRef("nim-ngc-api", "NGC_API_KEY"), SecretRef("nim-hf-token", "HF_TOKEN"), ("nim-ngc-pull",)
    )
    if settings.download.job:
        manifests.append(download_job(plan, references, "nim"))
    golden(case, [*manifests, leader_service(plan, "nim"), leader_worker_set(plan, references, "nim")])
