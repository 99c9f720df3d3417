"""Settings that break a rule on the model, its split and its memory, and the message that they get."""

from tests.unit.conftest import TINY
from tests.unit.rule_case import RuleCase

LICENSED = {"model": "llama-3.1-405b-instruct", "nodes": 2, "gpu": "h100", "storage": {"storageClass": "shared"}}
HUB = {"model": "hf://meta-llama/Llama-3.1-405B-Instruct", "nodes": 2, "storage": {"storageClass": "shared"}}
OPEN_IMAGE = {"image": "registry.example/open-nim:1"}
HASH = "0123456789abcdef" * 4
OWN_GPU = {"name": "h100", "productLabel": "X", "memoryGib": 80, "native": ["bf16"], "sources": ["measured"]}

WITHOUT_STAGES = OPEN_IMAGE | {
    "model": "whole",
    "nodes": 2,
    "gpusPerNode": 4,
    "storage": {"storageClass": "a"},
    "fabric": "rdma-shared",
    "catalog": {
        "models": [
            {
                "name": "whole",
                "servedName": "whole",
                "architecture": {
                    "layers": 8,
                    "hidden": 1024,
                    "attentionHeads": 16,
                    "kvHeads": 8,
                    "headDim": 64,
                    "vocabulary": 1000,
                    "contextLength": 4096,
                },
                "checkpoints": [{"precision": "bf16", "huggingface": "a/whole", "filesGb": 1, "source": "mine"}],
                "pipelineParallel": False,
                "sources": ["mine"],
            }
        ]
    },
}
"""No model of the catalogue lacks pipeline parallel; a stack's own may."""

ERRORS = [
    RuleCase(
        "a model that the catalogue does not have",
        "NIM010",
        TINY | {"model": "llama"},
        "nim.model = 'llama': the catalogue has no such model. Use deepseek-r1, deepseek-v3, deepseek-v3.2, "
        "glm-4.6, glm-5, gpt-oss-120b, kimi-k2-instruct, kimi-k2-thinking, llama-3.1-405b-instruct, "
        "llama-3.3-70b-instruct, llama-4-maverick-17b-128e-instruct, minimax-m2, mistral-large-instruct-2411, "
        "mixtral-8x22b-instruct, nemotron-3-ultra-550b-a55b, qwen3-235b-a22b, qwen3-coder-480b-a35b-instruct, "
        "hf://<owner>/<model> or an absolute path.",
    ),
    RuleCase(
        "a model on a hub that is not supported",
        "NIM010",
        TINY | {"model": "modelscope://a/b"},
        "nim.model = 'modelscope://a/b': it has none of the forms that a model may have. Use "
        "hf://<owner>/<model>[@<revision>], ngc://<org>/<team>/<model>:<version>, s3://<bucket>/<directory>, "
        "gs://<bucket>/<directory> or an absolute path.",
    ),
    RuleCase(
        "a GPU type that the catalogue does not have",
        "NIM011",
        TINY | {"gpu": "h1"},
        "nim.gpu = 'h1': the catalogue has no such GPU. Use a100-40gb, a100-80gb, b200, gb200, h100, h200 or "
        "l40s, or describe another under nim.catalog.gpus.",
    ),
    RuleCase(
        "a fabric that the catalogue does not have",
        "NIM012",
        TINY | {"fabric": "token-ring"},
        "nim.fabric = 'token-ring': the catalogue has no such fabric. Use efa, gke-rdma, nvlink-multi-node, "
        "rdma-shared, rdma-sriov or tcp, or describe another under nim.catalog.fabrics.",
    ),
    RuleCase(
        "a precision without a checkpoint in the catalogue",
        "NIM013",
        LICENSED | {"precision": "int4"},
        "nim.precision = 'int4': the catalogue has no such checkpoint of llama-3.1-405b-instruct. Use bf16 or fp8.",
    ),
    RuleCase(
        "a precision that the named repository does not have",
        "NIM013",
        HUB | {"precision": "fp8"},
        "nim.precision = 'fp8': hf://meta-llama/Llama-3.1-405B-Instruct is published in bf16. Use "
        "hf://meta-llama/Llama-3.1-405B-Instruct-FP8 as nim.model.",
    ),
    RuleCase(
        "an own GPU type with the name of another",
        "NIM014",
        TINY | {"catalog": {"gpus": [OWN_GPU]}},
        "nim.catalog.gpus.0.name = 'h100': another entry of the catalogue has this name. Use another name.",
    ),
    RuleCase(
        "no number of nodes",
        "NIM020",
        {key: value for key, value in TINY.items() if key != "nodes"},
        "nim.nodes: it is required. Set it to the nodes of a group, the leader's included; or set both parallel sizes.",
    ),
    RuleCase(
        "a split that needs more GPUs than there are",
        "NIM021",
        TINY | {"tensorParallel": 3},
        "nim.tensorParallel × nim.pipelineParallel: tensor parallel 3 × pipeline parallel 2 = 6, but 2 nodes × 1 "
        "GPUs per node = 2 GPUs. Use one of 1 × 2 or 2 × 1, or other nodes or gpusPerNode.",
    ),
    RuleCase(
        "a profile that needs more GPUs than there are",
        "NIM021",
        TINY | {"profile": "vllm-bf16-tp8-pp2"},
        "nim.profile = 'vllm-bf16-tp8-pp2': its tensor parallel 8 × pipeline parallel 2 = 16, but 2 nodes × 1 "
        "GPUs per node = 2 GPUs. Use a profile of that size, or other nodes or gpusPerNode.",
    ),
    RuleCase(
        "a split that leaves GPUs idle",
        "NIM022",
        LICENSED | {"tensorParallel": 8, "pipelineParallel": 1, "precision": "fp8"},
        "nim.tensorParallel × nim.pipelineParallel: tensor parallel 8 × pipeline parallel 1 = 8, but 2 nodes × 8 "
        "GPUs per node = 16 GPUs, so that 8 GPUs would be held idle. Use one of 1 × 16, 2 × 8, 4 × 4, 8 × 2 or "
        "16 × 1, or other nodes or gpusPerNode.",
    ),
    RuleCase(
        "a tensor parallel size that does not divide the heads",
        "NIM023",
        LICENSED | {"gpusPerNode": 6, "tensorParallel": 12, "pipelineParallel": 1, "fabric": "rdma-shared"},
        "nim.tensorParallel = 12: llama-3.1-405b-instruct has 128 attention heads and 8 KV heads, which cannot "
        "be split equally among 12 ranks. Use 1, 2, 4, 8, 16, 32, 64 or 128.",
    ),
    RuleCase(
        "a tensor parallel size that does not divide the hidden size",
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
        "nim.tensorParallel = 8: odd has a hidden size of 1020, which cannot be split equally among 8 ranks. Use "
        "1, 2 or 4.",
    ),
    RuleCase(
        "more stages than layers",
        "NIM025",
        LICENSED | {"nodes": 127, "gpusPerNode": 1, "tensorParallel": 1},
        "nim.pipelineParallel = 127: llama-3.1-405b-instruct has 126 layers, and a stage needs at least one. Use "
        "1 to 126.",
    ),
    RuleCase(
        "stages of a model that cannot be split into stages",
        "NIM026",
        WITHOUT_STAGES | {"tensorParallel": 4, "pipelineParallel": 2},
        "nim.pipelineParallel = 2: vLLM cannot split whole into stages. Use 1, with tensorParallel 1, 2, 4, 8 or 16.",
    ),
    RuleCase(
        "an FP8 block that the image's vLLM cannot cut",
        "NIM027",
        {"model": "qwen3-235b-a22b", "precision": "fp8", "nodes": 2, "tensorParallel": 8, "gpu": "h100"}
        | {"storage": {"storageClass": "a"}},
        "nim.tensorParallel = 8: each expert of qwen3-235b-a22b has 1536 rows with one FP8 scale for each 128, "
        "and 8 ranks would cut these blocks; the vLLM of the image refuses that. Use 1, 2 or 4, or add "
        "--enable-expert-parallel to nim.passthroughArgs.",
    ),
    RuleCase(
        "a GPU that cannot compute in blocks of FP8",
        "NIM040",
        {"model": "deepseek-r1", "nodes": 2, "gpu": "a100-80gb", "storage": {"storageClass": "a"}},
        "nim.precision = 'fp8': a100-80gb cannot serve deepseek-r1 in fp8 with one scale for each block. Use "
        "nim.gpu b200, nim.gpu gb200, nim.gpu h100, nim.gpu h200 or nim.gpu l40s.",
    ),
    RuleCase(
        "weights of a dense model that do not fit on the GPUs",
        "NIM042",
        LICENSED | {"nodes": 1, "precision": "bf16"},
        "nim.nodes = 1: llama-3.1-405b-instruct in bf16 takes 94.5 GiB of weights on each GPU and 99.5 GiB with "
        "what vLLM needs beside them, and h100 has 71.3 GiB for both and the KV cache. Use 2 nodes or more, "
        "nim.precision fp8, nim.gpu b200, nim.gpu gb200 or nim.gpu h200.",
    ),
    RuleCase(
        "weights of a mixture of experts that do not fit on the GPUs",
        "NIM042",
        {"model": "deepseek-r1", "nodes": 1, "gpu": "h100", "storage": {"storageClass": "a"}},
        "nim.nodes = 1: deepseek-r1 in fp8 takes 78.4 GiB of weights on each GPU and 83.7 GiB with what vLLM "
        "needs beside them, and h100 has 71.3 GiB for both and the KV cache. Use 2 nodes or more, nim.gpu b200, "
        "nim.gpu gb200 or nim.gpu h200.",
    ),
    RuleCase(
        "a context that does not fit into the KV cache",
        "NIM043",
        {"model": "llama-4-maverick-17b-128e-instruct", "nodes": 1, "gpu": "h100", "storage": {"storageClass": "a"}},
        "nim.maxModelLen: the KV cache has room for 721529 tokens on h100, and one sequence of the longest "
        "context takes 1048576. Use 1 to 721529, nim.nodes 2, nim.gpu b200, nim.gpu gb200 or nim.gpu h200.",
    ),
    RuleCase(
        "a context longer than the model's",
        "NIM044",
        LICENSED | {"maxModelLen": 200000},
        "nim.maxModelLen = 200000: llama-3.1-405b-instruct was made for 131072 tokens. Use 1 to 131072.",
    ),
    RuleCase(
        "memory of which shared memory leaves nothing",
        "NIM046",
        TINY | {"resources": {"memory": "16Gi"}},
        "nim.resources.memory = '16Gi': resources.shm = 16Gi is part of this memory and leaves nothing of it. "
        "Use more than 16Gi, or a smaller resources.shm.",
    ),
    RuleCase(
        "a profile of no known form",
        "NIM050",
        TINY | {"profile": "fast"},
        "nim.profile = 'fast': it is neither the name nor the hash of a profile. Use a name of the form "
        "vllm-<precision>-tp<N>-pp<M>, or the 64 digits that `list-model-profiles` prints in the image.",
    ),
    RuleCase(
        "a profile by name beside a split",
        "NIM051",
        TINY | {"profile": "vllm-bf16-tp2-pp1", "tensorParallel": 1},
        "nim.profile = 'vllm-bf16-tp2-pp1': the profile decides the split, and the settings say tensorParallel = "
        "1 beside it. Leave tensorParallel and pipelineParallel out, or leave the profile out.",
    ),
    RuleCase(
        "a profile by hash beside a split",
        "NIM051",
        LICENSED | {"profile": HASH, "gpusPerNode": 8, "pipelineParallel": 2},
        f"nim.profile = '{HASH}': the profile decides "
        "the split, and the settings say pipelineParallel = 2 beside it. Leave tensorParallel and "
        "pipelineParallel out, or leave the profile out.",
    ),
    RuleCase(
        "a profile by hash without the GPUs of a node",
        "NIM052",
        TINY | {"profile": HASH, "gpusPerNode": None},
        "nim.gpusPerNode: it is required with the hash of a profile, because a hash does not say how many GPUs "
        "the profile needs. Set it to a whole number from 1, or use the name of the profile, which says how many.",
    ),
    RuleCase(
        "a profile of another precision than the setting",
        "NIM054",
        LICENSED | {"profile": "vllm-bf16-tp8-pp2", "precision": "fp8"},
        "nim.profile = 'vllm-bf16-tp8-pp2': it is for bf16, and nim.precision is fp8. Use nim.precision bf16, "
        "leave it out, or use another profile.",
    ),
    RuleCase(
        "a profile of another precision than the model",
        "NIM054",
        HUB | {"profile": "vllm-fp8-tp8-pp2"},
        "nim.profile = 'vllm-fp8-tp8-pp2': it is for fp8, and the model is planned as bf16. Use a profile of a "
        "precision that the catalogue has for it (bf16, fp8).",
    ),
    RuleCase(
        "a profile of another engine than vLLM",
        "NIM055",
        TINY | {"profile": "sglang-bf16-tp2-pp1"},
        "nim.profile = 'sglang-bf16-tp2-pp1': it is for sglang, and across nodes the container runs vLLM. Use a "
        "profile of the form vllm-<precision>-tp<N>-pp<M>.",
    ),
]

WARNINGS = [
    RuleCase(
        "an FP8 block that a newer vLLM cuts slowly",
        "NIM028",
        OPEN_IMAGE
        | {"model": "qwen3-235b-a22b", "precision": "fp8", "nodes": 2, "tensorParallel": 8, "gpu": "h100"}
        | {"storage": {"storageClass": "a"}},
        "nim.tensorParallel = 8: each expert of qwen3-235b-a22b has 1536 rows with one FP8 scale for each 128, "
        "and 8 ranks would cut these blocks; vLLM before 0.32 refuses that, and vLLM from 0.32 on is slower with "
        "it. Use 1, 2 or 4, or add --enable-expert-parallel to nim.passthroughArgs.",
    ),
    RuleCase(
        "tensor parallel over nodes without RDMA",
        "NIM030",
        LICENSED | {"tensorParallel": 16, "pipelineParallel": 1},
        "nim.tensorParallel = 16: it spans 2 nodes over tcp, as no fabric is named, and every token crosses the "
        "network many times: at least 8.26 MB of each token, against 0.066 MB between two stages; 25 Gbit/s let "
        "378 tokens a second through. Without RDMA between the nodes, tensorParallel 8 with pipelineParallel 2 "
        "is faster; with RDMA, set nim.fabric to efa, gke-rdma, nvlink-multi-node, rdma-shared or rdma-sriov.",
    ),
    RuleCase(
        "tensor parallel groups across the border of nodes",
        "NIM031",
        LICENSED | {"gpusPerNode": 6, "nodes": 4, "tensorParallel": 4},
        "nim.tensorParallel = 4: with 6 GPUs per node, some tensor parallel groups lie on two nodes. Use a "
        "divisor or a multiple of 6.",
    ),
    RuleCase(
        "more GPUs on a node than usual",
        "NIM032",
        LICENSED | {"gpu": "gb200", "gpusPerNode": 8},
        "nim.gpusPerNode = 8: a usual node has 4 gb200, and a pod that asks for more stays pending. Use 1 to 4, "
        "and more nodes.",
    ),
    RuleCase(
        "a GPU that stores a precision and does not compute in it",
        "NIM041",
        {"model": "gpt-oss-120b", "nodes": 1, "gpu": "h100", "storage": {"storageClass": "a"}},
        "nim.gpu = 'h100': h100 holds weights in mxfp4 and computes in 16 bits, which saves memory and no time. "
        "Use b200 or gb200 to save time as well.",
    ),
    RuleCase(
        "a model that does not fit on the assumed GPU type",
        "NIM045",
        {"model": "deepseek-r1", "nodes": 1, "storage": {"storageClass": "a"}},
        "nim.gpu: no GPU type is named, and the model does not fit on h100, which is then assumed. Set it to "
        "b200, gb200 or h200.",
    ),
    RuleCase(
        "a profile by hash that cannot be checked",
        "NIM053",
        LICENSED | {"profile": HASH, "gpusPerNode": 8},
        f"nim.profile = '{HASH}': a hash does not say "
        "how the model is split, so that NIM021, NIM022, NIM023, NIM024, NIM025, NIM026, NIM027, NIM028, NIM030, "
        "NIM031, NIM042, NIM043, NIM045 were not checked. Use the profile's name (vllm-<precision>-tp<N>-pp<M>) "
        "to have them checked.",
    ),
]
