"""Which value a plain word of YAML is, as Pulumi's reader has it.

Pulumi reads YAML with the Go package gopkg.in/yaml.v3 (`sdk/go/common/encoding/marshal.go` of pulumi/pulumi). The
rules here are those of its function `resolve` (`resolve.go` of v3.0.1): YAML 1.2 for truth values, so that `yes` and
`off` are text and `1:30` is no number of seconds, and YAML 1.1 for `0777`. No Python library has this mixture.
"""

import base64
import binascii
import math
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

_PREFIX = "tag:yaml.org,2002:"
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)"
    r"| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?)?",
    re.ASCII,
)


class Timestamp(str):
    """A time, told apart from other text while tags are looked at."""


_BASES = {"x": 16, "b": 2, "o": 8}
_KINDS = {"bool": bool, "int": int, "float": float, "null": type(None), "timestamp": Timestamp}


def scalar(text: str, tag: str | None, quoted: bool) -> Any:
    """The value: text, whole number, float, truth value or None. A time is text, in the form
    in which Pulumi hands it to a program (Go's `time.Time.String`).

    Args:
        text: the characters of the value, without quotes.
        tag: the tag that stands before it, in its long form; None where there is none.
        quoted: whether it stands in quotes or is a block of text.

    Raises:
        ValueError: the value is not of the kind that its tag says.
    """
    kind = tag.removeprefix(_PREFIX) if tag and tag.startswith(_PREFIX) else tag
    kind = None if kind == "!" else kind
    if kind == "binary":
        return _decoded(text)
    if kind == "str" or (kind is None and quoted) or (kind is not None and kind not in _KINDS):
        return text
    value = _resolved(text, times=kind in (None, "timestamp"))
    if kind == "float" and type(value) is int:
        return float(value)
    if kind is not None and type(value) is not _KINDS[kind]:
        raise ValueError(f"{text!r} is no {kind}")
    return str(value) if isinstance(value, Timestamp) else value


def _resolved(text: str, *, times: bool) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in ".+-0123456789":
        return text
    if times and (time := _time(text)) is not None:
        return time
    plain = text if text[0] == "." else text.replace("_", "")
    whole = _integer(plain)
    number = _float(plain) if whole is None else whole
    return text if number is None else number


def _integer(text: str) -> int | None:
    """As `strconv.ParseInt` with base 0, and `ParseUint` after it: 64 bits."""
    found = _INTEGER.fullmatch(text)
    if found is None or len(text) > 70:
        return None
    sign, digits = found.groups()
    if digits[1:2].lower() in _BASES:
        value = int(digits[2:], _BASES[digits[1].lower()])
    else:
        value = int(digits, 8 if digits.startswith("0") else 10)
    value = -value if sign == "-" else value
    return value if -(2**63) <= value < (2**63 if sign else 2**64) else None


def _float(text: str) -> float | None:
    if _FLOAT.fullmatch(text) is None:
        return None
    value = float(text)
    return None if math.isinf(value) else value


def _time(text: str) -> Timestamp | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, *parts = found.groups()
    hour, minute, second = parts[0:3] if parts[0] is not None else parts[5:8]
    fraction = ((parts[3] or parts[8]) or "")[:9].rstrip("0")
    zone = (parts[4] or "Z").replace(":", "")
    try:
        time = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    if zone != "Z" and (int(zone[1:3]) > 24 or int(zone[3:5]) > 60):  # the bounds of Go's time.Parse
        return None
    shown = "+0000 UTC" if zone[1:] in ("", "0000") else f"{zone} {zone}"
    return Timestamp(f"{time.isoformat(' ', 'seconds')}{'.' if fraction else ''}{fraction} {shown}")


def as_key(value: Any) -> str | None:
    """The text that Pulumi makes of a key of a mapping (Go's `%v`); None where the key is no word."""
    match value:
        case str():
            return str(value)
        case bool():
            return str(value).lower()
        case None:
            return "<nil>"
        case float() if 1e-4 <= abs(value) < 1e21:
            return f"{Decimal(repr(value)):f}".removesuffix(".0")
        case int() | float():
            return str(value)
    return None


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("it is not base64 of text") from None
