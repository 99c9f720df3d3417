"""The matrix `surface`: storage, secrets, scale and rollout as a user sets them, each deployed and observed."""

from collections.abc import Callable, Iterator

import pytest

from lab.deployment import NAMESPACE, install_lws, remove_lws
from lab.observe import kubectl
from nim_stack.base.documents import Json
from tests.prove.surface import groups, storage

pytestmark = [pytest.mark.cluster, pytest.mark.prove]
ROWS = {**storage.ROWS, **groups.ROWS}


@pytest.fixture(scope="module", autouse=True)
def lws(lab: None) -> Iterator[None]:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    install_lws()
    yield
    remove_lws()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_row(row: Callable[[], Json], record_property: Callable[[str, object], None]) -> None:
    record_property("measured", row())
