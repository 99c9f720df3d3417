"""What makes LWS roll, and what other objects' steps mean, on previews made from settings."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from lab.paths import REPO
from lab.stacks import _merge
from nim_stack.operations.impact.effect import APPROVALS, Approval
from nim_stack.operations.impact.report import Impact
from tests.prove.impact.changes import BASE, CHANGES
from tests.unit.previews import changed, impact, lws, state, step

DEV = REPO / "Pulumi.dev.yaml"


ELSEWHERE = {"name", "namespace", "secrets", "storage"}
"""Settings that change other objects too, whose steps only an engine makes."""


@pytest.mark.parametrize(
    "name", [name for name, it in CHANGES.items() if not (it.rotated or it.without or it.settings.keys() & ELSEWHERE)]
)
def test_changes_of_the_matrix_roll_as_the_cluster_has_to_show(name: str) -> None:
    """The matrix holds the same against LWS itself."""
    change = CHANGES[name]
    base = _merge(yaml.safe_load(DEV.read_text())["config"]["nim-stack:nim"], BASE)
    found = changed(base, _merge(base, change.settings))
    assert found.groups[0].revision == change.rolls
    assert {kind for kind, _ in found.approvals(list(APPROVALS))} == set(change.approvals)


def edited(edit: Callable[[dict[str, Any]], None], **settings: Any) -> Impact:
    """A LeaderWorkerSet with its inputs changed by hand."""
    before, after = lws(**settings), copy.deepcopy(lws(**settings))
    edit(after["inputs"])
    return impact(step("update", before, after))


def _pod(inputs: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = inputs["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]
    return spec


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        pytest.param(
            lambda made: _pod(made)["containers"][0]["env"].reverse(),
            ["leader: order of env"],
            id="the order of variables",
        ),
        pytest.param(lambda made: _pod(made)["volumes"].pop(), ["leader: volumes.dshm is removed"], id="a volume"),
        pytest.param(
            lambda made: made["spec"]["networkConfig"].update(subdomainPolicy="UniquePerReplica"),
            ["networkConfig"],
            id="the network of the group",
        ),
        pytest.param(
            lambda made: made["spec"]["leaderWorkerTemplate"].update(restartPolicy="None"),
            ["restartPolicy"],
            id="the restart policy",
        ),
        pytest.param(
            lambda made: _pod(made)["tolerations"].append({"key": "a"}),
            ["leader: tolerations.a is added"],
            id="a toleration",
        ),
    ],
)
def test_every_part_of_the_revision_rolls(edit: Callable[[dict[str, Any]], None], why: list[str]) -> None:
    (group,) = edited(edit).groups
    assert group.revision
    assert [part for part, found in zip(why, group.why, strict=True) if part not in str(found)] == []


def test_another_exclusive_placement_rolls_without_a_revision() -> None:
    annotation = "leaderworkerset.sigs.k8s.io/exclusive-topology"
    (group,) = edited(lambda made: made["metadata"]["annotations"].update({annotation: "rack"})).groups
    assert not group.revision
    assert group.rollout is not None
    assert group.is_outage
    assert [str(entry) for entry in group.why] == [f"annotation {annotation} is added (rack)"]


@pytest.mark.parametrize(
    ("old", "new"), [("1", "1000m"), ("64Gi", "65536Mi"), ("0.5", "500m"), ("2", 2), ("1k", "1000")]
)
def test_another_spelling_of_a_quantity_does_not_roll(old: str, new: object) -> None:
    before, after = lws(), copy.deepcopy(lws())
    for made, value in ((before, old), (after, new)):
        _pod(made["inputs"])["containers"][0]["resources"]["requests"]["cpu"] = value
    assert not impact(step("update", before, after)).groups[0].revision


def test_weights_of_a_claim_that_is_replaced_are_downloaded_again() -> None:
    claim = state(
        "kubernetes:core/v1:PersistentVolumeClaim",
        {"metadata": {"namespace": "nim", "name": "cache"}, "spec": {"resources": {"requests": {"storage": "1Ti"}}}},
    )
    found = impact(step("update", lws(), lws(maxModelLen=9)), step("replace", claim, claim))
    assert found.groups[0].rollout is not None
    assert found.groups[0].rollout.start.phases == ("download", "load")
    kept = impact(step("update", lws(), lws(maxModelLen=9)), step("delete", {**claim, "retainOnDelete": True}, None))
    assert kept.groups[0].rollout is not None
    assert kept.groups[0].rollout.start.phases == ("load",)
    assert kept.approvals(["deletion"]) == []


def test_a_model_of_the_catalogue_is_downloaded_with_its_size() -> None:
    before, after = ({"model": f"hf://meta-llama/{name}", "gpu": "h100", "gpusPerNode": 8} for name in _LLAMAS)
    texts = [effect.text for effect in changed(before, after).effects]
    assert texts == [
        "nim/nim downloads hf://meta-llama/Llama-3.1-405B-Instruct (812 GB) into the same cache, where "
        "hf://meta-llama/Llama-3.3-70B-Instruct (141 GB) stays too"
    ]


_LLAMAS = ("Llama-3.3-70B-Instruct", "Llama-3.1-405B-Instruct")


def test_storage_of_each_pod_is_filled_at_every_start() -> None:
    def no_claim(made: dict[str, Any]) -> None:
        for volume in _pod(made)["volumes"]:
            if volume["name"] == "model-cache":
                volume.pop("persistentVolumeClaim", None)
                volume["emptyDir"] = {}

    (group,) = edited(no_claim).groups
    assert group.rollout is not None
    assert group.rollout.start.phases == ("download", "load")
    assert "each pod downloads" in group.weights[0].text


def test_groups_of_several_models_are_added_up() -> None:
    other = {"name": "other", "gpusPerNode": 4}
    found = impact(
        step("update", lws(), lws(replicas=2)), step("same", lws(**other), lws(**other)), settings={"replicas": 2}
    )
    assert found.gpus == (2 + 8, 4 + 8, 4 + 8)
    assert found.counts_all_groups
    assert [group.op for group in found.groups] == ["update", "same"]


def test_sizes_that_are_known_only_later_need_approval() -> None:
    after = lws()
    after["inputs"] = {**after["inputs"], "spec": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}
    found = impact(step("update", lws(), after))
    assert found.approvals(["unknown"]) == [("unknown", "nim/nim has sizes that are known only in the update")]


Effects = dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None, list[str], set[Approval]]]
_RULE = [{"host": "llm.example"}]
CASES: Effects = {
    "Ingress": (None, {"rules": _RULE}, ["Ingress nim/x: the API is reachable as llm.example"], {"exposure"}),
    "HTTPRoute": (
        {"hostnames": ["a"]},
        {"hostnames": ["b"]},
        ["HTTPRoute nim/x: the API is reachable as b", "HTTPRoute nim/x: the API is no longer reachable as a"],
        {"exposure", "address"},
    ),
    "Service": (
        {"type": "ClusterIP"},
        {"type": "LoadBalancer"},
        [
            "Service nim/x is a LoadBalancer: clients outside the cluster reach the API",
            "Service nim/x: type ClusterIP → LoadBalancer",
        ],
        {"exposure", "address"},
    ),
    "NetworkPolicy": (
        {},
        None,
        ["NetworkPolicy nim/x is deleted: every pod of the cluster reaches API and Ray"],
        {"exposure"},
    ),
    "PodDisruptionBudget": ({}, None, ["PodDisruptionBudget nim/x is deleted"], set()),
    "CustomResourceDefinition": (
        {},
        None,
        ["CRD nim/x is deleted, and with it every object of its kind in the cluster"],
        {"outage", "deletion"},
    ),
    "PersistentVolumeClaim": (
        {"resources": {"requests": {"storage": "2Ti"}}},
        {"resources": {"requests": {"storage": "1Ti"}}},
        ["claim nim/x would shrink from 2Ti to 1Ti, which Kubernetes refuses"],
        {"failure"},
    ),
}


@pytest.mark.parametrize(
    ("later", "words"),
    [("04da6b54-80e4-46f7-96ec-b56ff0331ba9", "(known later)"), (None, "no size"), ("1TB", "1TB")],
)
def test_whether_a_claim_shrinks_is_not_known_of_a_size_that_cannot_be_read(later: str | None, words: str) -> None:
    before, after = (
        state(
            "kubernetes:core/v1:PersistentVolumeClaim",
            {"metadata": {"namespace": "nim", "name": "x"}, "spec": {"resources": {"requests": {"storage": size}}}},
        )
        for size in ("2Ti", later)
    )
    text = f"claim nim/x changes from 2Ti to {words}; whether it shrinks, which Kubernetes refuses, is not known"
    assert impact(step("update", before, after)).approvals(["unknown"]) == [("unknown", text)]


@pytest.mark.parametrize("kind", CASES)
def test_what_other_objects_mean(kind: str) -> None:
    before, after, texts, approvals = CASES[kind]

    def made(spec: dict[str, Any] | None) -> dict[str, Any] | None:
        metadata = {"namespace": "nim", "name": "x"}
        return None if spec is None else state(f"kubernetes:v1:{kind}", {"metadata": metadata, "spec": spec})

    op = "create" if before is None else "delete" if after is None else "update"
    found = impact(step(op, made(before), made(after)))
    assert [effect.text for effect in found.effects] == texts
    assert {kind for kind, _ in found.approvals(list(APPROVALS))} == approvals


def _leading_to(deployment: str, **more: str) -> dict[str, Any]:
    selector = {"leaderworkerset.sigs.k8s.io/name": deployment, "leaderworkerset.sigs.k8s.io/worker-index": "0", **more}
    spec = {"type": "ClusterIP", "selector": selector}
    return state("kubernetes:core/v1:Service", {"metadata": {"namespace": "chat", "name": "chat"}, "spec": spec})


def test_a_service_that_is_switched_to_another_deployment_keeps_its_address() -> None:
    found = impact(step("update", _leading_to("chat-blue"), _leading_to("chat-green")))
    assert [effect.text for effect in found.effects] == [
        "Service chat/chat leads from now on to chat-green instead of chat-blue"
    ]
    assert found.approvals(list(APPROVALS)) == []


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(_leading_to("chat-blue", team="a"), id="the label of another team"),
        pytest.param(_leading_to("chat-green", team="a"), id="another deployment and another team"),
    ],
)
def test_any_other_selector_is_an_address_that_changes(after: dict[str, Any]) -> None:
    found = impact(step("update", _leading_to("chat-blue"), after))
    assert [kind for kind, _ in found.approvals(list(APPROVALS))] == ["address"]


def _release(op: str, *, before: bool | None, after: bool | None) -> dict[str, Any]:
    """The LWS controller's Deployment, retained or not before and after."""
    metadata = {"namespace": "lws-system", "name": "lws-controller-manager"}

    def made(retained: bool | None) -> dict[str, Any] | None:
        if retained is None:
            return None
        return state("kubernetes:apps/v1:Deployment", {"metadata": metadata}, retainOnDelete=retained)

    written = step(op, made(before), made(after), "metadata.annotations")
    urn = "urn:pulumi:test::program::nim-stack:index:NimStack$nim-stack:index:LwsOperator$kubernetes:apps/v1:Deployment"
    return written | {"urn": f"{urn}::lws"}


RELEASES = [
    pytest.param("create", None, False, "the LWS controller is installed (1 objects)", set(), id="installed"),
    pytest.param(
        "create",
        None,
        True,
        "the LWS controller is installed (1 objects), or taken over where it is there",
        set(),
        id="installed or taken over",
    ),
    pytest.param("update", False, True, "LWS from now on outlives `pulumi destroy`", set(), id="kept from now on"),
    pytest.param(
        "update",
        True,
        False,
        "LWS from now on is deleted by `pulumi destroy`",
        set(),
        id="deleted with the stack from now on",
    ),
    pytest.param(
        "delete",
        True,
        None,
        "LWS stays in the cluster as it is (1 objects), no longer managed by this stack",
        set(),
        id="kept when the stack gives it up",
    ),
    pytest.param(
        "delete",
        False,
        None,
        "until another stack installs it; groups that serve go on",
        {"deletion"},
        id="deleted when the stack gives it up",
    ),
]


@pytest.mark.parametrize(("op", "before", "after", "text", "approvals"), RELEASES)
def test_what_becomes_of_lws(
    op: str, before: bool | None, after: bool | None, text: str, approvals: set[Approval]
) -> None:
    found = impact(_release(op, before=before, after=after))
    assert [effect.text for effect in found.effects if effect.text.endswith(text)]
    assert {kind for kind, _ in found.approvals(list(APPROVALS))} == approvals


def test_another_cluster_is_said() -> None:
    provider = {
        "type": "pulumi:providers:kubernetes",
        "inputs": {"context": "a"},
        "urn": "urn:pulumi:t::p::x::provider",
    }
    found = impact(step("replace", provider, provider))
    assert [kind for kind, _ in found.approvals(list(APPROVALS))] == ["deletion"]


def test_values_of_secrets_are_never_part_of_a_report() -> None:
    secret = {"metadata": {"namespace": "nim", "name": "x"}, "data": {"KEY": "bnZhcGkta2V5"}}
    rotated = {**secret, "data": {"KEY": "bnZhcGktb3RoZXI="}}
    kind = "kubernetes:core/v1:Secret"
    found = impact(step("update", state(kind, secret), state(kind, rotated), "data.KEY"))
    text = json.dumps(found.document(list(APPROVALS)))
    assert "KEY changes in place" in text
    assert "bnZhcGk" not in text
