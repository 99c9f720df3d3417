"""Properties of every plan, on random settings: recomputed here from the catalogue, not by the code under test."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nim_stack.base.problems import RefusedError
from nim_stack.base.quantity import Quantity
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.plan import DeploymentPlan, plan_deployment, summary
from nim_stack.rules import all_rules
from tests.unit.strategies import CATALOG, MODELS, likely, sound, wild

GIB = 1024**3
CODES = {rule.code for rule in all_rules()}
RELAXED = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


def accepted(raw: Any) -> DeploymentPlan | None:
    try:
        return plan_deployment(raw, keys=EVERY_KEY)
    except RefusedError:
        return None


@pytest.mark.parametrize("thousand", range(10))
def test_anything_ends_in_a_plan_or_in_problems_with_codes(thousand: int) -> None:
    """10,000 settings; what is wrong with them is found as a whole and never by an exception of another kind."""
    for seed in range(1000 * thousand, 1000 * (thousand + 1)):
        raw = wild(seed)
        try:
            plan = plan_deployment(raw)
        except RefusedError as refused:
            found = list(refused.problems)
        else:
            found = list(plan.problems)
            assert summary(plan)["nodesPerGroup"] == plan.nodes, seed
            assert {problem.rule.severity for problem in found} <= {"warning"}, seed
            continue
        assert found, seed
        assert {problem.rule.code for problem in found} <= CODES, seed
        assert {problem.rule.severity for problem in found} == {"error"}, seed
        assert all(problem.why and problem.instead and str(problem) for problem in found), seed


@settings(RELAXED, max_examples=300)
@given(raw=sound())
def test_sound_settings_are_never_wrong_in_form(raw: dict[str, Any]) -> None:
    try:
        plan_deployment(raw)
    except RefusedError as refused:
        codes = {problem.rule.code for problem in refused.problems}
    else:
        codes = set()
    assert not codes & {"NIM001", "NIM002", "NIM003"}


def test_an_accepted_plan_satisfies_every_rule() -> None:
    plans = 0

    @settings(RELAXED, max_examples=1200)
    @given(raw=st.one_of(sound(), likely()))
    def judge(raw: dict[str, Any]) -> None:
        nonlocal plans
        plan = accepted(raw)
        if plan is not None:
            plans += 1
            _satisfies_the_settings(plan)

    judge()
    assert plans > 200, "too few were accepted to say anything"


def _satisfies_the_settings(plan: DeploymentPlan) -> None:
    said = plan.settings
    tensor, pipeline = plan.tensor_parallel, plan.pipeline_parallel
    assert plan.nodes >= 1
    assert len(said.storage.places) == 1
    fetched = not said.download.disabled and not said.model.startswith("/")
    if said.storage.per_pod is not None:
        assert fetched or said.model.startswith("/models")
        assert not said.download.job
    assert not (said.download.disabled and said.download.job)
    assert not (said.storage.read_only and fetched) or said.download.job
    assert said.ports.server != said.ports.ray
    assert not {said.ports.server, said.ports.ray} & set(range(10002, 20000))
    assert said.rollout.max_surge + said.rollout.max_unavailable > 0
    assert said.rollout.startup_policy == "LeaderCreated"
    assert plan.budget.image_pull + plan.budget.download < plan.budget.join < plan.budget.startup < plan.rollout_timeout
    if said.cluster.gpu_nodes is not None and said.replicas:
        assert said.cluster.gpu_nodes >= plan.nodes
    if tensor is None or pipeline is None:
        assert said.profile is not None
        return
    assert tensor * pipeline == plan.nodes * plan.gpus_per_node == plan.gpus_per_group
    if plan.model is not None:
        _satisfies_the_model(plan, tensor, pipeline)


def _satisfies_the_model(plan: DeploymentPlan, tensor: int, pipeline: int) -> None:
    assert plan.model is not None
    assert plan.checkpoint is not None
    shape, checkpoint, arguments = plan.model.architecture, plan.checkpoint, plan.settings.passthrough_args
    assert shape.attention_heads % tensor == 0
    assert shape.latent or (shape.kv_heads or 0) % tensor == 0 or tensor % (shape.kv_heads or 1) == 0
    assert shape.hidden % tensor == 0
    assert pipeline <= shape.layers
    assert pipeline == 1 or plan.model.pipeline_parallel
    if checkpoint.scale_block and shape.experts and "--enable-expert-parallel" not in arguments:
        part = shape.experts.intermediate // tensor
        assert part % 32 == 0
        if plan.image.startswith("nvcr.io/") and ":2.0." in plan.image:
            assert part % checkpoint.scale_block == 0
    if plan.settings.storage.size and (plan.settings.precision or not plan.model.nim_image):
        assert Quantity.parse(plan.settings.storage.size).value >= checkpoint.files_gb * 1e9
    if plan.settings.max_model_len:
        assert plan.settings.max_model_len <= shape.context_length
    if plan.gpu is None:
        return
    assert checkpoint.precision in (*plan.gpu.native, *plan.gpu.weight_only)
    share = 0.95 if "--gpu-memory-utilization" in arguments else 0.9
    room = plan.gpu.memory_gib * GIB * share - checkpoint.loaded / (tensor * pipeline)
    heads = 1 if shape.latent else max(1, (shape.kv_heads or 1) // tensor)
    each = 576 if shape.latent else 2 * heads * (shape.head_dim or 0)
    width = 1 if "--kv-cache-dtype=fp8" in arguments else 2
    cached = (shape.attention_layers or shape.layers) / pipeline
    length = plan.settings.max_model_len or shape.context_length
    # The mean stage has at least the room of the fullest, and the engine takes at least 1.7 GiB of it.
    assert room - 1.7 * GIB >= length * each * width * cached * 0.99


def test_more_memory_never_makes_a_plan_infeasible() -> None:
    feasible = 0

    @settings(RELAXED, max_examples=500)
    @given(
        model=st.sampled_from(MODELS),
        nodes=st.integers(1, 12),
        here=st.sampled_from([4, 8]),
        memory=st.floats(20, 300),
        more=st.floats(0, 200),
        length=st.sampled_from([None, 4096, 32768]),
    )
    def judge(model: str, nodes: int, here: int, memory: float, more: float, length: int | None) -> None:
        nonlocal feasible
        raw = {"model": model, "nodes": nodes, "gpusPerNode": here, "maxModelLen": length}
        smaller = _on_a_gpu_of(memory, raw)
        if smaller is None:
            return
        feasible += 1
        larger = _on_a_gpu_of(memory + more, raw)
        assert larger is not None
        assert smaller.memory is not None
        assert larger.memory is not None
        assert larger.memory.tokens >= smaller.memory.tokens

    judge()
    assert feasible > 100, "too few were feasible to say anything"


def _on_a_gpu_of(gib: float, raw: dict[str, Any]) -> DeploymentPlan | None:
    own: dict[str, Any] = {"name": "own", "productLabel": "OWN", "memoryGib": gib, "sources": ["mine"]}
    own["native"] = ["bf16", "fp16", "fp8", "int8", "int4", "mxfp4", "nvfp4"]
    return accepted(raw | {"gpu": "own", "catalog": {"gpus": [own]}, "storage": {"storageClass": "s"}})


def test_the_catalogue_covers_every_kind_of_attention() -> None:
    """So that the properties above are tried on each."""
    shapes = [model.architecture for model in CATALOG.models.values()]
    assert any(shape.latent for shape in shapes)
    assert any(shape.kv_heads for shape in shapes)
    assert any(shape.experts for shape in shapes)
    assert any(shape.attention_layers for shape in shapes)
