"""Weights retained: by nim_stack's mark, by protection, or not judged."""

from typing import Any

import pytest
from nim_policy.objects import Resource
from nim_policy.weights import ADOPTED, weights_retained

from tests.unit.policy.seen import group, of, open_texts, seen, stack, texts, unknown

MOUNTED = {"volumes": [{"name": "cache", "persistentVolumeClaim": {"claimName": "weights"}}]}


def claim(**metadata: Any) -> dict[str, Any]:
    return of("PersistentVolumeClaim", "v1", {}, name="weights", **metadata)


def retained() -> list[Resource]:
    return [item for item in stack("example-tcp") if item.kind in ("Namespace", "PersistentVolumeClaim")]


def test_a_claim_of_nim_stack_without_the_mark_goes_with_the_stack() -> None:
    (said,) = texts(weights_retained([seen(claim())], {}))
    assert said == (
        "PersistentVolumeClaim weights holds the weights and is deleted with the stack, so that they have to be "
        "downloaded again. Set nim.storage.retain to true."
    )
    assert texts(weights_retained([seen(claim(), protect=True)], {})) == []
    assert texts(weights_retained([seen(claim(annotations={ADOPTED: "true"}))], {})) == []


def test_a_namespace_that_goes_takes_the_claim_along() -> None:
    space, kept = retained()
    assert texts(weights_retained([space, kept], {})) == []
    props = {**space.props, "metadata": {**space.props["metadata"], "annotations": {}}}
    going = Resource(space.type, space.urn, props)
    (said,) = weights_retained([going, kept], {}).violations
    assert said.urn == space.urn
    assert "is deleted with the stack, and PersistentVolumeClaim" in said.text
    assert texts(weights_retained([Resource(space.type, space.urn, props, protect=True), kept], {})) == []


@pytest.mark.parametrize(
    ("objects", "open_ones"),
    [
        ([seen(claim(), parents="")], 0),
        ([seen(claim(), parents=""), seen(group(pod=MOUNTED))], 1),
        ([seen(claim(), parents="", protect=True), seen(group(pod=MOUNTED))], 0),
        ([seen(claim(annotations={ADOPTED: "true"}), parents=""), seen(group(pod=MOUNTED))], 0),
    ],
    ids=["mounted by no group", "mounted", "protected", "marked"],
)
def test_a_claim_of_another_program_is_judged_as_far_as_it_can_be(objects: list[Resource], open_ones: int) -> None:
    verdict = weights_retained(objects, {})
    assert texts(verdict) == []
    assert len(open_texts(verdict)) == open_ones


def test_what_is_not_known_is_said() -> None:
    hidden = unknown(seen(claim(annotations={})), "metadata", "annotations")
    assert "metadata.annotations is not known" in open_texts(weights_retained([hidden], {}))[0]
    verdict = weights_retained([unknown(seen(group(pod=MOUNTED)), "spec")], {})
    assert open_texts(verdict) == [
        "Which claims LeaderWorkerSet nim mounts is not known: spec is not known before the update."
    ]
