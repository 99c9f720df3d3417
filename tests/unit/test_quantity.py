"""Quantities against what Kubernetes makes of each text.

Each row was made by Kubernetes itself: a Go program read the texts with resource.ParseQuantity of k8s.io/apimachinery
v0.37.1 and printed CanonicalizeBytes, which is the canonical text, and Value, which is the value in whole units.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nim_stack.base.quantity import PATTERN, Quantity, gibibytes

ACCEPTED: list[tuple[str, str, int]] = [
    ("0", "0", 0),
    ("+1", "1", 1),
    ("-1", "-1", -1),
    ("-0", "0", 0),
    ("+0", "0", 0),
    ("00", "0", 0),
    ("007", "7", 7),
    ("1.", "1", 1),
    ("5.", "5", 5),
    (".5", "500m", 1),
    ("+.5", "500m", 1),
    ("-.5", "-500m", -1),
    (".5Gi", "512Mi", 536870912),
    ("5.Gi", "5Gi", 5368709120),
    ("0.5Gi", "512Mi", 536870912),
    ("1.5Gi", "1536Mi", 1610612736),
    ("1.5", "1500m", 2),
    ("0.1", "100m", 1),
    ("0.25Gi", "256Mi", 268435456),
    ("100.5", "100500m", 101),
    ("1n", "1n", 1),
    ("1u", "1u", 1),
    ("1m", "1m", 1),
    ("1k", "1k", 1000),
    ("1Ki", "1Ki", 1024),
    ("1M", "1M", 1000000),
    ("1Mi", "1Mi", 1048576),
    ("1G", "1G", 1000000000),
    ("1Gi", "1Gi", 1073741824),
    ("1T", "1T", 1000000000000),
    ("1Ti", "1Ti", 1099511627776),
    ("1P", "1P", 1000000000000000),
    ("1Pi", "1Pi", 1125899906842624),
    ("1E", "1E", 1000000000000000000),
    ("1Ei", "1Ei", 1152921504606846976),
    ("1e3", "1e3", 1000),
    ("1E3", "1e3", 1000),
    ("1e+3", "1e3", 1000),
    ("1E+3", "1e3", 1000),
    ("1e-3", "1e-3", 1),
    ("1E-3", "1e-3", 1),
    ("1e03", "1e3", 1000),
    ("1e0", "1", 1),
    ("1e18", "1e18", 1000000000000000000),
    ("1e-10", "1e-9", 1),
    ("1e-99", "1e-9", 1),
    ("1.0e3", "1e3", 1000),
    ("1.5e3", "1500", 1500),
    ("1.5E", "1500P", 1500000000000000000),
    ("9223372036854775807", "9223372036854775807", 9223372036854775807),
    ("9223372036854775807Ki", "9223372036854775807", 9223372036854775807),
    ("8Ei", "9223372036854775807", 9223372036854775807),
    ("7Ei", "7Ei", 8070450532247928832),
    ("8E", "8E", 8000000000000000000),
    ("9007199254740993", "9007199254740993", 9007199254740993),
    ("0.0000000001", "1n", 1),
    ("0.1n", "1n", 1),
    ("0.5n", "1n", 1),
    ("1.0000000001", "1000000001n", 2),
    ("1.0000000001Gi", "1073741824107374183n", 1073741825),
    ("0.1m", "100u", 1),
    ("1500m", "1500m", 2),
    ("0.001m", "1u", 1),
    ("1024", "1024", 1024),
    ("1024Ki", "1Mi", 1048576),
    ("1536Mi", "1536Mi", 1610612736),
    ("1.1Gi", "1181116006400m", 1181116007),
    ("0.9Gi", "966367641600m", 966367642),
    ("1000", "1k", 1000),
    ("1000m", "1", 1),
    ("1000k", "1M", 1000000),
    ("1000Ki", "1000Ki", 1024000),
    ("2048", "2048", 2048),
    ("1000000", "1M", 1000000),
    ("1000000000", "1G", 1000000000),
    ("1100", "1100", 1100),
    ("1200k", "1200k", 1200000),
    ("100000m", "100", 100),
    ("0.3", "300m", 1),
    ("0.30000000000000004", "300000001n", 1),
    ("-1.5Gi", "-1536Mi", -1610612736),
    ("-0.5", "-500m", -1),
    ("-1Ki", "-1Ki", -1024),
    ("-1e3", "-1e3", -1000),
    ("1.5Ki", "1536", 1536),
    ("0.5Ki", "512", 512),
    ("1023", "1023", 1023),
    ("1024Mi", "1Gi", 1073741824),
    ("1.000", "1", 1),
    ("1.50", "1500m", 2),
    ("12e6", "12e6", 12000000),
    ("1000e3", "1e6", 1000000),
    ("1.5e2", "150", 150),
    ("1e1", "10", 10),
    ("123e1", "1230", 1230),
    ("1e2", "100", 100),
    ("0e3", "0", 0),
    ("0Gi", "0", 0),
    ("0m", "0", 0),
    ("1048576Ki", "1Gi", 1073741824),
    ("512Mi", "512Mi", 536870912),
    ("1e-9", "1e-9", 1),
    ("5e-10", "1e-9", 1),
    ("3e-4", "300e-6", 1),
    ("16.5Gi", "16896Mi", 17716740096),
    ("0.0005Gi", "536870912m", 536871),
    ("0.0009765625Ki", "1", 1),
    ("0.00001Ki", "10240u", 1),
    ("-8Ei", "-9223372036854775807", -9223372036854775807),
    ("-9Ei", "-9223372036854775807", -9223372036854775807),
    ("100Pi", "100Pi", 112589990684262400),
    ("8191Pi", "8191Pi", 9222246136947933184),
    ("1.5Ei", "1536Pi", 1729382256910270464),
    (".9n", "1n", 1),
    ("-1n", "-1n", -1),
    ("123.456Mi", "129452998656m", 129452999),
    ("1100Ki", "1100Ki", 1126400),
    ("-1024", "-1024", -1024),
    ("-1024Ki", "-1Mi", -1048576),
    ("0.00000000001Ki", "11n", 1),
]
"""Text, canonical text, value rounded up to whole units."""
REFUSED = [
    "+-1",
    "--1",
    "1.2.3",
    "1..",
    "1K",
    "1ki",
    "1mi",
    "1g",
    "1ei",
    "1Z",
    "1Zi",
    "1Y",
    "1µ",
    "1ui",
    "1ni",
    "1kM",
    "1GiB",
    "1GB",
    "1B",
    "1i",
    "1e+",
    "1E+",
    "1e3k",
    "1e5Gi",
    "1e1.5",
    "1ee3",
    "1Ee3",
    "1e3e3",
    "1k3",
    "1m3",
    "1Gi3",
    "1E3i",
    " 1",
    "1 ",
    "1 Gi",
    "\t1",
    "1\n",
    "1_000",
    "1,000",
    "1,5",
    "0x10",
    "0b1",
    "NaN",
    "nan",
    "inf",
    "Infinity",
    "-inf",
    "one",
    "true",
    "1d",
    "1f",
    "１",
    "٣",
    "1٣",
    "1Ｇi",
    "²",
]
WITHOUT_A_DIGIT = ["+", "-", ".", "-.", "e3", "E", "Gi", "m"]
LONG_EXPONENTS = ["1e9999", "1e0003", "1e1000", "1e2147483648"]
HUGE = [
    ("9223372036854775808", "9223372036854775808", 2**63),
    ("10E", "10E", 10**19),
    ("99999999999999999999", "99999999999999999999", 10**20 - 1),
    ("123456789012345678901234567890", "123456789012345678901234567890", 123456789012345678901234567890),
    ("1e20", "100e18", 10**20),
    ("999e999", "999e999", 999 * 10**999),
    ("1001e997", "10010e996", 1001 * 10**997),
]
"""Likewise; Value of Kubernetes is of 64 bits, and the value here is the number itself."""
CAPPED = ["8Ei", "16Ei", "1000Ei", "8192Pi", "9223372036854775807Ki"]


@pytest.mark.parametrize(("text", "canonical", "whole"), ACCEPTED + HUGE, ids=[row[0] for row in ACCEPTED + HUGE])
def test_a_quantity_is_what_kubernetes_reads(text: str, canonical: str, whole: int) -> None:
    found = Quantity.parse(text)
    assert str(found) == canonical
    assert found.bytes == whole
    assert Quantity.parse(canonical) == found


@pytest.mark.parametrize("text", REFUSED, ids=repr)
def test_what_kubernetes_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity such as 2, 500m or 16Gi") as refused:
        Quantity.parse(text)
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize("text", WITHOUT_A_DIGIT + LONG_EXPONENTS)
def test_what_only_the_parser_of_kubernetes_takes_is_refused(text: str) -> None:
    """Kubernetes' parser reads the first kind as 0, and for the last text it does not end."""
    with pytest.raises(ValueError, match="is not a quantity"):
        Quantity.parse(text)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("text", CAPPED)
def test_a_binary_suffix_ends_at_63_bits(text: str, sign: int) -> None:
    assert Quantity.parse(text if sign > 0 else f"-{text}").value == sign * Decimal(2**63 - 1)


def test_there_is_no_suffix_above_exa() -> None:
    """CanonicalizeBytes writes "1" for these, which is another quantity."""
    assert str(Quantity.parse("1000E")) == "1000E"
    assert str(Quantity.parse("5000000E")) == "5000000E"


@pytest.mark.parametrize(
    ("number", "value"), [(3, "3"), (0.25, "0.25"), (1e22, "1e22"), (1e-7, "1e-7"), (-1, "-1"), (10**30, "1e30")]
)
def test_a_number_is_a_quantity(number: float, value: str) -> None:
    assert Quantity.parse(number).value == Decimal(value)


@pytest.mark.parametrize("odd", [True, False, None, [], {}, float("nan"), float("inf")], ids=repr)
def test_what_is_neither_text_nor_number_is_refused(odd: object) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        Quantity.parse(odd)  # type: ignore[arg-type]


def test_exa_kilo_and_exponents_are_told_apart() -> None:
    found = [Quantity.parse(text) for text in ("1E", "1e0", "1Ei", "1k", "1Ki", "1E3", "1e3")]
    assert [one.value for one in found] == [10**18, 1, 1024**6, 1000, 1024, 1000, 1000]


def test_quantities_are_compared_by_value() -> None:
    assert Quantity.parse("1024Mi") == Quantity.parse("1Gi") == Quantity.parse("1073741824")
    assert len({Quantity.parse(text) for text in ("1k", "1000", "1e3", "1000000m")}) == 1
    assert Quantity.parse("1G") < Quantity.parse("1Gi") <= Quantity.parse("1Gi") < Quantity.parse("1E")
    assert Quantity.parse("9007199254740992") < Quantity.parse("9007199254740993")


def test_whole_gibibytes_hold_the_bytes() -> None:
    assert [gibibytes(size) for size in (0, 1, 1024**3, 1024**3 + 1, 812.5e9)] == ["0Gi", "1Gi", "1Gi", "2Gi", "757Gi"]


@given(st.from_regex(rf"\A(?:{PATTERN})\Z"))
def test_the_canonical_text_is_the_same_quantity(text: str) -> None:
    found = Quantity.parse(text)
    assert Quantity.parse(str(found)) == found
    assert str(Quantity.parse(str(found))) == str(found)
