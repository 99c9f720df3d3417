"""The example stacks: each plans as its comment says, and together they show every fabric."""

import re

import pytest

from nim_stack.base.problems import RefusedError
from nim_stack.catalog.load import load_catalog
from nim_stack.cli.stack_files import read_stack_file
from nim_stack.cli.stack_plan import plan_of
from tests.examples import NAMES, STACKS, Example


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_planned_and_its_warnings_are_explained(name: str) -> None:
    """A warning that is meant stands in the comment, as `NIM030: why`; one that is not fails here."""
    example = Example(name)
    explained = set(re.findall(r"(NIM[0-9]{3}):", example.comment))
    assert {problem.rule.code for problem in example.plan.problems} == explained


@pytest.mark.parametrize("name", NAMES)
def test_an_example_says_which_keys_it_needs(name: str) -> None:
    file = read_stack_file(name, STACKS)
    assert file.keys == frozenset()
    if "ngcApiKey" in Example(name).keys:
        with pytest.raises(RefusedError) as refused:
            plan_of(file)
        assert {problem.rule.code for problem in refused.value.problems} <= {"NIM070", "NIM071"}
    else:
        plan_of(file)


def test_each_fabric_has_an_example_of_its_name() -> None:
    fabrics = load_catalog().fabrics
    found = {name: Example(name).plan.fabric for name in NAMES if name in fabrics}
    assert {name: fabric and fabric.name for name, fabric in found.items()} == {name: name for name in fabrics}


@pytest.mark.parametrize(
    ("name", "split", "path"),
    [
        pytest.param("405b-tp8-pp2", (8, 2), None, id="eight GPUs in two stages"),
        pytest.param("405b-tp16-pp1", (16, 1), None, id="sixteen GPUs in one stage"),
        pytest.param(
            "405b-model-free", (8, 2), "hf://meta-llama/Llama-3.1-405B-Instruct", id="the image without a model"
        ),
    ],
)
def test_the_examples_of_nvidias_page(name: str, split: tuple[int, int], path: str | None) -> None:
    plan = Example(name).plan
    assert (plan.nodes, plan.gpus_per_node) == (2, 8)
    assert (plan.tensor_parallel, plan.pipeline_parallel) == split
    assert plan.model_path == path


def test_each_example_is_in_the_list() -> None:
    rows = re.findall(r"^\| (`.*`) \|", (STACKS.parent / "README.md").read_text(), re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall(r"`([^`]+)`", row)) == NAMES
