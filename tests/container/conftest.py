"""Shared by the tests of nim_serve: the logger of the launcher is after each test as it was before."""

from collections.abc import Iterator

import pytest
from nim_serve.system.logs import LOGGER


@pytest.fixture(autouse=True)
def _logger() -> Iterator[None]:
    """What one test configures would write into the captured output of that test, which is closed by then."""
    handlers, level, propagates = list(LOGGER.handlers), LOGGER.level, LOGGER.propagate
    yield
    LOGGER.handlers[:], LOGGER.propagate = handlers, propagates
    LOGGER.setLevel(level)
