"""Every way to run a model on one GPU type, ranked: nodes, tensor parallel and pipeline parallel.

Each candidate is planned like a stack that says it, so that the rules decide what is feasible and nothing is judged
twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nim_stack.catalog.load import Catalog
from nim_stack.deployment.split import tensor_sizes
from nim_stack.plan import DeploymentPlan, plan_settings
from nim_stack.rules.network import spans_nodes_without_rdma
from nim_stack.settings import StackSettings

MOST_NODES = 8


@dataclass(frozen=True)
class Candidate:
    """One feasible plan, and why it has its rank."""

    plan: DeploymentPlan
    reason: str

    @property
    def document(self) -> dict[str, Any]:
        """The plan as `nim-stack plan --search --json` prints it; `cacheTokens` is None when it is not known."""
        memory = self.plan.memory
        return {
            "model": self.plan.settings.model,
            "nodes": self.plan.nodes,
            "gpusPerNode": self.plan.gpus_per_node,
            "tensorParallel": self.plan.tensor_parallel,
            "pipelineParallel": self.plan.pipeline_parallel,
            "gpus": self.plan.gpus_per_group,
            "cacheTokens": memory.tokens if memory else None,
            "warnings": [problem.document for problem in self.plan.problems],
            "reason": self.reason,
        }


def search(settings: StackSettings, catalog: Catalog, most_nodes: int = MOST_NODES) -> list[Candidate]:
    """Feasible plans of these settings, the best first.

    The first has the fewest GPUs, keeps tensor parallel on fast links and has the fewest stages. Nodes, GPUs per node
    and either size are kept where the settings say them.
    """
    plans = [plan for plan in _plans(settings, catalog, most_nodes) if plan is not None]
    plans.sort(key=_rank)
    return [Candidate(plan, _reason(plan)) for plan in plans]


def _plans(settings: StackSettings, catalog: Catalog, most_nodes: int) -> Iterator[DeploymentPlan | None]:
    for nodes, here, tensor in _splits(settings, catalog, most_nodes):
        update = {
            "nodes": nodes,
            "gpus_per_node": here,
            "tensor_parallel": tensor,
            "pipeline_parallel": nodes * here // tensor,
        }
        yield plan_settings(settings.model_copy(update=update), catalog)


def _splits(settings: StackSettings, catalog: Catalog, most_nodes: int) -> Iterator[tuple[int, int, int]]:
    """Nodes, GPUs per node and tensor parallel of every candidate."""
    gpu, model = catalog.gpus.get(settings.gpu or ""), catalog.models.get(settings.model)
    if gpu is None or model is None:
        return
    for nodes in [settings.nodes] if settings.nodes else range(1, most_nodes + 1):
        # Several nodes with a part of their GPUs each would only make the network busier.
        parts = [size for size in range(1, gpu.per_node + 1) if gpu.per_node % size == 0] if nodes == 1 else []
        for here in [settings.gpus_per_node] if settings.gpus_per_node else parts or [gpu.per_node]:
            for tensor in tensor_sizes(model.architecture, nodes * here):
                fixed = settings.tensor_parallel in (None, tensor)
                if fixed and nodes * here % tensor == 0:
                    pipeline = nodes * here // tensor
                    if settings.pipeline_parallel in (None, pipeline):
                        yield nodes, here, tensor


def _rank(plan: DeploymentPlan) -> tuple[int, bool, int, int, int]:
    """Fewer GPUs; fast links; fewer warnings; fewer stages, as each adds to the time of every token; more room."""
    tokens = plan.memory.tokens if plan.memory else 0
    slow = spans_nodes_without_rdma(plan.tensor_parallel or 1, plan.gpus_per_node, plan.fabric)
    return plan.gpus_per_group, slow, len(plan.problems), plan.pipeline_parallel or 1, -tokens


def _reason(plan: DeploymentPlan) -> str:
    tensor, pipeline = plan.tensor_parallel or 1, plan.pipeline_parallel or 1
    if spans_nodes_without_rdma(tensor, plan.gpus_per_node, plan.fabric):
        where = "tensor parallel across nodes without RDMA"
    elif tensor > plan.gpus_per_node:
        where = "tensor parallel across nodes, with RDMA"
    elif plan.nodes == 1:
        where = "one node" if pipeline == 1 else f"one node, in {pipeline} stages"
    else:
        where = f"tensor parallel inside nodes, {pipeline} stages"
    room = ""
    if plan.memory is not None and plan.context_length is not None:
        room = f"; {plan.memory.sequences(plan.context_length):.1f} sequences of {plan.context_length} tokens"
    codes = ", ".join(sorted({problem.rule.code for problem in plan.problems}))
    return f"{plan.gpus_per_group} GPUs, {where}{room}" + (f"; {codes}" if codes else "")
