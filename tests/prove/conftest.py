"""Rows as pytest runs them: those that are proven are skipped, and each that has run is written down at once."""

from collections.abc import Generator

import pytest

from tests.prove.evidence import Evidence, summary
from tests.prove.matrices import MATRICES

pytest.register_assert_rewrite(*(f"tests.prove.{name}" for name in MATRICES))
EVIDENCE, COMMIT = pytest.StashKey[Evidence](), pytest.StashKey[str]()
LIMIT_SECONDS = 3600  # the longest row took 948 s on two cores


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("prove", "the long matrices (tests/prove)")
    group.addoption("--again", action="store_true", help="run the rows that are proven as well")
    group.addoption("--list", action="store_true", help="say which rows are proven, and run nothing")
    group.addoption("--release", action="store_true", help="the same, with exit code 1 unless all rows are proven")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    evidence = config.stash[EVIDENCE] = Evidence(config.rootpath)
    for item in filter(_is_row, items):
        item.add_marker(pytest.mark.timeout(LIMIT_SECONDS))
        verdict = evidence.verdict(*_names(item))
        if verdict.state == "current" and not config.getoption("again", False):
            item.add_marker(pytest.mark.skip(reason=verdict.why))
    if _lists(config):
        items.clear()


def pytest_collection_finish(session: pytest.Session) -> None:
    to_run = [item for item in session.items if _is_row(item) and not item.get_closest_marker("skip")]
    if to_run and not session.config.option.collectonly:
        try:
            session.config.stash[COMMIT] = session.config.stash[EVIDENCE].commit()
        except LookupError as trouble:
            raise pytest.UsageError(f"no row can be proven: {trouble}") from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, object, object]:
    report = yield
    if call.when == "call" and _is_row(item):
        held = {"held": True, **dict(item.user_properties)}
        found = {"held": False, "failure": call.excinfo.exconly()[-2000:]} if call.excinfo else held
        found["seconds"] = round(call.duration, 1)
        try:
            item.config.stash[EVIDENCE].write(*_names(item), item.config.stash[COMMIT], found)
        except LookupError as trouble:
            pytest.exit(f"{item.name} has run and is not written down: {trouble}", 1)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _lists(session.config):
        proven = all(verdict.state == "current" for verdict in session.config.stash[EVIDENCE].verdicts().values())
        session.exitstatus = 0 if proven or not session.config.getoption("release") else 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    verdicts = config.stash[EVIDENCE].verdicts() if EVIDENCE in config.stash else {}
    if _lists(config) or any(verdict.state != "current" for verdict in verdicts.values()):
        terminalreporter.section("rows of the long matrices that are proven (make prove)")
        for line in summary(verdicts, reasons=_lists(config)):
            terminalreporter.write_line(line, yellow=not _lists(config))


def _lists(config: pytest.Config) -> bool:
    return bool(config.getoption("list", False) or config.getoption("release", False))


def _is_row(item: pytest.Item) -> bool:
    return item.get_closest_marker("prove") is not None


def _names(item: pytest.Item) -> tuple[str, str]:
    """Of the matrix and of the row."""
    return item.path.parent.name, item.name.partition("[")[2][:-1]
