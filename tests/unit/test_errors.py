"""The tree of errors: everything that the package raises on purpose hangs on one class, and the page of it is true."""

import importlib
import pkgutil
import re
from collections.abc import Callable

import pytest

import nim_stack
from nim_stack.base import errors
from nim_stack.base.errors import InputError, NimStackError, UnreadableError
from nim_stack.base.problems import RefusedError
from nim_stack.catalog.load import CatalogError
from nim_stack.cli import main as command
from nim_stack.lws.manifest import ReleaseError
from nim_stack.operations.cluster.errors import CannotReadError, ClusterUnreachableError
from nim_stack.operations.recovering.engine import StackHeldError

_IN_PODS = "nim_stack.manifests.programs."
"""Programs that run inside pods, where there is no package nim_stack."""


def raised() -> dict[str, type[Exception]]:
    """Every class of exceptions that the package defines, by its name."""
    for module in pkgutil.walk_packages(nim_stack.__path__, "nim_stack."):
        if not module.name.endswith("__main__") and not module.name.startswith(_IN_PODS):
            importlib.import_module(module.name)
    found, wait = {}, [Exception]
    while wait:
        for kind in wait.pop().__subclasses__():
            wait.append(kind)
            if kind.__module__.startswith("nim_stack.") and not kind.__module__.startswith(_IN_PODS):
                found[kind.__name__] = kind
    return found


def test_every_error_hangs_on_the_one_at_the_top() -> None:
    assert [name for name, kind in raised().items() if not issubclass(kind, NimStackError)] == []


def test_the_tree_that_the_module_draws_is_the_tree_that_there_is() -> None:
    drawn: dict[str, tuple[str | None, str | None]] = {}
    above: list[str] = []
    for indent, name, home in re.findall(r"^(    +)(\w+Error)(?: +([\w.]+): .*| .*)?$", errors.__doc__ or "", re.M):
        depth = len(indent) // 4 - 1
        above[depth:] = [name]
        drawn[name] = (above[depth - 1] if depth else None, f"nim_stack.{home}" if home else "nim_stack.base.errors")
    there = {
        name: (
            next((base.__name__ for base in kind.__bases__ if issubclass(base, NimStackError)), None),
            kind.__module__,
        )
        for name, kind in raised().items()
    }
    assert drawn == there


def test_errors_of_values_are_still_value_errors() -> None:
    """Callers of `plan_deployment` and `load_catalog` may catch ValueError."""
    assert all(issubclass(kind, ValueError) for kind in (RefusedError, CatalogError, ReleaseError, InputError))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RefusedError([]), 1),
        (UnreadableError("x"), 2),
        (CatalogError("x"), 2),
        (ReleaseError("x"), 2),
        (ClusterUnreachableError("x"), 2),
        (CannotReadError("x"), 2),
        (StackHeldError("x"), 2),
        (NimStackError("x"), 2),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_command_ends_by_any_of_them_with_its_words_and_its_exit_code(
    error: NimStackError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> int:
        raise error

    _every_command(monkeypatch, fails)
    assert command.main(["gpus"]) == code
    assert capsys.readouterr().err == f"{error}\n"


def _every_command(monkeypatch: pytest.MonkeyPatch, run: Callable[..., int]) -> None:
    parsed = command._parser

    def parser() -> object:
        class Parser:
            def parse_args(self, arguments: list[str]) -> object:
                given = parsed().parse_args(arguments)
                given.run = run
                return given

        return Parser()

    monkeypatch.setattr(command, "_parser", parser)
