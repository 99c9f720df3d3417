"""Kubernetes quantities: the forms a stack may write, and their bytes."""

import re

_UNITS: dict[str, int] = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15} | {
    f"{prefix}i": 1024**power for power, prefix in enumerate("KMGTP", start=1)
}
PATTERN = r"^[1-9][0-9]*(\.[0-9]+)?([kMGTP]|[KMGTP]i)?$"


def to_bytes(quantity: str) -> float:
    """Bytes of a quantity such as `200Gi`; it has passed PATTERN."""
    found = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", quantity)
    if not found:
        raise ValueError(f"{quantity!r} is not a quantity such as 200Gi")
    return float(found[1]) * _UNITS[found[2]]


def gibibytes(size: float) -> str:
    """A quantity of whole GiB that holds at least this many bytes."""
    return f"{-int(-size // 1024**3)}Gi"


_OF_SERVERS = _UNITS | {"E": 10**18, "Ei": 1024**6, "n": 1e-9, "u": 1e-6, "m": 1e-3}


def amount(quantity: str | int | float) -> float:
    """The number behind any quantity that an API server writes, such as 8, 500m, 16Gi or 1e3."""
    found = re.fullmatch(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)", str(quantity))
    if not found or found[2] not in _OF_SERVERS:
        raise ValueError(f"{quantity!r} is not a quantity")
    return float(found[1]) * _OF_SERVERS[found[2]]
