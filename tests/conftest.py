"""What tests of the lab share: the one lab of this machine, brought up once for a session."""

import pytest


@pytest.fixture(scope="session")
def lab() -> None:
    """The lab, up. Tests that need it carry the marker `cluster`."""
    from lab import cluster

    cluster.up()
