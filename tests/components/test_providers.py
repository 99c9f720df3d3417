"""Every component uses the Kubernetes provider of its caller, and a NimStack its own only where there is none."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_stack import (
    LiveService,
    LwsOperator,
    ModelAccess,
    ModelCache,
    ModelDownload,
    MultiNodeNim,
    NgcSecrets,
    connect,
)
from nim_stack.components.nim_stack import NimStack, NimStackArgs
from nim_stack.settings import Cluster
from tests.components.recorder import Recording, deploy, is_secret, reveal
from tests.components.test_nim_stack import SETTINGS
from tests.unit.release_fixture import MANIFEST

CONTENT = "apiVersion: v1\nkind: Config\n"
EXISTING = SETTINGS | {"storage": {"existingClaim": "weights"}}
PLACE: Any = {"settings": EXISTING, "namespace": "models"}


def mine() -> k8s.Provider:
    return k8s.Provider("mine", kubeconfig=CONTENT)


def in_a_component(make: Callable[[pulumi.ResourceOptions], object], opts: pulumi.ResourceOptions) -> object:
    parent = pulumi.ComponentResource("acme:index:Platform", "platform", {}, opts)
    return make(pulumi.ResourceOptions(parent=parent))


GIVING = [
    pytest.param(lambda make: make(pulumi.ResourceOptions(provider=mine())), id="provider"),
    pytest.param(lambda make: make(pulumi.ResourceOptions(providers=[mine()])), id="a list of providers"),
    pytest.param(
        lambda make: make(pulumi.ResourceOptions(providers={"kubernetes": mine()})), id="a mapping of providers"
    ),
    pytest.param(
        lambda make: in_a_component(make, pulumi.ResourceOptions(providers=[mine()])), id="the provider of a parent"
    ),
]


def providers(recording: Recording) -> set[str]:
    """Names of the providers of the Kubernetes objects; an empty name is Pulumi's default provider."""
    made = [name for name, request in recording.requests.items() if request.type.startswith("kubernetes:")]
    assert made
    return {recording.provider(name) if recording.requests[name].provider else "" for name in made}


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    (tmp_path / "manifests.yaml").write_text(MANIFEST)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return {"manifest": str(tmp_path / "manifests.yaml"), "sha256": hashlib.sha256(MANIFEST.encode()).hexdigest()}


@pytest.mark.parametrize("give", GIVING)
def test_a_stack_uses_the_provider_of_its_caller_for_every_object(give: Any, release: dict[str, Any]) -> None:
    """It made two of its own from KUBECONFIG instead, and deployed there without a word."""
    settings = SETTINGS | {
        "lws": {"mode": "install", **release},
        "download": {"job": True},
        "networkPolicy": {},
        "disruptionBudget": {"maxUnavailable": 1},
        "replicas": 2,
    }
    args: NimStackArgs = {"settings": settings, "ngc_api_key": "nvapi-x", "hf_token": "hf_x"}
    recording = deploy(lambda: give(lambda opts: NimStack("nim", args, opts)))
    assert providers(recording) == {"mine"}
    assert recording.names_of("kubernetes") == ["mine"]


@pytest.mark.parametrize("give", GIVING)
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda opts: MultiNodeNim("x", PLACE, opts), id="MultiNodeNim"),
        pytest.param(lambda opts: ModelDownload("x", PLACE, opts), id="ModelDownload"),
        pytest.param(lambda opts: ModelAccess("x", PLACE, opts), id="ModelAccess"),
        pytest.param(
            lambda opts: ModelCache("x", {"deployment": "nim", "namespace": "m", "storage_class": "s"}, opts),
            id="ModelCache",
        ),
        pytest.param(
            lambda opts: NgcSecrets("x", {"deployment": "nim", "namespace": "m", "ngc_api_key": "k"}, opts),
            id="NgcSecrets",
        ),
    ],
)
def test_a_component_uses_the_provider_of_its_caller(give: Any, make: Any) -> None:
    assert providers(deploy(lambda: give(make))) == {"mine"}


@pytest.mark.parametrize("give", GIVING)
def test_the_operator_uses_the_provider_of_its_caller(give: Any, release: dict[str, Any]) -> None:
    assert providers(deploy(lambda: give(lambda opts: LwsOperator("lws", {**release}, opts)))) == {"mine"}  # type: ignore[typeddict-item]


def test_a_provider_of_another_package_is_none_for_a_stack() -> None:
    class Cloud(pulumi.ProviderResource):
        def __init__(self) -> None:
            super().__init__("aws", "cloud", {})

    recording = deploy(lambda: NimStack("nim", {"settings": SETTINGS}, pulumi.ResourceOptions(provider=Cloud())))
    assert providers(recording) == {"nim-cluster", "nim-cluster-adopting"}


def live(opts: pulumi.ResourceOptions | None, cluster: dict[str, Any]) -> Recording:
    def program() -> None:
        served = NimStack("blue", {"settings": SETTINGS | {"cluster": cluster}})
        LiveService("live", {"name": "chat", "deployments": {"blue": served.server}, "live": "blue"}, opts)

    return deploy(program)


def test_a_live_service_follows_its_deployment_to_the_cluster_that_the_settings_name() -> None:
    """It went to the cluster of the environment, where the pods are not."""
    assert live(None, {"context": "prod"}).provider("live-service") == "blue-cluster"
    assert live(None, {}).requests["live-service"].provider == ""


KUBECONFIG_ARGUMENT = [
    pytest.param("/home/me/kubeconfig", False, id="a path"),
    pytest.param(CONTENT, True, id="content"),
    pytest.param('{"kind": "Config"}', True, id="content as JSON"),
]


@pytest.mark.parametrize(("kubeconfig", "secret"), KUBECONFIG_ARGUMENT)
def test_a_stack_makes_its_providers_from_the_kubeconfig_that_it_is_given(kubeconfig: str, secret: bool) -> None:
    recording = deploy(lambda: NimStack("nim", {"settings": SETTINGS, "kubeconfig": kubeconfig}))
    for provider in ("nim-cluster", "nim-cluster-adopting"):
        told = recording.inputs(provider)["kubeconfig"]
        assert (reveal(told), is_secret(told)) == (kubeconfig, secret)


def test_a_context_of_the_settings_is_one_of_the_kubeconfig_that_is_given() -> None:
    args: NimStackArgs = {"settings": SETTINGS | {"cluster": {"context": "prod"}}, "kubeconfig": CONTENT}
    assert deploy(lambda: NimStack("nim", args)).inputs("nim-cluster")["context"] == "prod"


def with_provider(args: dict[str, Any], settings: dict[str, Any] | None = None) -> Recording:
    def program() -> None:
        given: Any = {"settings": SETTINGS | (settings or {}), **{key: make() for key, make in args.items()}}
        NimStack("nim", given, pulumi.ResourceOptions(provider=mine()))

    return deploy(program)


def test_what_is_retained_is_taken_over_by_a_provider_of_the_same_kubeconfig() -> None:
    recording = with_provider({"kubeconfig": lambda: CONTENT})
    assert recording.provider("nim-server-group") == "mine"
    assert {recording.provider(name) for name in ("nim-cache-claim", "nim-namespace")} == {"nim-cluster-adopting"}
    assert reveal(recording.inputs("nim-cluster-adopting")["kubeconfig"]) == CONTENT


def test_what_is_retained_is_taken_over_by_the_adopting_provider_of_the_caller() -> None:
    recording = with_provider({"adopting_provider": lambda: k8s.Provider("taking", upsert_existing_objects=True)})
    assert {recording.provider(name) for name in ("nim-cache-claim", "nim-namespace")} == {"taking"}
    assert recording.names_of("kubernetes") == ["mine", "taking"]


def test_a_provider_of_connect_brings_the_one_that_takes_over() -> None:
    def program() -> None:
        cluster = connect("shared", kubeconfig=CONTENT)
        NimStack("nim", {"settings": SETTINGS}, pulumi.ResourceOptions(provider=cluster.creating))

    recording = deploy(program)
    assert recording.provider("nim-server-group") == "shared-cluster"
    assert recording.provider("nim-cache-claim") == "shared-cluster-adopting"


WARNING = (
    "NimStack nim: `pulumi destroy` leaves the claim and the namespace in the cluster, and the provider of the program "
    "cannot take them over: a `pulumi up` after that fails with `already exists`. Give the argument kubeconfig, or "
    "adopting_provider."
)


def test_without_it_what_is_retained_is_made_and_the_next_taking_over_is_warned_of() -> None:
    recording = with_provider({})
    assert recording.requests["nim-cache-claim"].retainOnDelete
    assert WARNING in recording.log
    assert WARNING not in with_provider({}, {"storage": {"storageClass": "s", "retain": False}}).log


@pytest.mark.parametrize(
    ("resource", "what"),
    [
        pytest.param("nim-cache-claim", "The claim nim-model-cache is there already", id="the claim"),
        pytest.param("nim-namespace", "The namespace nim is there already", id="the namespace"),
    ],
)
def test_a_name_that_is_taken_is_explained(resource: str, what: str) -> None:
    hook = with_provider({}).error_hooks[f"{resource}-taken"]
    answers: list[Any] = []

    def program() -> None:
        for error, operation in (
            ("it already exists", "create"),
            ("a timeout", "create"),
            ("already exists", "update"),
        ):
            args = pulumi.ErrorHookArgs("urn", "", resource, "t", errors=[error], failed_operation=operation)
            answers.append(hook.callback(args))

    (said,) = [line for line in deploy(program).log if "adopting_provider" in line]
    assert said.startswith(what)
    assert answers == [False] * 3


def test_a_stack_that_can_take_over_has_no_such_hook() -> None:
    hooks = deploy(lambda: NimStack("nim", {"settings": SETTINGS})).error_hooks
    assert hooks
    assert not [name for name in hooks if name.endswith("-taken")]


def test_taking_over_an_lws_is_refused_where_nothing_can(release: dict[str, Any]) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        with_provider({}, {"lws": {"mode": "install", "retain": True, **release}})
    assert str(refused.value) == (
        "NimStack nim: nim.lws.retain takes over the LWS that is there, and the provider of the program creates "
        "objects only. Give the argument kubeconfig, or adopting_provider, or set nim.lws.retain to false."
    )


OTHER = "names a cluster, and so does the Kubernetes provider of the program"


@pytest.mark.parametrize(
    ("program", "why"),
    [
        pytest.param(
            lambda: with_provider({}, {"cluster": {"kubeconfig": "/else"}}),
            f"NimStack nim: nim.cluster.kubeconfig = '/else' {OTHER}",
            id="a provider and a kubeconfig in the settings",
        ),
        pytest.param(
            lambda: with_provider({}, {"cluster": {"context": "prod"}}),
            f"NimStack nim: nim.cluster.context = 'prod' {OTHER}",
            id="a provider and a context in the settings",
        ),
        pytest.param(
            lambda: deploy(
                lambda: NimStack(
                    "nim", {"settings": SETTINGS | {"cluster": {"kubeconfig": "/else"}}, "kubeconfig": CONTENT}
                )
            ),
            "connect nim: the argument kubeconfig and nim.cluster.kubeconfig = '/else' both name a kubeconfig",
            id="a kubeconfig and another in the settings",
        ),
        pytest.param(
            lambda: deploy(
                lambda: NimStack("nim", {"settings": SETTINGS, "adopting_provider": k8s.Provider("taking")})
            ),
            "NimStack nim: adopting_provider is given, and no provider for the other objects",
            id="an adopting provider alone",
        ),
        pytest.param(
            lambda: deploy(
                lambda: NimStack(
                    "nim",
                    {"settings": SETTINGS, "kubeconfig": CONTENT},
                    pulumi.ResourceOptions(provider=connect("c").creating),
                )
            ),
            "NimStack nim: kubeconfig is given, and the provider was made by connect, which knows its kubeconfig",
            id="a provider that knows its kubeconfig and another kubeconfig",
        ),
        pytest.param(
            lambda: deploy(lambda: MultiNodeNim("x", PLACE | {"settings": EXISTING | {"cluster": {"context": "p"}}})),
            "MultiNodeNim x: nim.cluster.context names a cluster, and the component has no provider",
            id="a cluster in the settings of a part that would go to the default one",
        ),
        pytest.param(
            lambda: deploy(lambda: MultiNodeNim("x", PLACE | {"kubeconfig": CONTENT})),
            "MultiNodeNim x: the argument kubeconfig names a cluster, and the component has no provider",
            id="a kubeconfig for a part that would go to the default cluster",
        ),
    ],
)
def test_two_that_name_a_cluster_are_refused(program: Any, why: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        program()
    assert str(refused.value).startswith(why)
    assert "\n" not in str(refused.value)


def test_the_cluster_from_which_connect_made_the_provider_is_no_contradiction() -> None:
    def program() -> None:
        provider = connect("c", Cluster(context="prod")).creating
        settings = SETTINGS | {"cluster": {"context": "prod"}}
        NimStack("nim", {"settings": settings}, pulumi.ResourceOptions(provider=provider))

    assert providers(deploy(program)) == {"c-cluster", "c-cluster-adopting"}


@pytest.mark.parametrize(
    ("kubeconfig", "what"),
    [
        pytest.param("", "empty", id="an empty text"),
        pytest.param({"kind": "Config"}, "a dict and no text", id="a mapping"),
    ],
)
def test_a_kubeconfig_that_is_none_is_refused(kubeconfig: Any, what: str) -> None:
    """A provider would take an empty one for none, and go to the cluster of the environment."""
    for later in (False, True):

        def program(later: bool = later) -> None:
            value: Any = pulumi.Output.from_input(kubeconfig) if later else kubeconfig
            NimStack("nim", {"settings": SETTINGS, "kubeconfig": value})

        with pytest.raises(pulumi.RunError, match=f"connect nim: kubeconfig is {what}"):
            deploy(program)


def test_connect_says_what_it_takes() -> None:
    """It ended in an AttributeError."""
    with pytest.raises(pulumi.RunError) as refused:
        deploy(lambda: connect("c", "foo"))  # type: ignore[arg-type]
    assert str(refused.value) == (
        "connect c: cluster is a str. It is the cluster of settings that have been read (nim_stack.settings.Cluster); "
        "the content or path of a kubeconfig is the argument kubeconfig."
    )
