"""What the writers bring the programs to say, run once."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nim_stack.operations.diagnosis.logs import Pattern
from tests.unit.words import engine, group, model, programs, settings
from tests.unit.words.stage import Stage
from tests.unit.words.writers import WRITERS, Lines, Writer

MODULES = (engine, group, model, programs, settings)
"""Imported for the writers that they register."""


def writers() -> list[Writer]:
    """Every writer, also those of sentences that diagnosis deliberately does not read."""
    return [writer for several in WRITERS.values() for writer in several]


def run_once(act: Callable[[Stage], Lines]) -> Lines:
    """The lines of one situation, on a stage of its own."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        return act(Stage(Path(folder), patch))


@cache
def said(writer: Writer) -> tuple[Lines, ...]:
    """The lines of each situation of a writer."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        return tuple(writer.bring(Stage(Path(folder), patch)))


def situations(pattern: Pattern) -> list[Lines]:
    """Lines in which the pattern's sentence is: written by the program, or the example of somebody else's."""
    if pattern.sentence is None:
        return [[str(pattern.example)]]
    return [lines for writer in WRITERS[pattern.sentence] for lines in said(writer)]
