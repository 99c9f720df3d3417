"""Objects that are not as Kubernetes has them: nothing in them ends a policy with an error."""

from collections.abc import Iterator
from typing import Any

import pytest
from nim_policy import weights
from nim_policy.objects import Resource
from nim_policy.pods import LWS_NAME_LABEL
from nim_policy.policies import POLICIES, Described
from nim_policy.values import UNKNOWN, NotKnownError, items, mapping, read, whole_number

from tests.unit.policy.seen import group, of, seen

CONFIG: dict[str, dict[str, Any]] = {
    "gpu-budget": {"stack": 1, "includeSurge": True},
    "allowed-models": {"models": ["x"]},
    "allowed-images": {"images": ["x"]},
    "pinned-images": {"require": "digest"},
}
Place = tuple[str | int, ...]


def places(value: Any, path: Place = ()) -> list[Place]:
    """Paths of a value and of everything below it."""
    children: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, child in children for found in places(child, (*path, key)))]


def exchanged(value: Any, path: Place, new: Any) -> Any:
    """The same value with another one at a path."""
    if not path:
        return new
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = exchanged(value[path[0]], path[1:], new)
    return copied


VOLUMES = [{"name": "v", "image": {"reference": "y:1"}}, {"name": "c", "persistentVolumeClaim": {"claimName": "c"}}]
ENV = [{"name": "NIM_MODEL_PATH", "value": "hf://a/b"}, {"name": "NIM_TENSOR_PARALLEL_SIZE", "value": "16"}]
FULL = group(
    container={
        "env": [{"name": "NIM_MODEL_PATH", "value": "hf://a/b"}, {"name": "NIM_TENSOR_PARALLEL_SIZE", "value": "16"}]
    },
    pod={
        "initContainers": [{"name": "first", "image": "x:1", "resources": {"limits": {"nvidia.com/gpu": 1}}}],
        "volumes": VOLUMES,
        "resourceClaims": [{"name": "r"}],
    },
    spec={"rolloutStrategy": {"rollingUpdateConfiguration": {"maxSurge": 1}}},
)
BACKEND = {"backend": {"service": {"name": "nim"}}}
AROUND = [
    of("Service", "v1", {"type": "NodePort", "selector": {LWS_NAME_LABEL: "nim"}}),
    of("Ingress", "networking.k8s.io/v1", {"rules": [{"http": {"paths": [BACKEND]}}]}),
    of(
        "NetworkPolicy",
        "networking.k8s.io/v1",
        {
            "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["nim"]}]},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}],
        },
    ),
    of(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        {"scaleTargetRef": {"kind": "LeaderWorkerSet", "name": "nim"}, "maxReplicas": 3},
    ),
    of("PersistentVolumeClaim", "v1", {}, name="c", annotations={weights.ADOPTED: "true"}),
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models", "annotations": {weights.ADOPTED: "true"}}},
]
"""Objects on which the policies depend; every one of them is kept or violated by a value in it."""
VALUES: list[Any] = [UNKNOWN, None, "text", 1.5, 16.0, True, [], {}, [None], ["text"]]


def variants() -> Iterator[tuple[str, list[list[Resource]]]]:
    """For each value of each object: the stack with other values in its place, the unknown one first."""
    objects = [seen(manifest) for manifest in (FULL, *AROUND)]
    for number, whole in enumerate(objects):
        for path in places(dict(whole.props))[1:]:
            changed = [Resource(whole.type, whole.urn, exchanged(dict(whole.props), path, new)) for new in VALUES]
            name = f"{whole.kind} {'.'.join(map(str, path))}"
            yield name, [[*objects[:number], one, *objects[number + 1 :]] for one in (*changed, whole)]


def judged(policy: Described, stack: list[Resource]) -> tuple[int, int]:
    """How many violations, and how many values that were not judged."""
    config = CONFIG.get(policy.name, {})
    judged_ones: list[Any] = [stack] if policy.of_stack else list(stack)
    verdicts = [policy.judge(one, config) for one in judged_ones]
    return sum(len(verdict.violations) for verdict in verdicts), sum(len(verdict.not_judged) for verdict in verdicts)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_a_value_that_is_not_known_is_said_or_is_of_no_account(policy: Described) -> None:
    """Whatever the value turns out to be, no violation comes or goes of which the preview did not say that it was open.
    Values that Kubernetes does not have there end no policy with an error."""
    silent = []
    for name, (unknown, *others) in variants():
        violations, left_open = judged(policy, unknown)
        for other in others:
            if not left_open and judged(policy, other)[0] != violations:
                silent.append(name)
    assert silent == []


def test_a_value_is_read_as_far_as_it_is_there() -> None:
    value = {"a": [{"b": 1.0}], "hidden": UNKNOWN}
    assert read(value, "a", 0, "b") == 1
    assert (read(value, "a", 1, "b"), read(value, "a", "x"), read(value, "a", 0, "b", "c")) == (None, None, None)
    assert (items(value, "a", 0), mapping(value, "a")) == ([], {})
    with pytest.raises(NotKnownError, match=r"^hidden is not known before the update$"):
        read(value, "hidden", "x")
    with pytest.raises(NotKnownError, match=r"^a.0 is not known"):
        items({"a": [UNKNOWN]}, "a")


@pytest.mark.parametrize(("value", "number"), [("8", 8), (8.0, 8), (8, 8)])
def test_a_count_is_a_number_or_a_text(value: Any, number: int) -> None:
    assert whole_number(value, "x") == number


@pytest.mark.parametrize(
    "value",
    ["1k", "1.5", 1.5, None, "", [], "inf", "nan"],
    ids=repr,
)
def test_what_is_no_count_is_not_known(value: Any) -> None:
    with pytest.raises(NotKnownError, match=r"^x is "):
        whole_number(value, "x")
