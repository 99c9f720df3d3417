"""A vLLM platform for the lab alone: the CPU, with the real Ray executor and without compilation.

vLLM refuses Ray on CPU because no accelerator name is known to Ray there; its own communicator shares memory between
ranks, which two pods cannot. Installed into the engine tree under the entry point `vllm.platform_plugins`.
"""

import os
from typing import TYPE_CHECKING

import torch
from vllm.platforms.cpu import CpuPlatform

if TYPE_CHECKING:
    from vllm.config import VllmConfig

KV_CACHE_BYTES = 64 << 20
"""Room for 32,000 tokens. vLLM's own variable counts whole GiB, and each rank zeroes them at the start (3 s)."""


class CpuRayPlatform(CpuPlatform):  # type: ignore[misc]  # vLLM is in the engine tree only
    """The CPU under the name of a GPU, so that `ray start --num-gpus` decides how many ranks a node takes."""

    ray_device_key = "GPU"

    @property
    def supported_dtypes(self) -> list[torch.dtype]:
        """Full precision first, so that `auto` takes it: parallel plans add in different orders, and in 16 bits the
        rounding decides the text after a few tokens."""
        return [torch.float32, torch.bfloat16, torch.float16]

    @classmethod
    def get_device_communicator_cls(cls) -> str:
        """Plain torch.distributed over gloo: works between pods."""
        return "vllm.distributed.device_communicators.base_device_communicator.DeviceCommunicatorBase"

    @classmethod
    def check_and_update_config(cls, vllm_config: "VllmConfig") -> None:
        """The CPU's choices, but for the lab's worker, a small cache, and a forked engine core as on a GPU.

        The CPU platform asks for `spawn`, and the engine core would import vLLM once more (7 s).
        """
        if vllm_config.parallel_config.worker_cls == "auto":
            vllm_config.parallel_config.worker_cls = "lab_cpu_ray.worker.LabWorker"
        super().check_and_update_config(vllm_config)
        if vllm_config.cache_config.kv_cache_memory_bytes is None:
            vllm_config.cache_config.kv_cache_memory_bytes = KV_CACHE_BYTES
        os.environ["VLLM_WORKER_MULTIPROC_METHOD"] = "fork"


def register() -> str:
    """Name the platform; vLLM imports it when it needs it."""
    return "lab_cpu_ray.CpuRayPlatform"
