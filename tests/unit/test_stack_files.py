"""The stack files that come with the program: sound, and free of what belongs to one user's stack."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.plan import plan_deployment

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("stack", "split"), [pytest.param("dev", (2, 1), id="dev"), pytest.param("prod", (8, 2), id="prod")]
)
def test_a_stack_file_plans_without_any_key(stack: str, split: tuple[int, int]) -> None:
    document: dict[str, Any] = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    assert document.keys() == {"config"}
    assert document["config"].keys() == {"nim-stack:nim"}
    plan = plan_deployment(document["config"]["nim-stack:nim"])
    assert (plan.tensor_parallel, plan.pipeline_parallel) == split


def test_the_entries_that_the_page_on_planning_shows_are_planned() -> None:
    page = (ROOT / "docs" / "planning.md").read_text()
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    plan = plan_deployment(yaml.safe_load(shown)["config"]["nim-stack:nim"], keys=EVERY_KEY)
    assert (plan.gpus_per_node, plan.tensor_parallel, plan.pipeline_parallel) == (4, 4, 2)
    assert plan.fabric is not None
    assert plan.fabric.resources == {"rdma/roce": "2"}
    assert plan.memory is not None
    assert plan.memory.fits
    assert plan.problems == ()


def test_the_page_on_planning_has_the_numbers_of_the_plan() -> None:
    page = (ROOT / "docs" / "planning.md").read_text()
    stack = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]
    traffic = plan_deployment(stack["nim-stack:nim"]).traffic
    assert traffic is not None
    assert f"{traffic.tensor:,} for Llama 3.1 405B" in page
    assert f"{traffic.pipeline:,}\n" in page
