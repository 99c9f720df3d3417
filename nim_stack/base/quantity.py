"""Quantities of Kubernetes, such as 2, 500m or 16Gi: one grammar, one value, one canonical text.

The grammar and the values are those of resource.Quantity (k8s.io/apimachinery v0.37.1, pkg/api/resource/quantity.go).
Two kinds of text that its parser takes are refused here:

- a text without a digit, such as "Gi" or "-", which the parser reads as 0. The grammar in its documentation asks for
  a digit, and so does the pattern of every quantity in LeaderWorkerSet's CRD;
- an exponent of more than three digits. The parser keeps 32 bits of an exponent and writes all digits of the number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_UP, Context, Decimal
from typing import Final, Literal

PATTERN: Final = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?"
"""Every quantity, as a regular expression for a whole text."""
SETTING_PATTERN: Final = r"^[1-9][0-9]*(\.[0-9]+)?([kMGTP]|[KMGTP]i)?$"
"""The quantities that a setting of a size takes: 1 or more, without exponent, at most of peta or pebi."""
_QUANTITY: Final = re.compile(PATTERN)
_DECIMAL: Final[Mapping[str, int]] = {unit: 3 * power for power, unit in enumerate(("n", "u", "m", "", *"kMGTPE"), -3)}
"""Power of ten by suffix."""
_BINARY: Final[Mapping[str, int]] = {f"{unit}i": power for power, unit in enumerate("KMGTPE", start=1)}
"""Power of 1024 by suffix."""
_LEAST: Final = Decimal("1e-9")
_MOST_BINARY: Final = Decimal(2**63 - 1)
_EXPONENT_DIGITS: Final = 1000
"""No exponent moves the decimal point by more places."""


@dataclass(frozen=True, order=True)
class Quantity:
    """An amount of a resource. Two quantities are equal when their values are: 1024Mi is 1Gi."""

    value: Decimal
    """In the resource's own unit: bytes, processors, devices. It has at most nine decimal places."""
    form: Literal["decimal", "binary", "exponent"] = field(default="decimal", compare=False)
    """Suffix in which the canonical text is written: k, Ki or e3."""

    @classmethod
    def parse(cls, text: str | int | float) -> "Quantity":
        """The quantity that a manifest or an API server writes as text, or as a number.

        As in Kubernetes a value is rounded away from zero to a billionth, and one with a binary suffix is at most
        2^63 - 1. Upper and lower case differ: 1E is 10^18, 1E3 and 1e3 are 1000, 1K and 1e are no quantities.

        Raises:
            ValueError: it is no quantity.
        """
        found = None if isinstance(text, bool) else _QUANTITY.fullmatch(str(text))
        if found is None:
            raise ValueError(f"{text!r} is not a quantity such as 2, 500m or 16Gi")
        suffix = found[3] or ""
        number = Decimal(found[0].removesuffix(suffix))
        exact = _exact(number)
        if suffix in _BINARY:
            value = exact.multiply(number, Decimal(1024 ** _BINARY[suffix]))
            value = max(-_MOST_BINARY, min(value, _MOST_BINARY))
            return cls(_rounded(value, exact), "binary")
        if suffix in _DECIMAL:
            return cls(_rounded(exact.scaleb(number, _DECIMAL[suffix]), exact))
        return cls(_rounded(exact.scaleb(number, int(suffix[1:])), exact), "exponent")

    @property
    def bytes(self) -> int:
        """Whole bytes that hold the value, for a quantity of memory or storage: 0.5 bytes are 1."""
        return int(self.value.to_integral_value(ROUND_UP, _exact(self.value)))

    def is_multiple_of(self, unit: "Quantity") -> bool:
        """Whether the quantity is a whole number of units; of a unit of 0 nothing is."""
        return bool(unit.value) and not _exact(self.value).remainder(self.value, unit.value)

    def __str__(self) -> str:
        """The canonical text of Kubernetes: no digit behind a point, and the largest suffix with which that is so.

        A quantity that was written with a binary suffix keeps such a suffix, unless it is below 1Ki or not whole.
        """
        if self.form == "binary" and abs(self.value) >= 1024 and self.value == self.value.to_integral_value():
            whole, power = int(self.value), 0
            while whole % 1024 == 0 and power < len(_BINARY):
                whole, power = whole // 1024, power + 1
            return f"{whole}{['', *_BINARY][power]}"
        exact = _exact(self.value)
        shortest = self.value.normalize(exact)
        power = int(shortest.as_tuple().exponent) // 3 * 3
        if self.form != "exponent":
            power = min(power, _DECIMAL["E"])
        number = format(exact.scaleb(shortest, -power), "f") if shortest else "0"
        if not shortest or power == 0:
            return number
        return f"{number}e{power}" if self.form == "exponent" else number + list(_DECIMAL)[power // 3 + 3]


def gibibytes(size: float) -> str:
    """A quantity of whole GiB that holds at least this many bytes."""
    return f"{-int(-size // 1024**3)}Gi"


def _exact(number: Decimal) -> Context:
    """Arithmetic that keeps every digit of a number, whatever the suffix."""
    return Context(prec=len(number.as_tuple().digits) + 2 * _EXPONENT_DIGITS, rounding=ROUND_UP)


def _rounded(value: Decimal, exact: Context) -> Decimal:
    if int(value.as_tuple().exponent) >= -9:
        return value
    return value.quantize(_LEAST, ROUND_UP, exact)
