"""What doctor may not see is not known, rather than well."""

import pytest

from nim_stack.operations.observing.snapshot import Part
from tests.unit.test_doctor import Cluster, found
from tests.unit.test_doctor import _foreign as foreign


def test_a_namespace_that_may_not_be_read_may_enforce_anything() -> None:
    report = Cluster().unreadable("namespace").examined()
    (finding,) = report.findings["pod-security"]
    assert (finding.severity, "could not be read" in finding.why) == ("unknown", True)


@pytest.mark.parametrize(
    ("part", "words"),
    [("services", "Services"), ("deployment", "LeaderWorkerSets"), ("claims", "PersistentVolumeClaims")],
)
def test_names_of_what_may_not_be_read_may_be_taken(part: Part, words: str) -> None:
    (finding,) = Cluster().unreadable(part).examined().findings["names"]
    assert (finding.severity, words in finding.why) == ("unknown", True)


def test_a_secret_that_may_not_be_read_may_be_somebody_elses() -> None:
    it = Cluster()
    it.notes = ["secret prove-hf-token: forbidden", "secret prove-hf-token-of-another: forbidden"]
    (finding,) = it.examined().findings["names"]
    assert finding.severity == "unknown"
    assert "Secret prove-hf-token," in finding.why


def test_a_name_that_is_taken_is_said_beside_what_is_not_known() -> None:
    it = Cluster().unreadable("services")
    foreign("secrets", "prove-hf-token", keys=[])(it)
    assert found(it.examined()) == [("names", "problem"), ("names", "unknown")]
