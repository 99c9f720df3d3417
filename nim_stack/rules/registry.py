"""How a rule is written: a function that yields what it finds, under the code and the words that explain it."""

from nim_stack.base import first_rules
from nim_stack.base.problems import DOCUMENT
from nim_stack.base.registry import Registry
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.subject import Subject

SIZES = frozenset(
    f"nim.{name}"
    for name in ("nodes", "gpusPerNode", "tensorParallel", "pipelineParallel", "profile", "gpu", "fabric", "catalog")
)
MODEL = frozenset({"nim.model", "nim.precision", "nim.image", "nim.catalog"})
GPU = frozenset({"nim.gpu", "nim.catalog"})

RULES = Registry[Subject]("nim_stack.rules", page=DOCUMENT, elsewhere=first_rules.RULES)
rule = RULES.add
"""Decorator of a judge. Settings that it looks at beside the one that it names are given as `reads`."""


def split_is_known(resolved: Resolution) -> bool:
    """The condition of rules that judge TP and PP, which a profile's hash leaves open: the container alone knows."""
    return not resolved.layout.split_unknown
