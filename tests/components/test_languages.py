"""The plugin for other languages: what it registers is what Python's components register, and how it refuses."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from google.protobuf import json_format

from nim_stack import (
    LiveService,
    MultiNodeNim,
)
from nim_stack.components.languages.offered import OFFERED
from nim_stack.components.languages.package_schema import package_schema, token
from tests.components.recorder import Recording, deploy, is_secret, reveal
from tests.components.test_nim_stack import KEY, SETTINGS
from tests.components.wire import (
    NOT_CREATED,
    PROVIDER,
    Answer,
    Asked,
    construct,
    construct_together,
    output,
    reference,
    schema,
    secret,
)
from tests.unit.release_fixture import MANIFEST

TOKEN = "hf_secret_of_a_test"
RICH: dict[str, Any] = SETTINGS | {
    "model": "hf://org/tiny",
    "replicas": 2,
    "service": {"type": "NodePort", "port": 9000, "nodePort": 30080},
    "ingress": {"host": "chat.example.com", "tlsSecret": "tls"},
    "networkPolicy": {"clients": [{"namespaceSelector": {"matchLabels": {"team": "chat"}}}]},
    "pods": {
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}],
        "patch": {"metadata": {"annotations": {"team": "chat"}}},
    },
    "timeouts": {"loadMinutes": 7},
}
CACHE = {"deployment": "chat", "namespace": "chat", "storageClass": "shared", "size": "1Gi"}


def as_python(kind: str, name: str, args: dict[str, Any]) -> Recording:
    """A component of Python's; keys become secret outputs, which belong to the run in which they are made."""
    component: Callable[..., Any] = OFFERED[kind].component

    def program() -> None:
        keys = {key: pulumi.Output.secret(args[key]) for key in ("ngc_api_key", "hf_token") if key in args}
        component(name, args | keys)

    return deploy(program)


def requests(recording: Recording) -> dict[str, dict[str, Any]]:
    """What was registered, without what says where the program stands and which stack it is of."""
    found = {}
    for name, request in recording.requests.items():
        if request.type == "pulumi:pulumi:Stack":
            continue
        told = json_format.MessageToDict(request)
        for key in ("sourcePosition", "stackTrace"):
            told.pop(key, None)
        told = {key: value for key, value in told.items() if value not in (False, {}, [], "")}
        text = json.dumps(told, sort_keys=True).replace("urn:pulumi:stack::project::", "urn:pulumi:test::nim-stack::")
        found[name] = _sorted(json.loads(text))
    return found


def _sorted(value: Any) -> Any:
    """Dependencies are sets, sent in any order."""
    if isinstance(value, dict):
        return {
            key: sorted(inner) if key in ("dependencies", "urns") else _sorted(inner) for key, inner in value.items()
        }
    return [_sorted(inner) for inner in value] if isinstance(value, list) else value


PODS = {"settings": SETTINGS, "namespace": "chat"}
SAME: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "everything of a model, with a key": (
        "NimStack",
        {"settings": SETTINGS, "ngcApiKey": secret(KEY)},
        {"settings": SETTINGS, "ngc_api_key": KEY},
    ),
    "many settings": ("NimStack", {"settings": RICH}, {"settings": RICH}),
    "a download Job": (
        "NimStack",
        {"settings": SETTINGS | {"download": {"job": True}}, "hfToken": secret(TOKEN)},
        {"settings": SETTINGS | {"download": {"job": True}}, "hf_token": TOKEN},
    ),
    "a server alone": (
        "MultiNodeNim",
        PODS
        | {"cacheClaim": "weights", "apiSecret": "ngc", "pullSecrets": ["pull"], "hfSecret": {"name": "h", "key": "k"}},
        PODS
        | {
            "cache_claim": "weights",
            "api_secret": "ngc",
            "pull_secrets": ["pull"],
            "hf_secret": {"name": "h", "key": "k"},
        },
    ),
    "a download alone": (
        "ModelDownload",
        PODS | {"cacheClaim": "weights"},
        PODS | {"cache_claim": "weights"},
    ),
    "access alone": ("ModelAccess", {"settings": RICH, "namespace": "nim"}, {"settings": RICH, "namespace": "nim"}),
    "a cache alone": (
        "ModelCache",
        CACHE | {"accessMode": "ReadWriteOnce", "retain": False},
        {
            "deployment": "chat",
            "namespace": "chat",
            "storage_class": "shared",
            "size": "1Gi",
            "access_mode": "ReadWriteOnce",
            "retain": False,
        },
    ),
    "Secrets alone": (
        "NgcSecrets",
        {"deployment": "chat", "namespace": "chat", "ngcApiKey": secret(KEY), "existingHfSecret": "hub"},
        {
            "deployment": "chat",
            "namespace": "chat",
            "ngc_api_key": KEY,
            "existing_hf_secret": "hub",
        },
    ),
}


@pytest.mark.parametrize(("kind", "given", "python"), SAME.values(), ids=SAME)
def test_the_same_is_registered_as_from_python(kind: str, given: dict[str, Any], python: dict[str, Any]) -> None:
    answer = construct(kind, given)
    assert answer.refusal == ""
    expected = as_python(kind, "nim", python)
    ours, theirs = requests(answer.recording), requests(expected)
    assert ours.keys() == theirs.keys()
    for name, request in theirs.items():
        assert ours[name] == request, name
    assert sorted(answer.recording.hooks) == sorted(expected.hooks)
    assert answer.recording.outputs == {name: each for name, each in expected.outputs.items() if name in ours}


@pytest.mark.parametrize(("kind", "given", "python"), SAME.values(), ids=SAME)
def test_outputs_are_those_of_the_schema(kind: str, given: dict[str, Any], python: dict[str, Any]) -> None:
    resource = package_schema()["resources"][token(kind)]
    outputs = construct(kind, given).outputs
    assert outputs.keys() <= resource["properties"].keys()
    assert set(resource["required"]) <= outputs.keys()


def test_the_engine_is_given_the_schema() -> None:
    assert json.loads(schema()) == package_schema()


def test_lws_is_installed_as_from_python(tmp_path: Any) -> None:
    import hashlib

    file = tmp_path / "manifests.yaml"
    file.write_text(MANIFEST)
    args = {"manifest": str(file), "sha256": hashlib.sha256(MANIFEST.encode()).hexdigest(), "retain": True}
    assert requests(construct("LwsOperator", args).recording) == requests(as_python("LwsOperator", "nim", args))


def test_a_key_stays_secret() -> None:
    answer = construct("NimStack", {"settings": SETTINGS, "ngcApiKey": output(KEY, secret=True)})
    held = answer.recording.inputs("nim-secrets-api")["stringData"]
    assert is_secret(held)
    assert reveal(held) == {"NGC_API_KEY": KEY}
    others = [str(answer.recording.inputs(name)) for name in answer.recording.requests if "secrets-" not in name]
    assert KEY not in "".join(others)
    assert KEY not in str(answer.outputs)


def test_a_key_that_is_not_known_yet_stays_unknown_in_a_preview() -> None:
    answer = construct("NimStack", {"settings": SETTINGS, "ngcApiKey": output(secret=True)}, preview=True)
    assert answer.refusal == ""
    assert "nim-secrets-api" in answer.recording.requests
    assert "nim-server-group" in answer.recording.requests


def test_a_name_that_depends_on_another_resource_keeps_its_dependency() -> None:
    made = "urn:pulumi:test::nim-stack::kubernetes:core/v1:Namespace::theirs"
    answer = construct("ModelCache", CACHE | {"namespace": output("chat", dependencies=(made,))})
    assert answer.recording.requests["nim-claim"].dependencies == [made]


def test_the_group_waits_for_what_the_other_program_says() -> None:
    first = "urn:pulumi:test::nim-stack::nim-stack:index:LwsOperator::lws"
    answer = construct("MultiNodeNim", PODS | {"cacheClaim": "weights"}, dependencies=(first,))
    assert first in answer.recording.requests["nim-group"].dependencies


def test_the_provider_of_the_other_program_serves_the_children() -> None:
    answer = construct(
        "MultiNodeNim", PODS | {"cacheClaim": "weights"}, providers={"kubernetes": f"{PROVIDER}::their-id"}
    )
    children = [request for request in answer.recording.requests.values() if request.custom]
    assert children
    assert {request.provider.rpartition("::")[0] for request in children} == {PROVIDER}


def test_an_adopting_provider_serves_what_outlives_the_stack() -> None:
    answer = construct("ModelCache", CACHE | {"adoptingProvider": reference(PROVIDER, "their-id")})
    assert answer.refusal == ""
    assert answer.recording.requests["nim-claim"].provider.startswith(PROVIDER)


def test_clients_are_switched_when_the_live_deployment_serves() -> None:
    green = "urn:pulumi:test::nim-stack::nim-stack:index:NimStack::green"
    settings = {name: SETTINGS | {"name": name} for name in ("blue", "green")}
    endpoints = {
        "blue": "http://blue-leader.nim.svc:8000/v1",
        "green": output("http://green-leader.nim.svc:8000/v1", dependencies=(green,)),
    }
    deployments = {name: {"settings": settings[name], "endpoint": endpoints[name]} for name in settings}
    answer = construct("LiveService", {"name": "chat", "live": "green", "port": 9000.0, "deployments": deployments})
    assert answer.refusal == ""
    service = answer.recording.requests["nim-service"]
    assert list(service.dependencies) == [green]
    python = deploy(lambda: _live(settings))
    assert answer.recording.inputs("nim-service") == python.inputs("live-service")
    assert answer.outputs == {"endpoint": "http://chat.nim.svc:9000/v1", "model": "org/tiny"}


def _live(settings: dict[str, dict[str, Any]]) -> None:
    servers = {
        name: MultiNodeNim(name, {"settings": own, "namespace": "nim", "cache_claim": "weights"})
        for name, own in settings.items()
    }
    LiveService("live", {"name": "chat", "live": "green", "port": 9000, "deployments": servers})


def test_components_are_made_at_the_same_time_and_a_refusal_is_of_its_own_component() -> None:
    good = {name: {"settings": SETTINGS | {"name": name}} for name in ("blue", "green")}
    bad = {"settings": SETTINGS | {"nodes": 0}}
    asked = [Asked("NimStack", given, name=name) for name, given in good.items()]
    blue, refused, green = construct_together(asked[0], Asked("NimStack", bad, name="bad"), asked[1])
    assert (blue.refusal, green.refusal) == ("", "")
    assert "nim.nodes = 0" in refused.refusal
    for name, answer in (("blue", blue), ("green", green)):
        assert requests(answer.recording) == requests(as_python("NimStack", name, good[name]))


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a setting that cannot work": (
        "NimStack",
        {"settings": SETTINGS | {"nodes": 0.0}},
        "nim.nodes = 0: it is less than 1",
    ),
    "a fraction": ("NimStack", {"settings": SETTINGS | {"nodes": 1.5}}, "it is not a whole number"),
    "a setting that there is not": ("NimStack", {"settings": SETTINGS | {"nodess": 2}}, "Did you mean nodes?"),
    "an argument of a component": ("ModelCache", CACHE | {"size": "big"}, "args.size = 'big'"),
    "a component that there is not": ("Nim", {}, "the components are LiveService, LwsOperator"),
    "a deployment without its endpoint": (
        "LiveService",
        {"name": "chat", "live": "a", "deployments": {"a": {"settings": SETTINGS}}},
        "deployments.a: give settings and endpoint, and nothing else.",
    ),
}


@pytest.mark.parametrize(("kind", "given", "said"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_sentences_without_a_traceback(kind: str, given: dict[str, Any], said: str) -> None:
    answer = construct(kind, given)
    assert said in answer.refusal
    assert not traces(answer)
    assert [name for name in answer.recording.requests if name != "nim"] == []


def traces(answer: Answer) -> list[str]:
    """Words by which a traceback of Python is known."""
    return [word for word in ("Traceback", 'File "', ".py") if word in answer.refusal]


def test_what_is_found_out_later_is_refused_without_a_traceback_as_well() -> None:
    """The claim's class is compared with the wanted one when the claim is known, after the component has returned."""
    answer = construct("ModelCache", CACHE, live={"nim-claim": {"spec": {"storageClassName": "other"}}})
    assert "the claim chat-model-cache has the class 'other'" in answer.refusal
    assert not traces(answer)


def test_a_resource_that_cannot_be_created_is_reported_without_a_traceback() -> None:
    answer = construct("NimStack", {"settings": SETTINGS}, failing="nim-server-group")
    assert answer.refusal == NOT_CREATED
    assert not traces(answer)


def test_a_mistake_of_the_plugin_itself_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: object) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr("nim_stack.components.languages.provider.received", mistaken)
    answer = construct("NimStack", {"settings": SETTINGS})
    assert "a mistake" in answer.refusal
    assert "provider.py" in answer.refusal


PROPERTIES: dict[str, tuple[str, dict[str, Any], set[str], str]] = {
    "a setting that is known later": (
        "NimStack",
        {"settings": SETTINGS | {"storage": {"storageClass": output()}}},
        {"settings.storage.storageClass"},
        "known only after something was created",
    ),
    "a setting that is secret": (
        "NimStack",
        {"settings": SETTINGS | {"env": [{"name": "A", "value": output("x", secret=True)}]}},
        {"settings.env[0].value"},
        "it is secret",
    ),
    "arguments that are missing": ("MultiNodeNim", {}, {"settings", "namespace"}, "it is required"),
    "an argument that there is not": (
        "NimStack",
        {"settings": SETTINGS, "hftoken": "x"},
        {"hftoken"},
        "Known here: adoptingProvider, hfToken",
    ),
    "a provider that is none": (
        "ModelCache",
        CACHE | {"adoptingProvider": "x"},
        {"adoptingProvider"},
        "not a provider",
    ),
}


@pytest.mark.parametrize(("kind", "given", "properties", "said"), PROPERTIES.values(), ids=PROPERTIES)
def test_a_refusal_names_the_properties(kind: str, given: dict[str, Any], properties: set[str], said: str) -> None:
    answer = construct(kind, given, preview=True)
    assert answer.problems.keys() == properties
    assert all(said in reason for reason in answer.problems.values())
    assert not traces(answer)


def test_all_components_are_compared_with_python() -> None:
    compared = {kind for kind, _, _ in SAME.values()} | {"LwsOperator", "LiveService"}
    assert compared == OFFERED.keys()
