"""vLLM's CPU worker without its warm-up, under pipeline parallelism too."""

from typing import Any

from vllm.distributed.parallel_state import get_pp_group
from vllm.v1.worker.cpu_worker import CPUWorker


class LabWorker(CPUWorker):  # type: ignore[misc]  # vLLM is in the engine tree only
    """Makes the buffers of a later pipeline stage when the model is loaded.

    vLLM makes them in the warm-up, which the CPU worker leaves out when nothing is compiled; the first request then
    fails an assertion in the second stage. Compiling instead costs 13 s and a C++ compiler.
    """

    def load_model(self, *args: Any, **kwargs: Any) -> None:
        """Load, then allocate what arrives from the stage before."""
        super().load_model(*args, **kwargs)
        runner = self.model_runner
        if not get_pp_group().is_first_rank and runner.intermediate_tensors is None:
            runner.intermediate_tensors = runner.model.make_empty_intermediate_tensors(
                batch_size=runner.max_num_tokens, dtype=self.model_config.dtype, device=self.device
            )
