"""The programs under examples/: a platform team's own composition, and a stack that reads its outputs."""

import hashlib
import json
import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from nim_stack.base.quantity import Quantity
from nim_stack.deployment.keys import Keys
from nim_stack.plan import plan_deployment
from tests.components.recorder import Recording, deploy, is_secret
from tests.unit.release_fixture import MANIFEST

EXAMPLES = Path(__file__).parents[2] / "examples"
KEY = "nvapi-secret-of-a-test"
_UNDECLARED = {"ngcApiKey", "hfToken"}
"""Keys that a program can do without: a declared one would be required in every stack."""
SERVED = {
    "chat": {"url": "http://chat-leader.models.svc:8000/v1", "model": "meta/llama-3.1-405b-instruct"},
    "code": {"url": "http://code-leader.models.svc:8000/v1", "model": "Qwen/Qwen3-Coder-480B-A35B-Instruct"},
}


def project(program: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((EXAMPLES / program / "Pulumi.yaml").read_text())
    return found


def run(program: str, config: dict[str, str], **options: Any) -> Recording:
    """The program with what it was given, and the defaults of its project."""
    name, declared = project(program)["name"], project(program)["config"]
    values = {key: about["default"] for key, about in declared.items() if "default" in about} | config
    assert values.keys() - (_UNDECLARED - declared.keys()) == declared.keys()
    return deploy(
        lambda: runpy.run_path(str(EXAMPLES / program / "__main__.py")),
        config={f"{name}:{key}": value for key, value in values.items()},
        secret_keys=tuple(f"{name}:{key}" for key in values if key in _UNDECLARED or declared[key].get("secret")),
        project=name,
        **options,
    )


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    manifest = tmp_path_factory.mktemp("lws") / "manifests.yaml"
    manifest.write_text(MANIFEST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(manifest.parent / "cache"))
        config = {
            "storageClass": "shared-nvme",
            "lwsManifest": str(manifest),
            "lwsSha256": hashlib.sha256(manifest.read_bytes()).hexdigest(),
            "ngcApiKey": KEY,
        }
        return run("platform", config)


def test_two_models_share_what_can_be_shared(platform: Recording) -> None:
    kinds = Counter(request.type.rpartition(":")[2] for request in platform.requests.values())
    assert {kind: kinds[kind] for kind in ("LwsOperator", "NgcSecrets", "ModelCache", "MultiNodeNim")} == {
        "LwsOperator": 1,
        "NgcSecrets": 1,
        "ModelCache": 1,
        "MultiNodeNim": 2,
    }
    assert platform.names_of("PersistentVolumeClaim") == ["weights-claim"]
    assert platform.names_of("LeaderWorkerSet") == ["chat-group", "code-group"]


@pytest.mark.parametrize("model", ["chat", "code"])
def test_each_group_waits_for_what_it_uses(platform: Recording, model: str) -> None:
    needed = {"weights-claim", "credentials-api", "credentials-pull", "namespace"}
    waited = platform.dependencies(f"{model}-group")
    assert needed <= waited
    assert "lws-mutating-webhook-configuration-lws-mutating-webhook-configuration" in waited


@pytest.mark.parametrize("model", ["chat", "code"])
def test_each_group_mounts_the_shared_claim_and_names_the_shared_secrets(platform: Recording, model: str) -> None:
    template = platform.inputs(f"{model}-group")["spec"]["leaderWorkerTemplate"]
    for role in ("leaderTemplate", "workerTemplate"):
        pod = template[role]["spec"]
        assert {"claimName": "shared-model-cache"} in [volume.get("persistentVolumeClaim") for volume in pod["volumes"]]
        (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["mountPath"] == "/model-store"]
        assert mount["subPath"] == model
        assert pod["imagePullSecrets"] == [{"name": "shared-ngc-pull"}]
        assert "'shared-ngc-api'" in str(pod["containers"][0]["env"])


def test_the_cache_holds_both_models(platform: Recording) -> None:
    size = platform.inputs("weights-claim")["spec"]["resources"]["requests"]["storage"]
    both = [
        plan_deployment(
            {"model": model, "precision": "fp8", "nodes": 2, "storage": {"existingClaim": "a"}}, keys=Keys(ngc=True)
        )
        for model in ("llama-3.1-405b-instruct", "qwen3-coder-480b-a35b-instruct")
    ]
    assert Quantity.parse(size).bytes >= sum(Quantity.parse(plan.storage_needed).bytes for plan in both)


def test_what_outlives_the_platform_can_be_taken_over(platform: Recording) -> None:
    for name in ("namespace", "weights-claim"):
        assert platform.requests[name].retainOnDelete
        assert platform.provider(name) == "cluster-cluster-adopting"
    assert platform.provider("chat-group") == "cluster-cluster"


def test_the_key_is_nowhere_but_in_its_secrets(platform: Recording) -> None:
    holders = {name for name in platform.requests if KEY in str(platform.inputs(name))}
    assert holders == {"credentials-api", "credentials-pull"}
    assert all(is_secret(platform.inputs(name)["stringData"]) for name in holders)


def test_the_platform_says_where_its_models_are(platform: Recording) -> None:
    assert platform.exports == {"models": SERVED}


REFERENCE = "acme/nim-platform/prod"


def consumer(model: str) -> Recording:
    live = {
        REFERENCE: {"name": REFERENCE, "outputs": {"models": SERVED}, "secretOutputNames": []},
        "model": {"metadata": {"name": "model-1a2b3c4d"}},
    }
    return run("consumer", {"platform": REFERENCE, "model": model, "image": "registry.example/app:1"}, live=live)


def test_the_application_is_told_where_its_model_is() -> None:
    """From the very outputs of the platform, so that the two cannot drift apart."""
    recording = consumer("code")
    told = {"OPENAI_BASE_URL": SERVED["code"]["url"], "OPENAI_MODEL": SERVED["code"]["model"]}
    assert recording.inputs("model")["data"] == told
    assert recording.exports == {"model": told}
    (container,) = recording.inputs("consumer")["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": "model-1a2b3c4d"}}]


def test_a_model_that_the_platform_does_not_serve_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match=r"model = 'draw': the platform serves chat, code\."):
        consumer("draw")


def set_by_the_readme() -> list[tuple[dict[str, Any], str]]:
    """What its commands have set when each `pulumi up` runs: deployments, and which of them is live."""
    found: list[tuple[dict[str, Any], str]] = []
    deployments: dict[str, Any] = {}
    live = ""
    for line in (EXAMPLES / "blue_green" / "README.md").read_text().splitlines():
        words = line.split()
        if words[:4] == ["pulumi", "config", "set", "--path"]:
            where = deployments
            *path, last = words[4].removeprefix("deployments.").split(".")
            for part in path:
                where = where.setdefault(part, {})
            where[last] = int(words[5]) if words[5].isdigit() else words[5]
        elif words[:4] == ["pulumi", "config", "set", "live"]:
            live = words[4]
        elif words[:4] == ["pulumi", "config", "rm", "--path"]:
            del deployments[words[4].removeprefix("deployments.")]
        elif words[:2] == ["pulumi", "up"]:
            found.append((json.loads(json.dumps(deployments)), live))
    return found


def blue_green(deployments: dict[str, Any], live: str) -> Recording:
    return run("blue_green", {"deployments": json.dumps(deployments), "live": live, "ngcApiKey": KEY})


def test_the_commands_of_the_exchange_add_then_switch_then_remove() -> None:
    steps = []
    for deployments, live in set_by_the_readme():
        recording = blue_green(deployments, live)
        selector = recording.inputs("live-service")["spec"]["selector"]
        steps.append((recording.names_of("LeaderWorkerSet"), selector["leaderworkerset.sigs.k8s.io/name"]))
    both = ["blue-server-group", "green-server-group"]
    assert steps == [(both[:1], "chat-blue"), (both, "chat-blue"), (both, "chat-green"), (both[1:], "chat-green")]


def test_each_deployment_has_its_own_cache_and_secrets_and_the_common_name() -> None:
    deployments, live = set_by_the_readme()[1]
    recording = blue_green(deployments, live)
    assert recording.names_of("PersistentVolumeClaim") == ["blue-cache-claim", "green-cache-claim"]
    holders = {name for name in recording.requests if KEY in str(recording.inputs(name))}
    assert holders == {f"{colour}-secrets-{kind}" for colour in ("blue", "green") for kind in ("api", "pull")}
    assert {exported["model"] for exported in recording.exports["deployments"].values()} == {"chat"}
    assert recording.exports["endpoint"] == "http://chat.chat.svc:8000/v1"


@pytest.mark.parametrize("program", ["platform", "consumer", "blue_green"])
def test_each_setting_of_a_program_is_declared_and_described(program: str) -> None:
    declared = project(program)["config"]
    text = (EXAMPLES / program / "__main__.py").read_text()
    assert all(about["description"] for about in declared.values())
    assert all(f'"{key}")' in text for key in declared)
