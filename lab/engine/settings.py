"""What vLLM and Ray need to run on CPU on a small machine; carried by the lab's image as environment.

Never by the product's image, nor by its launcher: a real GPU needs none of it.
"""

from collections.abc import Mapping
from types import MappingProxyType

MOUNT = "/opt/engine/site-packages"
"""Where containers find the engine tree; the image's Python has it on its path."""

SITE_FILE = f"{MOUNT}\nimport gc; gc.set_threshold(50_000, 20, 100)\n"
"""The .pth file of the image. Importing vLLM makes objects by the hundred thousand and frees none: collecting garbage
after every 700 takes a fifth of the seconds that the import takes, and each rank imports it."""

VLLM_CACHE = "lab_vllm_cache"
"""Folder of the tree with what vLLM would work out at every start: what kind of model a Llama is (10 s)."""

ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        # Binding counts NUMA nodes against ranks and refuses two ranks on one.
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        # Ranks talk over gloo, which otherwise may pick the loopback (vllm#7074).
        "GLOO_SOCKET_IFNAME": "eth0",
        # Two pods share two cores: more threads only wait for each other.
        "OMP_NUM_THREADS": "1",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "VLLM_CACHE_ROOT": f"{MOUNT}/{VLLM_CACHE}",
        # Small helpers of the sampler are compiled apart from the model: 20 s in the first request.
        "TORCH_COMPILE_DISABLE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "VLLM_NO_USAGE_STATS": "1",
    }
)
