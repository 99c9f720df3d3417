"""Each kind of operation that an engine can be killed in, and what becomes of it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from nim_stack.base.documents import Json
from nim_stack.operations.recovering.decisions import Identity, UndecidedError
from nim_stack.operations.recovering.recovery import INTERRUPTED, Recovery, StateFormatError, recover
from tests.unit.recovery_samples import (
    MADE,
    MARK,
    NIM,
    PROVIDER,
    REFERENCE,
    SECRET,
    SERVICE,
    existing,
    export,
    inputs,
    live,
    operation,
    resource,
    urn,
)


def cluster(*objects: Json) -> Callable[[Identity], Json | None]:
    """A cluster that has these objects."""

    def look(wanted: Identity) -> Json | None:
        return next((o for o in objects if (o["kind"], o["metadata"]["name"]) == (wanted.kind, wanted.name)), None)

    return look


def decided(document: Json, *objects: Json, **more: Any) -> tuple[list[str], dict[str, Json]]:
    """Outcomes, and the resources beside stack, component and provider, by URN."""
    found = recover(document, cluster(*objects), **more)
    assert "pending_operations" not in found.export["deployment"]
    return [d.outcome for d in found.decisions], {r["urn"]: r for r in added(found)}


def added(found: Recovery) -> list[Json]:
    resources: list[Json] = found.export["deployment"]["resources"]
    return resources[3:]


def creating(*of: Json, before: tuple[Json, ...] = (), **provider: Any) -> Json:
    return export(*before, pending=tuple(operation("creating", one) for one in of), **provider)


def test_a_create_whose_object_is_there_becomes_a_resource_that_the_next_up_waits_for() -> None:
    outcomes, resources = decided(creating(SERVICE), live(SERVICE))
    assert outcomes == ["taken up"]
    made = resources[SERVICE["urn"]]
    assert (made["id"], made["initErrors"], made["created"]) == ("nim/leader", [INTERRUPTED], MADE)
    assert made["inputs"] == made["outputs"]["__inputs"] == SERVICE["inputs"]
    assert made["outputs"]["metadata"]["uid"] == "u-1"
    assert made["outputs"]["__initialApiVersion"] == "v1"
    assert made["outputs"]["__fieldManager"].startswith("pulumi-kubernetes-")


def test_an_object_of_server_side_apply_goes_on_under_its_manager() -> None:
    applied = live(SERVICE, "pulumi-kubernetes-12ab34cd", "Apply")
    _, resources = decided(creating(SERVICE), applied)
    assert resources[SERVICE["urn"]]["outputs"]["__fieldManager"] == "pulumi-kubernetes-12ab34cd"


def test_a_create_whose_object_is_not_there_is_forgotten() -> None:
    assert decided(creating(SERVICE)) == (["nothing to do"], {})


def test_the_export_is_not_changed() -> None:
    document = creating(SERVICE)
    before = copy.deepcopy(document)
    recover(document, cluster(live(SERVICE)))
    assert document == before


@pytest.mark.parametrize(
    ("strange", "why"),
    [
        (live(SERVICE, "kubectl-create"), "kubectl-create"),
        (live(SERVICE, creationTimestamp="2026-05-01T09:00:00Z"), "2026-05-01T09:00:00Z"),
        ({**live(SERVICE), "spec": {"ports": [{"port": 80}]}}, "spec.ports[0].port"),
        ({**live(SERVICE), "spec": {"ports": []}}, "spec.ports"),
        ({**live(SERVICE), "spec": {}}, "spec.ports"),
    ],
    ids=["manager", "older", "another value", "shorter", "missing"],
)
def test_an_object_that_this_stack_did_not_make_is_left_to_the_user(strange: Json, why: str) -> None:
    (decision,) = recover(creating(SERVICE), cluster(strange)).decisions
    assert decision.outcome == "not ours"
    assert why in decision.reason
    assert decided(creating(SERVICE), strange, drop=[SERVICE["urn"]]) == (["nothing to do"], {})
    outcomes, resources = decided(creating(SERVICE), strange, adopt=[SERVICE["urn"]])
    assert (outcomes, list(resources)) == (["taken up"], [SERVICE["urn"]])


def test_a_strange_object_is_no_trouble_for_a_provider_that_adopts_any() -> None:
    outcomes, resources = decided(creating(SERVICE, upsertExistingObjects="true"), live(SERVICE, "kubectl"))
    assert (outcomes, resources) == (["nothing to do"], {})


def test_defaults_other_spellings_and_dropped_zero_values_are_no_difference() -> None:
    spec = {"replicas": 0, "storage": "1024Mi", "port": "8000", "x_kubernetes_map_type": "atomic", "labels": {}}
    wanted = resource("apps/v1:X", "x", inputs("v1", "X", "x", spec=spec))
    there = {"storage": "1Gi", "port": 8000, "x-kubernetes-map-type": "atomic", "defaulted": True}
    outcomes, _ = decided(creating(wanted), {**live(wanted), "spec": there})
    assert outcomes == ["taken up"]


def test_a_secret_enters_the_state_encrypted_and_what_a_controller_put_there_does_not() -> None:
    there = {**live(SECRET), "data": {"NGC_API_KEY": "aW4gY2xlYXI="}}
    there["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "aW4gY2xlYXI="}
    _, resources = decided(creating(SECRET), there)
    assert resources[SECRET["urn"]]["outputs"]["data"] == MARK
    assert "aW4gY2xlYXI=" not in str(resources)
    empty = resource("core/v1:Secret", "cert", inputs("v1", "Secret", "cert"))
    _, resources = decided(creating(empty), {**live(empty), "data": {"tls.key": "aW4gY2xlYXI="}})
    assert "data" not in resources[empty["urn"]]["outputs"]
    assert "aW4gY2xlYXI=" not in str(resources)


def test_a_secret_value_in_a_list_is_not_shown_either() -> None:
    spec = {"env": [{"name": "TOKEN", "value": MARK}]}
    group = resource("x/v1:Group", "g", inputs("x/v1", "Group", "g", spec=spec))
    there = {**live(group), "spec": {"env": [{"name": "TOKEN", "value": "in clear"}], "size": 2}}
    _, resources = decided(creating(group), there)
    assert resources[group["urn"]]["outputs"]["spec"] == {**spec, "size": 2}


def test_additional_secret_outputs_are_left_to_the_next_update() -> None:
    hiding = {**SERVICE, "additionalSecretOutputs": ["status"]}
    _, resources = decided(creating(hiding), live(hiding))
    assert "status" not in resources[hiding["urn"]]["outputs"]


def test_resources_come_after_what_they_refer_to() -> None:
    """Both are under way, the second refers to the first, and one that is in the state refers to neither."""
    first = resource("core/v1:ConfigMap", "first", inputs("v1", "ConfigMap", "first"))
    second = {**SERVICE, "dependencies": [first["urn"]], "propertyDependencies": {"spec": [first["urn"]]}}
    other = existing(SECRET)
    found = recover(creating(second, first, before=(other,)), cluster(live(first), live(second)))
    assert [r["urn"] for r in added(found)] == [SECRET["urn"], first["urn"], second["urn"]]


def test_an_object_that_is_being_deleted_is_waited_for() -> None:
    ending = live(SERVICE, deletionTimestamp=MADE)
    for kind, of in (("creating", SERVICE), ("deleting", existing(SERVICE)), ("updating", existing(SERVICE))):
        before = () if kind == "creating" else (of,)
        found = recover(export(*before, pending=(operation(kind, of),)), cluster(ending))
        assert [d.outcome for d in found.open] == ["ending"]


def test_components_and_providers_have_nothing_in_the_cluster() -> None:
    component = {"urn": urn("x", "c"), "custom": False, "type": "nim-stack:index:ModelCache", "parent": NIM}
    provider = {"urn": urn("y", "p"), "custom": True, "type": "pulumi:providers:kubernetes", "inputs": {}}
    for kind in ("creating", "updating", "deleting"):
        before = () if kind == "creating" else (component, provider)
        pending = (operation(kind, component), operation(kind, provider))
        outcomes, resources = decided(export(*before, pending=pending))
        assert outcomes == (["kept"] if kind == "deleting" else ["nothing to do"]) * 2
        assert list(resources.values()) == list(before)


def test_a_create_of_another_kind_of_provider_is_not_decided_unless_it_is_dropped() -> None:
    bucket = {"urn": urn("b", "bucket"), "custom": True, "type": "aws:s3:Bucket", "inputs": {}, "parent": NIM}
    found = recover(creating(bucket), cluster())
    assert [d.outcome for d in found.open] == ["not known"]
    assert "--import-pending-creates" in found.decisions[0].reason
    assert decided(creating(bucket), drop=[bucket["urn"]]) == (["nothing to do"], {})


def test_a_cluster_that_does_not_answer_leaves_everything_open() -> None:
    def look(_: Identity) -> Json | None:
        raise UndecidedError("forbidden")

    found = recover(creating(SERVICE), look)
    assert [(d.outcome, d.reason) for d in found.open] == [("not known", "forbidden")]


def test_a_create_that_a_later_up_repeated_is_known_already() -> None:
    """The engine carries a pending create on until it is cleared."""
    outcomes, resources = decided(creating(SERVICE, SERVICE, before=(existing(SERVICE),)), live(SERVICE))
    assert outcomes == ["nothing to do", "nothing to do"]
    assert resources[SERVICE["urn"]] == existing(SERVICE)


def test_after_a_create_before_delete_the_old_one_waits_for_its_end() -> None:
    old = existing(resource("batch/v1:Job", "smoke", inputs("batch/v1", "Job", "smoke-1")))
    new = resource("batch/v1:Job", "smoke", inputs("batch/v1", "Job", "smoke-2"))
    found = recover(creating(new, before=(old,)), cluster(live(new)))
    assert [(r["id"], r.get("delete")) for r in added(found)] == [("nim/smoke-1", True), ("nim/smoke-2", None)]


def test_after_a_delete_before_replace_the_new_one_takes_the_old_ones_place_before_its_dependents() -> None:
    old = existing(SERVICE, pendingReplacement=True)
    dependent = existing({**SECRET, "dependencies": [SERVICE["urn"]]})
    found = recover(creating(SERVICE, before=(old, dependent)), cluster(live(SERVICE, uid="u-2")))
    first, second = added(found)
    assert (first["urn"], second["urn"]) == (SERVICE["urn"], SECRET["urn"])
    assert first["outputs"]["metadata"]["uid"] == "u-2"
    assert "pendingReplacement" not in first


def test_a_provider_that_was_made_anew_since_takes_the_resource() -> None:
    document = creating({**SERVICE, "provider": f"{PROVIDER}::another"})
    _, resources = decided(document, live(SERVICE))
    assert resources[SERVICE["urn"]]["provider"] == REFERENCE


def test_an_object_without_its_parent_in_the_state_is_not_written() -> None:
    orphan = {**SERVICE, "parent": f"{NIM}-gone"}
    found = recover(creating(orphan), cluster(live(orphan)))
    assert [d.outcome for d in found.open] == ["not known"]
    assert f"{NIM}-gone" in found.decisions[0].reason


def test_an_update_is_applied_again_whatever_the_program_says_then() -> None:
    outcomes, resources = decided(
        export(existing(SERVICE), pending=(operation("updating", existing(SERVICE)),)), live(SERVICE)
    )
    assert outcomes == ["applied again"]
    assert resources[SERVICE["urn"]]["initErrors"] == [INTERRUPTED]


def test_an_update_of_what_somebody_deleted_makes_it_anew() -> None:
    document = export(existing(SERVICE), pending=(operation("updating", existing(SERVICE)),))
    assert decided(document) == (["removed"], {})
    assert decided(document, live(SERVICE, uid="another")) == (["removed"], {})


def deleting(of: Json, *others: Json) -> Json:
    return export(of, *others, pending=(operation("deleting", of),))


def test_a_delete_that_ended_leaves_the_state() -> None:
    assert decided(deleting(existing(SERVICE))) == (["removed"], {})


def test_a_delete_that_did_not_begin_leaves_the_state_as_it_is() -> None:
    outcomes, resources = decided(deleting(existing(SERVICE)), live(SERVICE))
    assert (outcomes, resources) == (["kept"], {SERVICE["urn"]: existing(SERVICE)})


def test_an_object_that_took_the_name_since_is_not_the_one_that_was_deleted() -> None:
    assert decided(deleting(existing(SERVICE)), live(SERVICE, uid="another")) == (["removed"], {})


def test_a_retained_object_is_not_looked_for() -> None:
    retained = existing(SERVICE, retainOnDelete=True)
    assert decided(deleting(retained)) == (["kept"], {SERVICE["urn"]: retained})


def test_what_is_deleted_to_be_replaced_stays_for_those_that_refer_to_it() -> None:
    dependent = existing({**SECRET, "dependencies": [SERVICE["urn"]]})
    outcomes, resources = decided(deleting(existing(SERVICE), dependent), live(SECRET))
    assert outcomes == ["removed"]
    assert resources[SERVICE["urn"]]["pendingReplacement"] is True


def test_the_old_one_of_a_replacement_goes_alone() -> None:
    old = existing(resource("batch/v1:Job", "smoke", inputs("batch/v1", "Job", "smoke-1")), delete=True)
    new = existing(resource("batch/v1:Job", "smoke", inputs("batch/v1", "Job", "smoke-2")))
    outcomes, resources = decided(export(new, old, pending=(operation("deleting", old),)), live(new))
    assert (outcomes, resources) == (["removed"], {new["urn"]: new})


@pytest.mark.parametrize("kind", ["reading", "importing"])
def test_reading_and_importing_are_done_again(kind: str) -> None:
    assert decided(export(pending=(operation(kind, SERVICE),)), live(SERVICE)) == (["nothing to do"], {})


def test_an_export_of_an_unknown_version_is_refused() -> None:
    with pytest.raises(StateFormatError, match="version 9"):
        recover({"version": 9, "deployment": {}}, cluster())


def test_nothing_under_way_changes_nothing() -> None:
    document = export(existing(SERVICE))
    del document["deployment"]["pending_operations"]
    found = recover(document, cluster())
    assert (found.export, found.decisions) == (document, ())


def test_an_object_is_gone_only_where_another_of_the_stack_is_found() -> None:
    """A wrong cluster has none of them; the state would forget a group that serves."""
    document = export(existing(SERVICE), existing(SECRET), pending=(operation("deleting", existing(SERVICE)),))
    assert decided(document, live(SECRET))[0] == ["removed"]
    assert decided(document, live(SECRET, uid="another"))[0] == ["not known"]
    assert decided(document, sure=True)[0] == ["removed"]
    (decision,) = recover(document, cluster()).decisions
    assert "may be another cluster" in decision.reason


@pytest.mark.parametrize("kind", ["creating", "updating"])
def test_a_create_or_an_update_is_judged_by_the_right_cluster_too(kind: str) -> None:
    before = () if kind == "creating" else (existing(SERVICE),)
    document = export(*before, existing(SECRET), pending=(operation(kind, existing(SERVICE)),))
    assert decided(document)[0] == ["not known"]
    assert decided(document, live(SECRET))[0] == [{"creating": "nothing to do", "updating": "removed"}[kind]]


def test_the_last_object_of_a_stack_may_be_gone() -> None:
    document = export(existing(SERVICE), pending=(operation("deleting", existing(SERVICE)),))
    assert decided(document)[0] == ["removed"]
