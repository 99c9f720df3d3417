"""A plan as a page for people and as a document for programs: the same facts, twice."""

from collections.abc import Iterator, Sequence
from typing import Any

from nim_stack.base.tables import pairs, table
from nim_stack.deployment.layout import ASSUMED_GPU
from nim_stack.deployment.memory import GIB
from nim_stack.manifests.pods import security_level
from nim_stack.plan import DeploymentPlan
from nim_stack.search import Candidate


def document(plan: DeploymentPlan) -> dict[str, Any]:
    """For programs: numbers in bytes, seconds and tokens."""
    memory, budget = plan.memory, plan.budget
    return {
        "feasible": True,
        "model": plan.settings.model,
        "servedName": plan.served_name,
        "image": plan.image,
        "precision": plan.checkpoint.precision if plan.checkpoint else None,
        "gpu": plan.gpu.name if plan.gpu else None,
        "fabric": plan.fabric.name if plan.fabric else None,
        "replicas": plan.settings.least_groups,
        "mostReplicas": plan.settings.most_groups,
        "nodes": plan.nodes,
        "gpusPerNode": plan.gpus_per_node,
        "gpusPerGroup": plan.gpus_per_group,
        "gpusTotal": plan.gpus_total,
        "gpusMost": plan.gpus_most,
        "tensorParallel": plan.tensor_parallel,
        "pipelineParallel": plan.pipeline_parallel,
        "memory": None
        if memory is None
        else {
            "assumedGpu": None if plan.gpu else ASSUMED_GPU,
            "budget": round(memory.budget),
            "stages": [
                {
                    "layers": stage.layers,
                    "weights": round(stage.weights),
                    "overhead": round(stage.overhead),
                    "cachePerToken": round(stage.cache_per_token),
                }
                for stage in memory.stages
            ],
            "cacheTokens": memory.tokens,
        },
        "contextLength": plan.context_length,
        "sequencesOfFullContext": _sequences(plan),
        "bytesPerTokenBetweenNodes": None
        if plan.traffic is None
        else {"tensorParallel": plan.traffic.tensor, "pipelineParallel": plan.traffic.pipeline},
        "storage": {"needed": plan.storage_needed, "size": plan.storage_size},
        "seconds": {
            "imagePull": budget.image_pull,
            "download": budget.download,
            "load": budget.load,
            "joinDeadline": budget.join,
            "startupProbe": budget.startup,
            "pulumiTimeout": plan.rollout_timeout,
        },
        "podSecurity": security_level(plan),
        "reasons": list(plan.reasons),
        "problems": [problem.document for problem in plan.problems],
    }


def page(plan: DeploymentPlan) -> str:
    """What `nim-stack plan` prints to a terminal: the plan, its reasons and its warnings."""
    parts = [pairs(_lines(plan))]
    if plan.reasons:
        parts.append("\n".join(["why", *(f"  {reason}" for reason in plan.reasons)]))
    if plan.warnings:
        parts.append("\n".join(["warnings", *(f"  {warning}" for warning in plan.warnings)]))
    return "\n\n".join(parts)


def _lines(plan: DeploymentPlan) -> Iterator[tuple[str, object]]:
    yield "model", plan.settings.model + (f" in {plan.checkpoint.precision}" if plan.checkpoint else "")
    yield "image", plan.image
    yield "group", f"{plan.nodes} nodes × {plan.gpus_per_node} GPUs = {plan.gpus_per_group}"
    total = f"{plan.gpus_total} to {plan.gpus_most}" if plan.settings.autoscaling else plan.gpus_total
    yield "GPUs in all", f"{total} for {plan.groups} groups"
    yield "split", plan.split
    if plan.memory is not None:
        gpu = plan.gpu.name if plan.gpu else f"{ASSUMED_GPU}, assumed"
        yield "memory of a GPU", f"{plan.memory.budget / GIB:.1f} GiB that vLLM may use ({gpu})"
        for number, stage in enumerate(plan.memory.stages, start=1):
            left = (plan.memory.budget - stage.weights - stage.overhead) / GIB
            yield (
                f"  stage {number}",
                f"{stage.layers} layers: {stage.weights / GIB:.1f} GiB weights, {stage.overhead / GIB:.1f} GiB engine, "
                f"{left:.1f} GiB for the KV cache at {stage.cache_per_token / 1024:.1f} KiB a token",
            )
        yield "KV cache", f"{plan.memory.tokens:,} tokens"
        yield "  full contexts", f"{_sequences(plan)} of {plan.context_length:,} tokens at once"
    if plan.traffic is not None and plan.nodes > 1:
        tensor, pipeline = plan.traffic.tensor, plan.traffic.pipeline
        yield "between nodes", f"{tensor:,} bytes a token by tensor parallel, {pipeline:,} by pipeline parallel"
    size = f"{plan.storage_needed} needed" if plan.model else "size of the model unknown"
    yield "storage", size + _claim(plan)
    yield "pod security", f"{security_level(plan)} (Pod Security Standard)"
    budget = plan.budget
    yield (
        "time",
        f"image {budget.image_pull} s, download {budget.download} s, load {budget.load} s; deadlines: join "
        f"{budget.join} s < startup {budget.startup} s < Pulumi {plan.rollout_timeout} s",
    )


def _claim(plan: DeploymentPlan) -> str:
    storage = plan.settings.storage
    if storage.existing_claim:
        return f", in the claim {storage.existing_claim}"
    if not storage.makes_claim:
        return f", {plan.storage}"
    return f", {plan.storage_size} as set" if storage.size else ""


def _sequences(plan: DeploymentPlan) -> float | None:
    if plan.memory is None or plan.context_length is None:
        return None
    return round(plan.memory.sequences(plan.context_length), 1)


def candidates(found: Sequence[Candidate]) -> str:
    """Feasible plans, the best first."""
    rows = [
        (
            candidate.plan.settings.model,
            candidate.plan.nodes,
            candidate.plan.gpus_per_node,
            candidate.plan.tensor_parallel,
            candidate.plan.pipeline_parallel,
            candidate.plan.memory.tokens if candidate.plan.memory else None,
            candidate.reason,
        )
        for candidate in found
    ]
    return table(("model", "nodes", "GPUs per node", "TP", "PP", "KV tokens", "why here"), rows)
