"""The form of the golden files: what it says, and that the whole comes back from it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_stack.manifests.render import to_yaml
from tests.unit.golden_diff import applied, written

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 9),
    st.sampled_from(["", "a", "1", "1e3", "on", "a: b", "- a", "two\nlines\n", " blank ", "+ a, first: b", "in a:"]),
)
KEYS = st.sampled_from(["a", "b", "name", "spec", "nvidia.com/gpu", "leaderTemplate", "workerTemplate", "containers"])
NAMED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["nim", "logs", "a.b"])}, optional={"value": SCALARS}), max_size=3
)
VALUES = st.recursive(
    st.one_of(SCALARS, NAMED),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.tuples(KEYS, inner), max_size=4, unique_by=lambda one: one[0]).map(dict),
    ),
    max_leaves=12,
)
MANIFESTS = st.lists(
    st.builds(lambda kind, spec: {"kind": kind, "spec": spec}, st.sampled_from(["Service", "Job"]), VALUES), max_size=3
)


@given(MANIFESTS, MANIFESTS)
@settings(max_examples=100, deadline=None)
def test_the_whole_comes_back(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """To the byte, the order of keys and entries included."""
    assert to_yaml(applied(before, written(before, after))) == to_yaml(after)


def service(**spec: Any) -> list[dict[str, Any]]:
    return [{"kind": "Service", "spec": spec}]


def group(**roles: Any) -> list[dict[str, Any]]:
    return [{"kind": "LeaderWorkerSet", "leaderTemplate": roles["leader"], "workerTemplate": roles["worker"]}]


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        pytest.param(service(a=1), service(a=1), "", id="nothing differs"),
        pytest.param(service(a=1), service(a=2), "in Service:\n  ~ spec.a: 2\n", id="another value"),
        pytest.param(service(a=1, b=2), service(b=2), "in Service:\n  - spec.a\n", id="a key that is gone"),
        pytest.param(
            service(a=1, b=2),
            service(a=1, c=3, b=2),
            "in Service:\n  + spec.c, after a: 3\n",
            id="a key between others",
        ),
        pytest.param(
            service(a=1, b=2),
            service(b=2, a=1),
            "in Service:\n  - spec.b\n  + spec.b, first: 2\n",
            id="keys in another order",
        ),
        pytest.param(service(a=1), [], "- Service\n", id="an object that is gone"),
        pytest.param(
            [],
            [*service(a=1), *service(a=2)],
            "+ Service, first: {kind: Service, spec: {a: 1}}\n"
            "+ Service#2, after Service: {kind: Service, spec: {a: 2}}\n",
            id="two objects of one kind",
        ),
        pytest.param(
            service(limits={"nvidia.com/gpu": 1, "cpu": 2}),
            service(limits={"nvidia.com/gpu": 8, "cpu": 2}),
            "in Service:\n  ~ spec.limits[nvidia.com/gpu]: 8\n",
            id="a key with a dot",
        ),
        pytest.param(
            service(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]),
            service(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
            "in Service:\n  ~ spec.env.B.value: '2'\n",
            id="an entry of a list by its name",
        ),
        pytest.param(
            group(leader={"a": 1}, worker={"a": 1}),
            group(leader={"a": 2}, worker={"a": 2}),
            "in LeaderWorkerSet:\n  ~ {leader,worker}Template.a: 2\n",
            id="the same for both roles",
        ),
        pytest.param(
            group(leader={"a": 1}, worker={"a": 1}),
            group(leader={"a": 1, "b": 2, "c": 3}, worker={"a": 1, "c": 3}),
            "in LeaderWorkerSet:\n  + leaderTemplate.b, after a: 2\n  + leaderTemplate.c, after b: 3\n"
            "  + workerTemplate.c, after a: 3\n",
            id="a key of both roles that follows another one in each",
        ),
    ],
)
def test_what_a_reviewer_reads(before: list[dict[str, Any]], after: list[dict[str, Any]], text: str) -> None:
    assert written(before, after) == text
    assert to_yaml(applied(before, text)) == to_yaml(after)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("? spec.a: 1\n", "no known form: \\? spec.a: 1", id="a line with another sign"),
        pytest.param("+ spec.a, before b: 1\n", "no known form", id="another word for the place"),
        pytest.param("~ Service.spec.b.c: 1\n", "b", id="a place that is not there"),
        pytest.param("~ Service.spec.a.b: 1\n", "nothing is inside of 1", id="a place inside of a number"),
        pytest.param("+ Service.spec.c, after b: 1\n", "'b' is not in list", id="a sibling that is not there"),
    ],
)
def test_a_text_that_cannot_be_applied_is_refused(text: str, why: str) -> None:
    with pytest.raises((ValueError, KeyError), match=why):
        applied(service(a=1), text)
