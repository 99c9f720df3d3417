"""Two deployments in one program: each has its own objects, or the program is refused."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_stack import MultiNodeNim
from nim_stack.components.nim_stack import NimStack
from tests.components.recorder import Recording, deploy
from tests.components.test_nim_stack import SETTINGS
from tests.components.urns import registering

ON_THE_NODE: dict[str, Any] = {"pods": {"hostNetwork": True}}


def two(first: dict[str, Any], second: dict[str, Any], *, apart: bool = False) -> Recording:
    """NimStacks a and b; apart, each has a provider of its own."""

    def program() -> None:
        for name, settings in (("a", first), ("b", second)):
            opts = pulumi.ResourceOptions(provider=k8s.Provider(f"of-{name}")) if apart else None
            NimStack(name, {"settings": SETTINGS | settings}, opts)

    return deploy(program)


def test_one_deployment_name_in_two_namespaces_has_two_claims_in_the_state() -> None:
    """The URN of the claim had the deployment's name alone, and the engine refused the second one as a duplicate."""
    with registering() as found:
        two({"namespace": "one"}, {"namespace": "two"})
    claims = {urn for urn in found.providers() if "PersistentVolumeClaim" in urn}
    kind = "nim-stack:index:NimStack$nim-stack:index:ModelCache$kubernetes:core/v1:PersistentVolumeClaim"
    assert claims == {f"{kind}::a-cache-claim", f"{kind}::b-cache-claim"}
    assert {found.aliases()[urn] for urn in claims} == {f"{kind}::nim-model-cache"}


def test_hooks_of_two_stacks_have_different_names() -> None:
    """The engine knows a hook by its name, in the whole program."""
    recording = two({"namespace": "one"}, {"namespace": "two"})
    assert len(recording.hooks) == len(set(recording.hooks)) == 6


def test_one_deployment_name_twice_in_a_namespace_is_refused() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        two({}, {})
    assert str(refused.value) == (
        "NimStack b: NimStack a of this program deploys 'nim' to the namespace 'nim' as well. Give the two another "
        "nim.name or another nim.namespace."
    )


def test_the_same_is_refused_for_the_component_alone() -> None:
    def program() -> None:
        for name in ("x", "y"):
            settings = SETTINGS | {"storage": {"existingClaim": "c"}}
            MultiNodeNim(name, {"settings": settings, "namespace": "models"})

    with pytest.raises(pulumi.RunError, match="MultiNodeNim y: MultiNodeNim x of this program deploys 'nim' to the"):
        deploy(program)


def test_a_stack_and_a_component_of_one_name_are_refused() -> None:
    def program() -> None:
        NimStack("a", {"settings": SETTINGS})
        MultiNodeNim("x", {"settings": SETTINGS | {"storage": {"existingClaim": "c"}}, "namespace": "nim"})

    with pytest.raises(pulumi.RunError, match="MultiNodeNim x: NimStack a of this program deploys 'nim' to the"):
        deploy(program)


def test_a_stack_whose_settings_name_the_namespace_is_one_deployment() -> None:
    deploy(lambda: NimStack("a", {"settings": SETTINGS | {"namespace": "nim"}}))


def test_one_name_and_namespace_in_two_clusters_are_two_deployments() -> None:
    assert len(two({}, {}, apart=True).names_of("LeaderWorkerSet")) == 2
    assert len(two({}, {"cluster": {"context": "other"}}).names_of("LeaderWorkerSet")) == 2


def test_the_next_program_of_the_same_process_begins_anew() -> None:
    for _ in range(2):
        deploy(lambda: NimStack("a", {"settings": SETTINGS}))


NAMED: dict[str, Any] = {"name": "other"}
GIVEN: dict[str, Any] = {"createNamespace": False}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({}, NAMED | ON_THE_NODE, id="the second loosens"),
        pytest.param(ON_THE_NODE, NAMED, id="the second tightens"),
        pytest.param({}, NAMED | ON_THE_NODE | GIVEN, id="the first refuses the pods of the second"),
        pytest.param(ON_THE_NODE | GIVEN, NAMED, id="the second refuses the pods of the first"),
    ],
)
def test_two_security_levels_in_one_namespace_are_refused(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Whoever ran `up` last decided, and the pods of the other were refused at their next restart."""
    with pytest.raises(pulumi.RunError, match="b: the pods need the pod security level") as refused:
        two(first, second)
    level = "'privileged', and those of NimStack a 'restricted'"
    turned = "'restricted', and those of NimStack a 'privileged'"
    assert level in str(refused.value) or turned in str(refused.value)
    assert "in the namespace 'nim' of this program" in str(refused.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({}, NAMED, id="the same level"),
        pytest.param(GIVEN, NAMED | ON_THE_NODE | GIVEN, id="a namespace that somebody else made"),
        pytest.param(ON_THE_NODE, NAMED | GIVEN, id="strict pods in a namespace that is looser"),
        pytest.param({}, NAMED | ON_THE_NODE | {"namespace": "two"}, id="two namespaces"),
    ],
)
def test_levels_that_do_no_harm_pass(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert len(two(first, second).names_of("LeaderWorkerSet")) == 2
