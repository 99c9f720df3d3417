"""NgcSecrets: one key becomes two Secrets, and existing ones are taken as they are."""

import base64
import json
import re
from typing import Any

import pulumi
import pytest

from nim_stack.components.ngc_secrets import NgcSecrets, NgcSecretsArgs
from tests.components.recorder import Recording, deploy, is_secret, known, reveal

ARGS: NgcSecretsArgs = {"deployment": "nim", "namespace": "models"}
KEY = "nvapi-secret-of-a-test"


def names_for(args: NgcSecretsArgs) -> tuple[list[Any], list[str]]:
    """Names that the component hands on, and the Secrets that it makes."""
    found: list[Any] = []

    def program() -> None:
        secrets = NgcSecrets("keys", args)
        known(pulumi.Output.all(secrets.api_secret, secrets.pull_secrets, secrets.hf_secret), found)

    recording = deploy(program)
    return found[0], recording.names_of("Secret")


def test_one_key_serves_pulls_and_downloads() -> None:
    recording = deploy(lambda: NgcSecrets("keys", {**ARGS, "ngc_api_key": KEY}))
    pull = recording.inputs("keys-pull")
    assert pull["type"] == "kubernetes.io/dockerconfigjson"
    assert is_secret(pull["stringData"])
    config = json.loads(reveal(pull["stringData"])[".dockerconfigjson"])
    entry = config["auths"]["nvcr.io"]
    assert (entry["username"], entry["password"]) == ("$oauthtoken", KEY)
    assert base64.b64decode(entry["auth"]).decode() == f"$oauthtoken:{KEY}"
    assert is_secret(recording.inputs("keys-api")["stringData"])


API, HUB = {"name": "nim-ngc-api", "key": "NGC_API_KEY"}, {"name": "nim-hf-token", "key": "HF_TOKEN"}


@pytest.mark.parametrize(
    ("args", "names", "made"),
    [
        pytest.param({}, [None, [], None], [], id="no key"),
        pytest.param({"ngc_api_key": KEY}, [API, ["nim-ngc-pull"], None], ["keys-api", "keys-pull"], id="an NGC key"),
        pytest.param({"hf_token": "hf_x"}, [None, [], HUB], ["keys-hf"], id="a token of the hub"),
        pytest.param(
            {"ngc_api_key": KEY, "existing_api_secret": "mine", "existing_hf_secret": {"name": "hub", "key": "token"}},
            [{"name": "mine", "key": "NGC_API_KEY"}, ["nim-ngc-pull"], {"name": "hub", "key": "token"}],
            ["keys-pull"],
            id="existing Secrets of both keys",
        ),
        pytest.param(
            {"ngc_api_key": KEY, "existing_pull_secrets": ["a", "b"]},
            [API, ["a", "b"], None],
            ["keys-api"],
            id="existing pull Secrets",
        ),
    ],
)
def test_existing_secrets_are_taken_as_they_are(args: Any, names: list[Any], made: list[str]) -> None:
    assert names_for({**ARGS, **args}) == (names, made)


def test_a_key_in_clear_becomes_secret_at_the_door() -> None:
    """A program may pass a plain text; the state must not keep it so."""
    recording = deploy(lambda: NgcSecrets("keys", {**ARGS, "ngc_api_key": KEY, "hf_token": "hf_in_clear"}))
    assert all(is_secret(recording.inputs(name)["stringData"]) for name in ("keys-api", "keys-pull", "keys-hf"))
    assert "hf_in_clear" not in str(recording.inputs("keys"))


def test_wrong_arguments_are_refused_together() -> None:
    args: Any = {**ARGS, "deployment": "Nim", "existing_api_secrets": "x"}
    with pytest.raises(pulumi.RunError) as refused:
        deploy(lambda: NgcSecrets("keys", args))
    assert str(refused.value).splitlines() == [
        "NgcSecrets keys: 2 settings cannot work; nothing was changed.",
        "  - NIM003 args.deployment = 'Nim': it is not written in a form that works. Name of the deployment.",
        "  - NIM001 args.existing_api_secrets = 'x': there is no such setting. Did you mean existing_api_secret? Known "
        "here: deployment, existing_api_secret, existing_hf_secret, existing_pull_secrets.",
        "`nim-stack rules NIM001 NIM003` prints the cause and the cure of each code.",
    ]


def digest(args: NgcSecretsArgs) -> tuple[Any, Recording]:
    """Of keys that are secrets of the stack."""
    found: list[Any] = []

    def program() -> None:
        keys: Any = {name: pulumi.Output.secret(args[name]) for name in ("ngc_api_key", "hf_token") if name in args}
        known(NgcSecrets("keys", {**args, **keys}).keys_digest, found)

    recording = deploy(program)
    return found[0], recording


def test_a_digest_tells_keys_apart_and_nothing_else() -> None:
    one, recording = digest({**ARGS, "ngc_api_key": KEY, "hf_token": "hf_x"})
    assert re.fullmatch("[0-9a-f]{16}", one)
    assert recording.outputs["keys"]["keysDigest"] == one, "it is marked as a secret"
    assert KEY not in str(recording.outputs)
    changed: list[NgcSecretsArgs] = [
        {**ARGS, "ngc_api_key": KEY, "hf_token": "hf_y"},
        {**ARGS, "ngc_api_key": KEY},
        {**ARGS, "deployment": "other", "ngc_api_key": KEY, "hf_token": "hf_x"},
    ]
    assert len({one, *(digest(args)[0] for args in changed)}) == 4


def test_keys_that_others_hold_have_no_digest() -> None:
    args: NgcSecretsArgs = {**ARGS, "ngc_api_key": KEY, "existing_api_secret": "mine"}
    assert digest(args)[0] is None
    assert digest(ARGS)[0] is None


def test_a_secret_that_has_to_be_replaced_is_deleted_first() -> None:
    """Without enable_secret_mutable a provider replaces a Secret for a new key, whose fixed name would be taken."""
    recording = deploy(lambda: NgcSecrets("keys", {**ARGS, "ngc_api_key": KEY, "hf_token": "hf_x"}))
    made = [recording.requests[name] for name in recording.names_of("Secret")]
    assert len(made) == 3
    assert all(request.deleteBeforeReplace for request in made)
