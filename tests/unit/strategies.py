"""Random settings for property tests: likely to be feasible, sound in form, or with anything anywhere."""

import math
import random
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from nim_stack.catalog.load import load_catalog
from nim_stack.settings import StackSettings
from tests.matrix_access import QUEUE

CATALOG = load_catalog()
MODELS = sorted(CATALOG.models)
SIZES = [*range(1, 17), 24, 32, 64, 127, 128]
_HUB_NAMES = [f"hf://{found.huggingface}" for model in CATALOG.models.values() for found in model.checkpoints]
_FIELDS = [info.alias or name for name, info in StackSettings.model_fields.items()]

_REQUIRED: dict[str, list[Any]] = {
    "model": [*MODELS, *_HUB_NAMES, "hf://org/unknown", "/models/own", "s3://bucket/own"],
    "storage": [
        {"storageClass": "s"},
        {"storageClass": "s", "size": "900Gi"},
        {"existingClaim": "c"},
        {"perPod": {}},
        {"hostPath": {"path": "/m"}},
        {"nfs": {"server": "n", "path": "/m"}, "readOnly": True},
    ],
    "nodes": SIZES,
}
_OPTIONAL: dict[str, list[Any]] = {
    "gpusPerNode": [1, 2, 4, 6, 8],
    "tensorParallel": SIZES,
    "pipelineParallel": SIZES,
    "gpu": sorted(CATALOG.gpus),
    "fabric": sorted(CATALOG.fabrics),
    "precision": ["bf16", "fp16", "fp8", "int8", "int4", "mxfp4", "nvfp4"],
    "replicas": [0, 1, 2, 3],
    "maxModelLen": [1, 4096, 40960, 131072, 10**6],
    "profile": ["vllm-bf16-tp8-pp2", "vllm-fp8-tp16-pp1", "0" * 64, "sglang-bf16-tp2-pp1", "x"],
    "passthroughArgs": [["--gpu-memory-utilization", "0.95"], ["--kv-cache-dtype=fp8"], ["--enable-expert-parallel"]],
    "image": ["r/open-nim:1", "nvcr.io/nim/x/y:2.1.0", "r/i:latest"],
    "cluster": [{"gpuNodes": 4}, {"kubernetesVersion": "1.30"}, {"kubernetesVersion": "v1.33.1"}],
    "rollout": [{"maxSurge": 1}, {"maxUnavailable": 0}, {"startupPolicy": "LeaderReady"}],
    "download": [{"job": True}, {"disabled": True}, {"hubEndpoint": "http://hub"}],
    "autoscaling": [
        {"maxReplicas": 3, "metrics": [QUEUE]},
        {"minReplicas": 9, "maxReplicas": 3, "metrics": [{"type": "Resource"}]},
    ],
    "disruptionBudget": [{"maxUnavailable": 1}, {"minAvailable": 3}, {}],
    "networkPolicy": [
        {},
        {"clients": [{}]},
        {"egress": [{"to": [{"ipBlock": {"cidr": "1.2.3.4/8", "except": ["::/0"]}}]}]},
    ],
    "service": [{"type": "LoadBalancer", "port": 80}, {"nodePort": 1}, {"loadBalancerSourceRanges": ["", "::/0"]}],
    "ports": [{"server": 8000, "ray": 8000}, {"server": 12000}, {"ray": 6400}],
}


@st.composite
def sound(draw: st.DrawFn) -> dict[str, Any]:
    """Settings whose every field is readable; whether they can work is another matter."""
    settings = {name: draw(st.sampled_from(values)) for name, values in _REQUIRED.items()}
    chosen = draw(st.lists(st.sampled_from(sorted(_OPTIONAL)), max_size=4, unique=True))
    return settings | {name: draw(st.sampled_from(_OPTIONAL[name])) for name in chosen}


@st.composite
def likely(draw: st.DrawFn) -> dict[str, Any]:
    """Settings of which many can work: sizes that fit each other, on GPUs with much memory."""
    nodes, here = draw(st.integers(1, 8)), draw(st.sampled_from([4, 8]))
    gpus = nodes * here
    tensor = draw(st.sampled_from([size for size in (1, 2, 4, 8, 16) if gpus % size == 0]))
    settings: dict[str, Any] = {
        "model": draw(st.sampled_from([*MODELS, *_HUB_NAMES])),
        "gpu": draw(st.sampled_from(["h100", "h200", "b200", "gb200"])),
        "storage": {"storageClass": "s"},
        "nodes": nodes,
        "gpusPerNode": here,
    }
    if draw(st.booleans()):
        settings |= {"tensorParallel": tensor, "pipelineParallel": gpus // tensor}
    for name in ("maxModelLen", "passthroughArgs", "fabric"):
        if draw(st.booleans()):
            settings[name] = draw(st.sampled_from(_OPTIONAL[name]))
    return settings


def wild(seed: int) -> Any:
    """Sound settings in which some values are replaced by anything; the same ones for the same seed."""
    dice = random.Random(seed)
    settings = {name: dice.choice(values) for name, values in _REQUIRED.items()}
    settings |= {name: dice.choice(values) for name, values in _OPTIONAL.items() if dice.random() < 0.25}
    for name in dice.sample([*_FIELDS, "unknown"], dice.randint(0, 3)):
        inner = settings.get(name)
        if isinstance(inner, dict) and dice.random() < 0.5:
            settings[name] = inner | {dice.choice([*inner, "unknown"]): dice.choice(_JUNK)(dice)}
        else:
            settings[name] = dice.choice(_JUNK)(dice)
    return dice.choice(_NO_MAPPINGS) if dice.random() < 0.01 else settings


_NO_MAPPINGS: list[Any] = [None, [], 3, "text"]
_JUNK: list[Callable[[random.Random], Any]] = [
    lambda dice: dice.random() < 0.5,
    lambda dice: dice.randint(-2, 10**12),
    lambda dice: dice.choice([math.nan, math.inf, -math.inf, 0.5, 2.0, 1e300]),
    lambda dice: "".join(chr(dice.randint(0, 0x2FF)) for _ in range(dice.randint(0, 12))),
    lambda dice: [dice.randint(-1, 9) for _ in range(dice.randint(0, 3))],
    lambda dice: [{"name": "A", "value": dice.choice(["1", 1, None])}],
    lambda dice: {dice.choice(["mode", "models", "x", "memory"]): dice.choice([1, "2", [], [{}], {}, None])},
    lambda dice: dice.choice([None, 10**400]),
]
