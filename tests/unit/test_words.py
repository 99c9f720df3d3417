"""What diagnosis reads of the project's own programs is what they write, and they write nothing that nobody judged.

The lines come from running the programs (tests/unit/words). So a sentence that is reworded in one place and not in the
other fails here, and so does a new one that diagnosis was not taught.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nim_stack.operations.diagnosis.logs import Pattern, patterns
from tests.unit.words.said import said, writers
from tests.unit.words.stage import LastWords
from tests.unit.words.writers import WRITERS, Writer

ROOT = Path(__file__).parents[2]
OWN = ("container/", "nim_stack/manifests/programs/")
"""Where this project's programs are."""

GENERAL = {
    "exit": "every exit with an error",
    "fault": "every fault that is healed",
    "download-failed": "every download that ends with an error",
    "waits-for-leader": "every wait for the leader or the group",
}
"""Sentences that frame others: diagnosis shows what they say where it knows nothing better."""


def own() -> list[Pattern]:
    return [pattern for pattern in patterns() if pattern.sentence is not None]


def read(line: str) -> set[str]:
    """The sentences whose patterns match the line."""
    return {str(pattern.sentence) for pattern in own() if pattern.regex.search(line)}


def loud(line: str) -> bool:
    """Whether the line is a warning, an error or last words."""
    return isinstance(line, LastWords) or re.search(r"^\S+ (WARNING|ERROR) \w+: ", line) is not None


def test_every_pattern_of_an_own_program_has_a_writer_and_every_other_one_an_example() -> None:
    for pattern in patterns():
        is_own = pattern.source.startswith(OWN)
        assert is_own == (pattern.sentence is not None) == (pattern.example is None), pattern.source
    names = [pattern.sentence for pattern in own()]
    assert len(names) == len(set(names))
    assert set(names) == {writer.name for writer in writers() if not writer.unread}


def test_the_source_of_every_pattern_of_an_own_program_exists() -> None:
    for pattern in own():
        for source in pattern.source.split("; "):
            assert (ROOT / source.partition(",")[0]).exists(), source


@pytest.mark.parametrize("writer", [w for w in writers() if not w.unread], ids=lambda w: w.bring.__name__)
def test_a_sentence_is_read_as_what_it_is_and_as_nothing_else(writer: Writer) -> None:
    situations = said(writer)
    assert situations
    for lines in situations:
        assert any(writer.name in read(line) for line in lines), lines
        for line in lines:
            if writer.name in read(line) or loud(line):
                assert read(line) - GENERAL.keys() <= {writer.name}, line


def alternatives(regex: str) -> Iterator[tuple[str, str]]:
    """Each alternative between parentheses, and the regular expression without it."""
    opened: list[list[int]] = []
    in_class = False
    places = iter(range(len(regex)))
    for place in places:
        sign = regex[place]
        if sign == "\\":
            next(places)
        elif sign in "[]":
            in_class = sign == "["
        elif sign == "(" and not in_class:
            begin = re.compile(r"\((\?(P<\w+>|<?[=!:]))?").match(regex, place)
            assert begin is not None
            opened.append([begin.end()])
        elif sign == "|" and not in_class and opened:
            opened[-1].append(place + 1)
        elif sign == ")" and not in_class:
            starts = [*opened.pop(), place + 1]
            for number in range(len(starts) - 1) if len(starts) > 2 else ():
                begins, ends = starts[number], starts[number + 1] - 1
                last = number == len(starts) - 2
                cut = (begins - 1, ends) if last else (begins, ends + 1)
                yield regex[begins:ends], regex[: cut[0]] + regex[cut[1] :]


def test_alternatives_are_taken_out_one_by_one() -> None:
    assert list(alternatives("a (b|c|d) e")) == [("b", "a (c|d) e"), ("c", "a (b|d) e"), ("d", "a (b|c) e")]
    assert list(alternatives(r"(?P<x>\||[(|]) (y)")) == [(r"\|", "(?P<x>[(|]) (y)"), ("[(|]", r"(?P<x>\|) (y)")]
    assert [cut for cut, _ in alternatives("((a|b)|c)")] == ["a", "b", "(a|b)", "c"]


@pytest.mark.parametrize("pattern", own(), ids=lambda pattern: pattern.sentence)
def test_every_alternative_of_a_pattern_is_written_by_somebody(pattern: Pattern) -> None:
    of = writers() if pattern.sentence in GENERAL else WRITERS[str(pattern.sentence)]
    written = (line for writer in of for lines in said(writer) for line in lines)
    lines = [line for line in written if pattern.regex.search(line)]
    for alternative, rest in alternatives(pattern.pattern):
        assert any(not re.search(rest, line) for line in lines), f"no line needs {alternative!r}"


@pytest.mark.parametrize("writer", [w for w in writers() if w.unread], ids=lambda w: w.bring.__name__)
def test_a_sentence_that_is_deliberately_unread_is_written_and_is_not_read(writer: Writer) -> None:
    for lines in said(writer):
        found = [line for line in lines if re.search(writer.text, line)]
        assert found, lines
        assert not any(pattern.regex.search(line) for line in found for pattern in own())


def test_every_warning_error_and_last_word_is_read_or_deliberately_not() -> None:
    unread = [writer.text for writer in writers() if writer.unread]
    for writer in writers():
        for line in (line for lines in said(writer) for line in lines):
            if loud(line):
                known = any(pattern.regex.search(line) for pattern in patterns())
                assert known or any(re.search(text, line) for text in unread), f"{writer.bring.__name__}: {line}"


# Every sentence in the source


@dataclass(frozen=True)
class Sentence:
    """A text of several words in the source of the launcher, with a gap for each value that is put into it."""

    place: str
    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        return "{}".join(self.parts)

    def written(self, lines: str) -> bool:
        return re.search(".*?".join(map(re.escape, self.parts)), lines) is not None


QUIET_CALLS = ("info", "debug", "Wait", "Show", "add_argument", "EnvVar")
"""Calls whose texts are no warning, no error and no last words: log lines at the level info, health, help, meanings."""

SILENT: dict[str, str] = {
    "container/nim_serve/contract/profiles.py": "the page that list-model-profiles prints",
    "container/nim_serve/contract/variables.py": "what each variable means, for documents",
    "container/nim_serve/decide/phases.py": "what a worker is told that its leader does, shown while it waits",
    "container/nim_serve/decide/worker_phases.py": "what a leader is told that its worker does, shown while it waits",
    "container/nim_serve/vllm/middleware.py": "answers of the API port",
}
"""Files whose texts nobody logs, or only as a part of a wait, with what they are."""

NO_LINES: dict[str, str] = {
    "not ready": "an answer of the health port",
    "not live": "an answer of the health port",
    "the supervisor was late by {} s": "an answer of the health port",
    "Bearer {}": "a header of a request",
    "asked to stop": "an info line: why the leader drains",
    "{} was asked to stop": "an info line: why the leader drains",
    "a worker left": "an info line: after which the group serves again",
    "vLLM to load the model": "an info line: a wait",
    "the first token": "an info line: a wait",
}
"""Other texts that are no warning, no error and no last words, with what they are."""


def sentences() -> Iterator[Sentence]:
    for path in sorted((ROOT / "container" / "nim_serve").rglob("*.py")):
        place = str(path.relative_to(ROOT))
        if place not in SILENT:
            yield from _of_module(place, ast.parse(path.read_text()))


def _of_module(place: str, tree: ast.AST) -> Iterator[Sentence]:
    """Texts that are expressions of their own (docstrings) and those given to quiet calls are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Call) and _is_quiet(node):
            continue
        parts = _parts(node)
        if parts is not None:
            if any(re.search(r"[a-z]{2,}", part) for part in parts) and " " in "{}".join(parts).strip():
                yield Sentence(f"{place}:{getattr(node, 'lineno', 0)}", parts)
        else:
            yield from _of_module(place, node)


def _is_quiet(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    says_info = name == "_say" and isinstance(call.args[0], ast.Constant) and call.args[0].value == "info"
    return name in QUIET_CALLS or says_info


def _parts(node: ast.AST) -> tuple[str, ...] | None:
    if isinstance(node, ast.Constant):
        return (node.value,) if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    text = "".join(str(v.value).replace("\0", "") if isinstance(v, ast.Constant) else "\0" for v in node.values)
    return tuple(text.split("\0"))


def test_every_sentence_of_the_launcher_is_written_by_a_writer_or_is_none_that_is_logged() -> None:
    lines = "\n".join(line for writer in writers() for several in said(writer) for line in several)
    missing = [f"{s.place}: {s.text}" for s in sentences() if s.text not in NO_LINES and not s.written(lines)]
    assert not missing, "\n".join(missing)


def test_what_is_listed_as_no_line_is_in_the_source() -> None:
    texts = {sentence.text for sentence in sentences()}
    assert NO_LINES.keys() - texts == set()
    assert all((ROOT / place).exists() for place in SILENT)
