"""What the program says of words, numbers, names and fields together is what the API server says: every sample is asked
about as a dry run."""

import json
from collections.abc import Iterator

import pytest

from lab.deployment import apply
from lab.dry_run import dry_run
from lab.observe import kubectl
from tests.kubernetes_samples import Sample, samples

pytestmark = pytest.mark.cluster

SPACE = "validation"
_NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": SPACE, "labels": {"pod-security.kubernetes.io/enforce": "privileged"}},
}


@pytest.fixture(scope="module")
def refusals(lab: None) -> Iterator[list[tuple[Sample, str]]]:
    """Every sample with what the API server refuses it with, or an empty text."""
    asked = samples()
    manifests = [sample.manifest for sample in asked]
    for manifest in manifests:
        manifest["metadata"]["namespace"] = SPACE
    try:
        apply(_NAMESPACE)
        kubectl("wait", "--for=create", "--timeout=30s", "serviceaccount/default", "-n", SPACE)
        verdicts = dry_run(manifests)
        yield [(sample, verdict.refusal) for sample, verdict in zip(asked, verdicts, strict=True)]
    finally:
        kubectl("delete", "--ignore-not-found", "-f", "-", stdin=json.dumps(_NAMESPACE))


def test_what_is_taken_here_is_taken_there(refusals: list[tuple[Sample, str]]) -> None:
    wrong = [(sample, refusal) for sample, refusal in refusals if sample.taken and not sample.later and refusal]
    assert [f"{sample.kind} {sample.value}: {refusal}" for sample, refusal in wrong] == []


def test_what_is_refused_here_is_refused_there(refusals: list[tuple[Sample, str]]) -> None:
    """But for what the kubelet refuses, and what this version of Kubernetes does not know."""
    wrong = [sample for sample, refusal in refusals if not (sample.taken or sample.later or sample.looser or refusal)]
    assert [f"{sample.kind} {sample.value}" for sample in wrong] == []
