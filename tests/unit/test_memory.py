"""Memory and traffic: the shapes are vLLM's, computed here by hand."""

import pytest

from nim_stack.catalog.entries import ModelSpec
from nim_stack.catalog.load import load_catalog
from nim_stack.deployment.memory import GIB, Engine, Memory, Stage, cache_per_layer, estimate, partition
from nim_stack.deployment.traffic import ceiling, traffic

CATALOG = load_catalog()
LLAMA = CATALOG.models["llama-3.1-405b-instruct"]
DEEPSEEK = CATALOG.models["deepseek-r1"]


@pytest.mark.parametrize(
    ("layers", "stages", "counts"),
    [
        pytest.param(126, 2, [63, 63], id="126 layers in 2 equal stages"),
        pytest.param(61, 2, [31, 30], id="61 layers in 2 stages"),
        pytest.param(61, 4, [15, 15, 16, 15], id="61 layers in 4 stages"),
        pytest.param(80, 3, [27, 27, 26], id="80 layers in 3 stages"),
        pytest.param(5, 5, [1] * 5, id="5 layers in 5 stages"),
    ],
)
def test_layers_are_dealt_as_vllm_does(layers: int, stages: int, counts: list[int]) -> None:
    """What does not divide goes to the stages before the last one, which has the output embedding to hold."""
    assert partition(layers, stages) == counts


@pytest.mark.parametrize(
    ("tensor", "heads_on_a_gpu"),
    [(1, 8), (2, 4), (8, 1), (16, 1), (64, 1)],
)
def test_kv_heads_are_split_and_then_stored_more_than_once(tensor: int, heads_on_a_gpu: int) -> None:
    assert cache_per_layer(LLAMA.architecture, tensor) == 2 * heads_on_a_gpu * 128 * 2


def test_the_latent_of_mla_is_on_every_gpu() -> None:
    assert {cache_per_layer(DEEPSEEK.architecture, tensor) for tensor in (1, 8, 16)} == {576 * 2}
    assert cache_per_layer(DEEPSEEK.architecture, 8, 1) == 576


def test_the_cache_of_a_sparse_attention_has_its_index_beside_it() -> None:
    assert cache_per_layer(CATALOG.models["deepseek-v3.2"].architecture, 8) == 576 * 2 + 132


def test_layers_without_attention_have_no_cache() -> None:
    nemotron = CATALOG.models["nemotron-3-ultra-550b-a55b"]
    memory = estimate(nemotron.architecture, nemotron.checkpoints[0], 8, 2, 79 * GIB, Engine())
    assert memory.stages[0].cache_per_token == pytest.approx(6 * 2 * 1 * 128 * 2)


@pytest.mark.parametrize("model", CATALOG.models.values(), ids=lambda model: model.name)
@pytest.mark.parametrize(("tensor", "pipeline"), [(1, 1), (8, 1), (8, 2), (4, 4)])
def test_stages_hold_the_whole_model(model: ModelSpec, tensor: int, pipeline: int) -> None:
    for checkpoint in model.checkpoints:
        memory = estimate(model.architecture, checkpoint, tensor, pipeline, 79 * GIB, Engine())
        assert sum(stage.layers for stage in memory.stages) == model.architecture.layers
        assert sum(stage.weights for stage in memory.stages) * tensor == pytest.approx(checkpoint.loaded, rel=1e-6)


def test_first_and_last_stage_hold_an_embedding_each() -> None:
    first, middle, last = estimate(LLAMA.architecture, LLAMA.checkpoints[0], 8, 3, 79 * GIB, Engine()).stages
    embedding = 128256 * 16384 * 2 / 8
    assert first.weights - middle.weights == pytest.approx(embedding)
    assert last.weights - middle.weights == pytest.approx(embedding)


def test_experts_weigh_where_they_are() -> None:
    """The first three layers of DeepSeek have none, so that the first stage is the lighter one with one layer more."""
    first, second = estimate(DEEPSEEK.architecture, DEEPSEEK.checkpoints[0], 8, 2, 79 * GIB, Engine()).stages
    assert (first.layers, second.layers) == (31, 30)
    assert first.weights < second.weights


def test_the_stage_with_room_for_the_fewest_tokens_decides() -> None:
    """A sequence has a part of its cache in every stage; the fullest GPU need not be the one that decides."""
    light = Stage(layers=30, weights=60 * GIB, overhead=2 * GIB, cache_per_token=GIB / 1024)
    heavy = Stage(layers=31, weights=64 * GIB, overhead=2 * GIB, cache_per_token=GIB / 4096)
    full = Stage(layers=31, weights=69 * GIB, overhead=2 * GIB, cache_per_token=GIB / 4096)
    assert Memory((light,), budget=70 * GIB).tokens == 8 * 1024
    assert Memory((heavy,), budget=70 * GIB).tokens == 4 * 4096
    assert Memory((heavy, light), budget=70 * GIB).tokens == 8 * 1024
    assert Memory((light, full), budget=70 * GIB).tokens == 0


def test_an_eight_bit_cache_holds_twice_as_much() -> None:
    plain, small = (
        estimate(LLAMA.architecture, LLAMA.checkpoints[0], 8, 2, 79 * GIB, Engine(cache_bytes=size)) for size in (2, 1)
    )
    assert small.tokens == pytest.approx(2 * plain.tokens, abs=1)


def test_bytes_between_nodes() -> None:
    """405B: 2 all-reduces × 126 layers × 16384 × 2 bytes; between stages hidden state and residual."""
    load = traffic(LLAMA.architecture)
    assert (load.tensor, load.pipeline) == (8_257_536, 65_536)
    assert ceiling(load.tensor, CATALOG.fabrics["tcp"]) == pytest.approx(378.4, abs=0.1)
