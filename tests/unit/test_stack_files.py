"""The stack files that come with the program: sound, and free of what belongs to one user's stack."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack.plan import plan_deployment

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("stack", "split"), [("dev", (2, 1)), ("prod", (8, 2))])
def test_a_stack_file_plans_without_any_key(stack: str, split: tuple[int, int]) -> None:
    document: dict[str, Any] = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    assert document.keys() == {"config"}
    assert document["config"].keys() == {"nim-stack:nim"}
    plan = plan_deployment(document["config"]["nim-stack:nim"])
    assert (plan.tensor_parallel, plan.pipeline_parallel) == split
