"""Fields of Kubernetes' types that hold a quantity, and what is wrong with one."""

from collections.abc import Mapping
from typing import Any

from nim_stack.base.quantity import Quantity

POSITIVE = "more than 0"
_LEAST = "0 or more"

SIGNS: Mapping[str, str] = {
    "EmptyDirVolumeSource.sizeLimit": _LEAST,
    "HPAScalingRules.tolerance": _LEAST,
    "MetricTarget.averageValue": POSITIVE,
    "MetricTarget.value": POSITIVE,
    "ResourceFieldSelector.divisor": _LEAST,
}
"""Fields that hold a quantity, and which of them are possible."""


def complaint(quantity: Any, possible: str = _LEAST) -> str | None:
    """What is wrong with a quantity, or None when nothing is."""
    try:
        number = Quantity.parse(quantity).value
    except ValueError as wrong:
        return str(wrong)
    if number < 0 or (number == 0 and possible == POSITIVE):
        return f"{quantity!r} is out of range, {possible} is possible"
    return None
