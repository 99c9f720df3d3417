"""Kubernetes quantities, as the API server reads them: a number or a text, with a sign, a fraction and a unit.

(k8s.io/apimachinery v0.37.1, pkg/api/resource)
"""

import re
from collections.abc import Mapping
from decimal import Decimal

PATTERN = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?"
_UNITS: Mapping[str, Decimal] = (
    {"": Decimal(1)}
    | {unit: Decimal(10) ** (3 * power) for power, unit in enumerate("num", start=-3)}
    | {unit: Decimal(10) ** (3 * power) for power, unit in enumerate("kMGTPE", start=1)}
    | {f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)}
)
_QUANTITY = re.compile(PATTERN)
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


def parsed(quantity: object) -> Decimal | None:
    """The number behind a quantity, or none when it is not one."""
    if isinstance(quantity, bool) or not isinstance(quantity, str | int | float):
        return None
    found = _QUANTITY.fullmatch(str(quantity))
    if found is None:
        return None
    text, unit = str(quantity), found[3] or ""
    if unit not in _UNITS:
        return Decimal(text)
    return Decimal(text.removesuffix(unit)) * _UNITS[unit]


def complaint(quantity: object, possible: str = _LEAST) -> str | None:
    """What is wrong with a quantity, if something is."""
    number = parsed(quantity)
    if number is None:
        return f"{quantity!r} is not a quantity such as 2, 500m or 16Gi"
    if number < 0 or (number == 0 and possible == POSITIVE):
        return f"{quantity!r} is out of range, {possible} is possible"
    return None
