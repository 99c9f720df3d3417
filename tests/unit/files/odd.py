"""Odd stack files of a project `team-llm`, and what Pulumi 3.259 makes of them.

tests/cluster/test_odd_stack_files.py asks the command `pulumi` itself for each of them.
"""

from dataclasses import dataclass
from typing import Any

PROJECT = "name: team-llm\nruntime: python\n"


@dataclass(frozen=True)
class Odd:
    """A stack file."""

    what: str
    content: bytes
    settings: Any = None
    """What stands under `team-llm:nim` for its program, where the file is accepted."""
    refused: str | None = None
    """What this package says, where Pulumi refuses the file."""


def body(yaml: str) -> bytes:
    """A stack file with this under the key of the settings."""
    return ("config:\n  team-llm:nim:\n" + "".join(f"    {line}\n" for line in yaml.splitlines())).encode()


_TEXT = body("nodes: 2").decode()
ODD = (
    Odd(
        "a key that is there twice",
        body("nodes: 2\nnodes: 4"),
        refused=":4:5: the key nodes is there twice, first in line 3",
    ),
    Odd("a key that is there twice, once in quotes", body("nodes: 2\n'nodes': 4"), refused=":4:5: the key nodes"),
    Odd("config that is there twice", b"config: {}\nconfig: {}\n", refused=":2:1: the key config is there twice"),
    Odd("a time of YAML 1.1", body("loadMinutes: 1:30"), {"loadMinutes": "1:30"}),
    Odd(
        "truth values of YAML 1.1",
        body("a: yes\nb: on\nc: Off\nd: y\ne: TRUE\nf: tRue"),
        {"a": "yes", "b": "on", "c": "Off", "d": "y", "e": True, "f": "tRue"},
    ),
    Odd(
        "whole numbers",
        body("a: 010\nb: 0o10\nc: 0x1F\nd: 1_000\ne: 09\nf: +5\ng: -0b11\nh: 1__0\ni: 0b\nj: 0x"),
        {"a": 8, "b": 8, "c": 31, "d": 1000, "e": 9, "f": 5, "g": -3, "h": 10, "i": "0b", "j": "0x"},
    ),
    Odd(
        "floats",
        body("a: 1e3\nb: .5\nc: 1.0\nd: 1e400\ne: 08.5\nf: 1.\ng: .\nh: 1_0.5\ni: +.5"),
        {"a": 1000, "b": 0.5, "c": 1, "d": "1e400", "e": 8.5, "f": 1, "g": ".", "h": 10.5, "i": 0.5},
    ),
    Odd(
        "times",
        body(
            "a: 2024-01-01\nb: 2001-12-14t21:59:43.10-05:00\nc: 2024-13-01\nd: '2024-01-01'\n"
            "e: 2024-01-01T00:00:00+00:00\nf: 2024-02-30\ng: 2024-1-1T1:2:3Z"
        ),
        {
            "a": "2024-01-01 00:00:00 +0000 UTC",
            "b": "2001-12-14 21:59:43.1 -0500 -0500",
            "c": "2024-13-01",
            "d": "2024-01-01",
            "e": "2024-01-01 00:00:00 +0000 UTC",
            "f": "2024-02-30",
            "g": "2024-01-01 01:02:03 +0000 UTC",
        },
    ),
    Odd("no number", body("a: .nan"), refused=":3:8: Pulumi takes neither NaN nor infinity"),
    Odd("infinity in a list", body("a: [.inf]"), refused=":3:9: Pulumi takes neither NaN nor infinity"),
    Odd("nothing", body("a: ~\nb: null\nc:\nd: Null"), {"a": None, "b": None, "c": None, "d": None}),
    Odd(
        "tags",
        body("a: !!int '5'\nb: !foo x\nc: !!binary aGk=\nd: !!str 5\ne: ! 5\nf: !!python/object:os.system x"),
        {"a": 5, "b": "x", "c": "hi", "d": "5", "e": 5, "f": "x"},
    ),
    Odd("a tag that does not fit", body("a: !!bool yes"), refused=":3:8: the value does not fit its tag"),
    Odd(
        "keys that are no text",
        body("a: {1: x}\nb: {true: x}\nc: {~: x}\nd: {yes: x}\ne: {1.5: x}"),
        {"a": {"1": "x"}, "b": {"true": "x"}, "c": {"<nil>": "x"}, "d": {"yes": "x"}, "e": {"1.5": "x"}},
    ),
    Odd("a list as a key", body("? [a]\n: b"), refused=":3:7: a key is in braces or brackets"),
    Odd(
        "merge keys",
        body("x: &a {b: 1, c: 2}\ny: {<<: *a, b: 3}\nz: {b: 4, '<<': *a}\nw: {<<: [*a, {d: 5, b: 6}]}"),
        {"x": {"b": 1, "c": 2}, "y": {"b": 3, "c": 2}, "z": {"b": 4, "c": 2}, "w": {"b": 1, "c": 2, "d": 5}},
    ),
    Odd("a merge key with a number", body("x: &a 1\ny: {<<: *a}"), refused=":4:13: the key << needs a mapping"),
    Odd("two merge keys", body("x: &a {b: 1}\ny:\n  <<: *a\n  <<: *a"), refused=":6:7: the key << is there twice"),
    Odd("an alias as a key", body("x: &a k\ny: {*a : 1}"), {"x": "k", "y": {"k": 1}}),
    Odd("an anchor that has itself in it", body("x: &a [*a]"), refused=":3:12: the value of the anchor &a has itself"),
    Odd("an anchor that is not there", body("x: *q"), refused=":3:8: there is no anchor &q"),
    Odd("UTF-16, as PowerShell writes it", _TEXT.encode("utf-16"), {"nodes": 2}),
    Odd("UTF-16 with the high byte first", b"\xfe\xff" + _TEXT.encode("utf-16-be"), {"nodes": 2}),
    Odd("UTF-8 with a byte order mark", b"\xef\xbb\xbf" + body("nodes: 2"), {"nodes": 2}),
    Odd("lines that end as on Windows", body("nodes: 2").replace(b"\n", b"\r\n"), {"nodes": 2}),
    Odd(
        "Latin-1",
        body("a: \xe9").decode().encode("latin-1"),
        refused="is not UTF-8 text, nor UTF-16 with a byte order mark (line 3",
    ),
    Odd("bytes that are no text", b"\x00\x01\x02\x03", refused="it has the character NUL"),
    Odd("a control character", body("a: \x07"), refused="control characters are not allowed"),
    Odd("a tab", b"config:\n\tteam-llm:nim: {}\n", refused=":2:1: it is not YAML"),
    Odd("a colon too many", body("a: b: c"), refused=":3:9: it is not YAML"),
    Odd("a version of YAML", b"%YAML 1.2\n---\n" + body("a: yes"), refused="Pulumi reads YAML 1.1 alone"),
    Odd("two documents", body("a: 1") + b"---\nb: [\n", {"a": 1}),
    Odd("an empty file", b""),
    Odd("a comment alone", b"# nothing\n"),
    Odd("a list", b"- a\n", refused=":1:1: it is not a mapping"),
    Odd("config without a value", b"config:\n"),
    Odd("a list as config", b"config: [1]\n", refused=":1:1: config is not a mapping"),
    Odd("a key without its project", b"config:\n  nim: {nodes: 2}\n", {"nodes": 2}),
    Odd("a key in its old form", b"config:\n  team-llm:config:nim: {nodes: 2}\n", {"nodes": 2}),
    Odd("a key with too many colons", b"config:\n  a:b:c: 1\n", refused=":2:3: a:b:c is no key of a configuration"),
    Odd("a number as a key of config", b"config:\n  5: 1\n", refused=":2:3: 5 is no key of a configuration"),
    Odd("settings as JSON in a text", b"config:\n  team-llm:nim: '{\"nodes\": 2}'\n", {"nodes": 2}),
    Odd("a block of text", body("a: |\n  1\nb: >-\n  yes"), {"a": "1\n", "b": "yes"}),
)
