"""Strategic merge: as Kubernetes does it, and what of a patch would do nothing."""

from typing import Any, get_args, get_type_hints

import pytest
from lightkube.models import core_v1

from nim_stack.manifests.patch import MERGE_KEYS, patched

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "nim"}},
    "spec": {
        "containers": [
            {"name": "nim", "image": "a", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "logs", "image": "b"},
        ],
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "volumes": [{"name": "data", "emptyDir": {"sizeLimit": "1Gi"}}],
    },
}


def spec(patch: dict[str, Any]) -> dict[str, Any]:
    result, faults = patched(TEMPLATE, {"spec": patch})
    assert faults == []
    merged: dict[str, Any] = result["spec"]
    return merged


def test_mappings_are_merged_and_scalars_replaced() -> None:
    result, _ = patched(TEMPLATE, {"metadata": {"labels": {"team": "a"}}, "spec": {"hostname": "h"}})
    assert result["metadata"]["labels"] == {"app": "nim", "team": "a"}
    assert result["spec"]["hostname"] == "h"


def test_an_entry_is_found_by_its_key_and_keeps_its_place() -> None:
    first, second = spec({"containers": [{"name": "logs", "image": "c"}]})["containers"]
    assert (first["name"], second) == ("nim", {"name": "logs", "image": "c"})


def test_a_new_entry_comes_last() -> None:
    assert [one["name"] for one in spec({"containers": [{"name": "new", "image": "c"}]})["containers"]] == [
        "nim",
        "logs",
        "new",
    ]


def test_lists_inside_an_entry_are_merged_as_well() -> None:
    env = [{"name": "B", "$patch": "delete"}, {"name": "A", "value": "3"}, {"name": "C", "value": "4"}]
    assert spec({"containers": [{"name": "nim", "env": env}]})["containers"][0]["env"] == [
        {"name": "A", "value": "3"},
        {"name": "C", "value": "4"},
    ]


def test_a_list_without_a_key_is_replaced() -> None:
    assert spec({"tolerations": [{"operator": "Exists"}]})["tolerations"] == [{"operator": "Exists"}]


def test_null_takes_a_field_away() -> None:
    patch = {"volumes": [{"name": "data", "emptyDir": None, "secret": {"secretName": "s"}}]}
    assert spec(patch)["volumes"] == [{"name": "data", "secret": {"secretName": "s"}}]
    assert "tolerations" not in spec({"tolerations": None})


def test_delete_takes_an_entry_or_the_content_of_a_mapping_away() -> None:
    assert [one["name"] for one in spec({"containers": [{"name": "logs", "$patch": "delete"}]})["containers"]] == [
        "nim"
    ]
    assert patched(TEMPLATE, {"metadata": {"$patch": "delete"}})[0]["metadata"] == {}


def test_replace_puts_the_patch_in_place_of_a_mapping_or_list() -> None:
    labels = {"metadata": {"labels": {"$patch": "replace", "team": "a"}}}
    assert patched(TEMPLATE, labels)[0]["metadata"]["labels"] == {"team": "a"}
    whole = {"containers": [{"$patch": "replace"}, {"name": "nim", "image": "c"}]}
    assert spec(whole)["containers"] == [{"name": "nim", "image": "c"}]


@pytest.mark.parametrize(
    ("patch", "path", "why"),
    [
        pytest.param(
            {"spec": {"containers": [{"name": "x", "$patch": "delete"}]}},
            "spec.containers.x",
            "$patch: delete has nothing to act on, because there is no such part in the pods",
            id="the deletion of a container that is not there",
        ),
        pytest.param(
            {"spec": {"volumes": [{"name": "x", "$patch": "replace"}]}},
            "spec.volumes.x",
            "with this directive in one entry Kubernetes removes every entry of the list, this one as well",
            id="the replacement of one volume",
        ),
        pytest.param(
            {"spec": {"securityContext": {"$patch": "delete"}}},
            "spec.securityContext",
            "$patch: delete has nothing to act on, because there is no such part in the pods",
            id="the deletion of a mapping that is not there",
        ),
        pytest.param(
            {"spec": {"hostname": None}},
            "spec.hostname",
            "null for hostname has nothing to act on, because there is no such part in the pods",
            id="null for a field that is not there",
        ),
        pytest.param(
            {"spec": {"securityContext": {"runAsUser": None}}},
            "spec.securityContext.runAsUser",
            "null for runAsUser has nothing to act on, because there is no such part in the pods",
            id="null inside of a mapping that is not there",
        ),
        pytest.param(
            {"spec": {"$setElementOrder/containers": []}},
            "spec",
            "the directive $setElementOrder/containers = [] is not understood",
            id="a directive on the order of a list",
        ),
        pytest.param(
            {"metadata": {"$patch": "remove"}},
            "metadata",
            "the directive $patch = 'remove' is not understood",
            id="a directive of no known value",
        ),
        pytest.param(
            {"spec": {"hostAliases": [{"hostnames": ["a"]}]}},
            "spec.hostAliases",
            "entries of this list are told apart by ip, and this entry has none",
            id="an entry without its key",
        ),
    ],
)
def test_what_does_nothing_is_told(patch: dict[str, Any], path: str, why: str) -> None:
    (fault,) = patched(TEMPLATE, patch)[1]
    assert (fault.path, fault.why) == (path, why)


def test_neither_argument_is_changed() -> None:
    before = repr(TEMPLATE)
    patch = {"spec": {"volumes": [{"name": "new", "csi": {"driver": "d"}}], "dnsConfig": {"options": [{"name": "n"}]}}}
    result, _ = patched(TEMPLATE, patch)
    result["spec"]["dnsConfig"]["options"][0]["name"] = "changed"
    result["spec"]["volumes"][1]["csi"]["driver"] = "changed"
    assert repr(TEMPLATE) == before
    assert "changed" not in repr(patch)


def test_a_second_time_changes_nothing() -> None:
    patch = {
        "spec": {"containers": [{"name": "nim", "env": [{"name": "A", "value": "9"}]}, {"name": "n", "image": "c"}]}
    }
    once, _ = patched(TEMPLATE, patch)
    assert patched(once, patch) == (once, [])


@pytest.mark.parametrize(("name", "key"), MERGE_KEYS.items())
def test_entries_of_a_keyed_list_have_its_key(name: str, key: str) -> None:
    """The table is that of `x-kubernetes-patch-merge-key` in Kubernetes' OpenAPI document, which the types lack."""
    owner = core_v1.PodSpec if name in core_v1.PodSpec.__struct_fields__ else core_v1.Container
    entry = get_type_hints(owner)[name]
    while inner := get_args(entry):
        entry = inner[0]
    assert key in entry.__struct_fields__
