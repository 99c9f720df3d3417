"""Arguments that contradict each other, or that a component does not have: one line that says which and what to do."""

from typing import Any

import pulumi
import pytest

from nim_stack import ModelAccess, ModelCache, MultiNodeNim, NgcSecrets
from nim_stack.components.nim_stack import NimStack
from tests.components.recorder import deploy
from tests.components.test_nim_stack import SETTINGS

EXISTING = SETTINGS | {"storage": {"existingClaim": "one"}}
PLACE: Any = {"settings": EXISTING, "namespace": "models"}
LATER = pulumi.Output.from_input
LICENSED = {**EXISTING, "image": "nvcr.io/nim/nvidia/model-free-nim:2.0.2"}
KEYS = [pytest.param("ngc_api_key", id="the NGC key"), pytest.param("hf_token", id="the hub's token")]


def refusal(program: Any) -> str:
    with pytest.raises(pulumi.RunError) as refused:
        deploy(program)
    return str(refused.value)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(
            lambda: NimStack("a", {"setings": SETTINGS}),  # type: ignore[typeddict-unknown-key]
            "NimStack a: there is no argument 'setings'. Did you mean settings? The arguments are adopting_provider, "
            "hf_token, kubeconfig, ngc_api_key, plan, settings.",
            id="a spelling error, which ended in a KeyError",
        ),
        pytest.param(
            lambda: NimStack("a", {"settings": SETTINGS, "ngcApiKey": "nvapi-x"}),  # type: ignore[typeddict-unknown-key]
            "NimStack a: there is no argument 'ngcApiKey'. Did you mean ngc_api_key? The arguments are "
            "adopting_provider, hf_token, kubeconfig, ngc_api_key, plan, settings.",
            id="the spelling of the configuration, whose value is not shown",
        ),
        pytest.param(
            lambda: MultiNodeNim("x", PLACE | {"cacheclaim": "two"}),
            "MultiNodeNim x: there is no argument 'cacheclaim'. Did you mean cache_claim? The arguments are "
            "api_secret, cache_claim, hf_secret, keys_digest, kubeconfig, namespace, plan, pull_secrets, settings.",
            id="a spelling error, which was dropped",
        ),
        pytest.param(
            lambda: ModelAccess("x", {"settings": EXISTING}),  # type: ignore[typeddict-item]
            "ModelAccess x: the argument namespace is required.",
            id="a missing namespace",
        ),
        pytest.param(
            lambda: ModelCache("x", {"deployment": "nim", "storage_class": "s"}),  # type: ignore[typeddict-item]
            "ModelCache x: the argument namespace is required.",
            id="a missing namespace of a cache, which ended in a KeyError",
        ),
        pytest.param(
            lambda: NimStack("a", SETTINGS["model"]),
            "NimStack a: the arguments are a str. They are a mapping with adopting_provider, hf_token, kubeconfig, "
            "ngc_api_key, plan, settings.",
            id="no mapping",
        ),
        pytest.param(
            lambda: NimStack("a", {"settings": SETTINGS | {"env": [{"name": "A", "value": LATER("x")}]}}),
            "NimStack a: nim.env.0.value is a pulumi.Output, whose value may be known only later. It is a plain value, "
            "since a preview shows what follows from it. Write the value itself, or read it from the stack's "
            "configuration.",
            id="an Output in the settings, which ended in an error of the serializer",
        ),
        pytest.param(
            lambda: ModelCache("x", {"deployment": "nim", "namespace": "m", "storage_class": LATER("s")}),  # type: ignore[typeddict-item]
            "ModelCache x: args.storage_class is a pulumi.Output, whose value may be known only later. It is a plain "
            "value, since a preview shows what follows from it. Write the value itself, or read it from the stack's "
            "configuration.",
            id="an Output as a storage class, whose address was shown",
        ),
        pytest.param(
            lambda: MultiNodeNim("x", PLACE | {"cache_claim": "two"}),
            "MultiNodeNim x: nim.storage.existingClaim = 'one' and cache_claim = 'two' name two claims. Leave one out, "
            "or give both the same name.",
            id="two claims, of which the second was mounted",
        ),
        pytest.param(
            lambda: MultiNodeNim("x", PLACE | {"cache_claim": LATER("two")}),
            "MultiNodeNim x: nim.storage.existingClaim = 'one' and cache_claim = 'two' name two claims. Leave one out, "
            "or give both the same name.",
            id="two claims, of which one is an Output",
        ),
        pytest.param(
            lambda: MultiNodeNim("x", PLACE | {"settings": EXISTING | {"namespace": "aaa"}}),
            "MultiNodeNim x: nim.namespace = 'aaa' and namespace = 'models' name two namespaces. Leave nim.namespace "
            "out, or give both the same name.",
            id="two namespaces, of which the second was used",
        ),
        pytest.param(
            lambda: MultiNodeNim(
                "x",
                PLACE | {"settings": EXISTING | {"namespace": "aaa"}, "namespace": LATER("models")},
            ),
            "MultiNodeNim x: nim.namespace = 'aaa' and namespace = 'models' name two namespaces. Leave nim.namespace "
            "out, or give both the same name.",
            id="two namespaces, of which one is an Output",
        ),
        pytest.param(
            lambda: MultiNodeNim("x", PLACE | {"settings": SETTINGS}),
            "MultiNodeNim x: nim.storage.storageClass asks for a new claim, which this component does not make. Make "
            "it with ModelCache, and give its output claim as cache_claim.",
            id="a storage class without a claim, which mounted a claim that nobody made",
        ),
        pytest.param(
            lambda: MultiNodeNim("x", PLACE | {"pull_secrets": "bcd"}),
            "MultiNodeNim x: pull_secrets is a text. It is a list of names of Secrets, such as ['registry'].",
            id="a text as a list of Secrets, which gave one Secret for each letter",
        ),
        pytest.param(
            lambda: MultiNodeNim("x", PLACE | {"pull_secrets": LATER("bcd")}),
            "MultiNodeNim x: pull_secrets is a text. It is a list of names of Secrets, such as ['registry'].",
            id="an Output of a text as a list of Secrets",
        ),
    ],
)
def test_it_is_refused_in_one_line(make: Any, why: str) -> None:
    assert refusal(make) == why


@pytest.mark.parametrize("empty", [pytest.param(None, id="None"), pytest.param("", id="an empty text")])
@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_is_none_makes_no_secret(key: str, empty: str | None) -> None:
    """`config.get_secret` gives None where no key is set, and the stack was planned as if there was one."""
    args: Any = {"settings": EXISTING, key: empty}
    recording = deploy(lambda: NimStack("nim", args))
    assert recording.names_of("Secret") == []
    pod = recording.inputs("nim-server-group")["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]
    assert "imagePullSecrets" not in pod
    assert "secretKeyRef" not in str(pod)
    alone: Any = {"deployment": "nim", "namespace": "m", key: empty}
    assert deploy(lambda: NgcSecrets("keys", alone)).names_of("Secret") == []


@pytest.mark.parametrize("empty", [pytest.param(None, id="None"), pytest.param("", id="an empty text")])
def test_the_rule_for_a_missing_key_speaks_where_the_key_is_none(empty: str | None) -> None:
    assert "NIM070 ngcApiKey" in refusal(lambda: NimStack("nim", {"settings": LICENSED, "ngc_api_key": empty}))


@pytest.mark.parametrize("key", KEYS)
def test_an_output_that_turns_out_empty_is_refused_before_a_secret_is_made(key: str) -> None:
    def program() -> None:
        args: Any = {"deployment": "nim", "namespace": "m", key: LATER("")}
        NgcSecrets("keys", args)

    assert refusal(program) == (
        f"NgcSecrets keys: {key} is an Output whose value is empty. Set the key, or leave {key} out where there is no "
        "key."
    )


def test_settings_that_agree_with_the_arguments_give_the_names_of_a_first_preview() -> None:
    """A namespace and a claim of the same program are known from the settings before their Outputs are."""

    def program() -> None:
        space = pulumi.CustomResource("kubernetes:core/v1:Namespace", "space", {"name": None})
        later: Any = pulumi.Output.from_input(space.id)
        MultiNodeNim(
            "x",
            {"settings": EXISTING | {"namespace": "models"}, "namespace": later, "cache_claim": later},
        )

    found = deploy(program, unconfigured=True).inputs("x-group")
    assert found["metadata"]["namespace"] == "models"
    template = found["spec"]["leaderWorkerTemplate"]["workerTemplate"]
    assert {"claimName": "one"} in [volume.get("persistentVolumeClaim") for volume in template["spec"]["volumes"]]
