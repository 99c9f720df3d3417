"""The matrix `lifecycle`: LWS adopted, another model, more storage, one stack fewer, while clients ask."""

from collections.abc import Callable, Iterator

import pytest

from lab.deployment import NAMESPACE, install_lws, remove_lws
from lab.observe import kubectl
from nim_stack.base.documents import Json
from tests.prove.lifecycle import lws, stacks, storage

pytestmark = [pytest.mark.cluster, pytest.mark.prove]
ROWS = {**lws.ROWS, **stacks.ROWS, **storage.ROWS}


@pytest.fixture(scope="module", autouse=True)
def installed(lab: None) -> Iterator[None]:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    install_lws()
    yield
    kubectl("delete", "storageclass", storage.FIXED, "--ignore-not-found")
    remove_lws()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_row(row: Callable[[], Json], record_property: Callable[[str, object], None]) -> None:
    record_property("measured", row())
