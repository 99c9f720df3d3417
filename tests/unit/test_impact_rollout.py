"""How groups roll: against a simulation of the LWS controller, and in the sentences of the report."""

from itertools import product
from typing import Any

import pytest

from nim_stack.deployment.deadlines import TimeBudget
from nim_stack.operations.impact.rollout import rollout
from nim_stack.plan import plan_deployment
from tests.unit.conftest import TINY
from tests.unit.lws_simulation import Simulation
from tests.unit.previews import changed, impact, lws, state, step

SHAPES = [
    (before, after, surge, unavailable)
    for before, after, surge, unavailable in product(range(1, 6), range(1, 6), range(4), range(4))
    if surge + unavailable > 0
]


@pytest.mark.parametrize("same_size", [True, False], ids=["same number", "scaled at the same time"])
def test_what_serves_at_worst_is_what_the_controller_leaves(same_size: bool) -> None:
    wrong: list[tuple[object, ...]] = []
    for before, after, surge, unavailable in SHAPES:
        if (before == after) != same_size:
            continue
        surge = min(surge, after)
        ran = Simulation(after, surge, unavailable, [(False, True)] * before)
        ran.run()
        rolling = {"rollout": {"maxSurge": surge, "maxUnavailable": unavailable}}
        (group,) = changed({"replicas": before}, {"replicas": after, "maxModelLen": 9, **rolling}).groups
        assert group.rollout is not None
        # A group fewer than before is not an outage of the rollout, but what was asked for.
        found = (group.rollout.serving, group.peak_gpus // 2 >= ran.most)
        if found[0] > ran.least or (same_size and found[0] != ran.least) or not found[1]:
            wrong.append(((before, after, surge, unavailable), found, ran.least, ran.most))
        if same_size and not group.rollout.steps >= ran.ticks:
            wrong.append(((before, after, surge, unavailable), group.rollout.steps, ran.ticks, "steps"))
    assert wrong == []


def test_one_group_without_surge_is_an_outage_of_one_start() -> None:
    found = changed({}, {"maxModelLen": 9})
    (group,) = found.groups
    assert group.is_outage
    assert group.rollout is not None
    budget = plan_deployment(TINY).budget
    assert (group.rollout.usual, group.rollout.longest) == (budget.load, budget.rollout)
    assert group.rollout.start.phases == ("load",)
    assert found.approvals(["outage"])[0][1].endswith(
        "(maxUnavailable 1 of 1 group; maxSurge 1 with maxUnavailable 0 would keep one serving)"
    )


@pytest.mark.parametrize(
    ("after", "phases"),
    [
        pytest.param({"image": "registry.example/open-nim:2"}, ("image pull", "load"), id="another image"),
        pytest.param({"model": "hf://org/other"}, ("download", "load"), id="another model"),
        pytest.param({"nodes": 4}, ("image pull", "load"), id="nodes that are new"),
        pytest.param({"logLevel": "DEBUG"}, ("load",), id="another variable"),
    ],
)
def test_a_start_goes_through_what_is_not_there_yet(after: dict[str, Any], phases: tuple[str, ...]) -> None:
    (group,) = changed({}, after).groups
    assert group.rollout is not None
    assert group.rollout.start.phases == phases


def test_two_groups_one_at_a_time_go_on_serving() -> None:
    found = changed({"replicas": 3}, {"replicas": 3, "maxModelLen": 9})
    (group,) = found.groups
    assert not group.is_outage
    assert "rolls in place: at worst 2 of 3 groups serving" in group.statements
    assert found.approvals(["outage", "gpus", "failure"]) == []


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        pytest.param(
            {},
            "whether they are free is not known here (nim.cluster.gpuNodes is not set)",
            id="the nodes are not known",
        ),
        pytest.param({"gpuNodes": 4}, "4 nodes in all, nim.cluster.gpuNodes is 4: enough", id="the nodes are enough"),
    ],
)
def test_whether_surge_has_gpus(nodes: dict[str, int], said: str) -> None:
    after = {"maxModelLen": 9, "rollout": {"maxSurge": 1, "maxUnavailable": 0}, "cluster": nodes}
    found = changed({}, after)
    assert f"surge of 1 group: 2 GPUs beside those that serve; {said}" in found.groups[0].statements
    assert found.groups[0].peak_gpus == 4


def test_surge_beside_larger_groups_of_before_cannot_begin() -> None:
    """The plan sees the new groups alone, and they fit."""
    after = {
        "rollout": {"maxSurge": 1, "maxUnavailable": 0},
        "cluster": {"gpuNodes": 5},
        "timeouts": {"upMinutes": 600},
    }
    found = changed({"nodes": 4}, after)
    assert [why for _, why in found.approvals(["failure"])] == [
        "nim/nim cannot roll: surge of 1 group: 2 GPUs beside those that serve, 6 nodes in all, nim.cluster.gpuNodes "
        "is 5, and maxUnavailable is 0"
    ]


def test_a_wait_of_pulumi_that_ends_before_the_rollout_needs_approval() -> None:
    after = {"replicas": 3, "maxModelLen": 9, "timeouts": {"loadMinutes": 30, "upMinutes": 40}}
    assert changed({"replicas": 3}, after).approvals(["failure"]) == [
        ("failure", "nim/nim rolls for about 1 h 30 min, and Pulumi waits 40 min")
    ]


def test_a_partition_keeps_groups_on_the_old_revision() -> None:
    for partition, serving in ((1, 2), (2, 2), (3, 3)):
        before, after = lws(replicas=3), lws(replicas=3, maxModelLen=9, rollout={"maxUnavailable": 1})
        after["inputs"]["spec"]["rolloutStrategy"]["rollingUpdateConfiguration"]["partition"] = partition
        (group,) = impact(step("update", before, after)).groups
        if partition == 3:
            assert group.rollout is None
            assert "no group is replaced: partition 3 keeps them all on the old revision" in group.statements
        else:
            assert group.rollout is not None
            assert (group.rollout.groups, group.rollout.serving) == (3 - partition, serving)


def test_percentages_are_rounded_as_lws_does() -> None:
    before, after = lws(replicas=3), lws(replicas=3, maxModelLen=9)
    rolling = after["inputs"]["spec"]["rolloutStrategy"]["rollingUpdateConfiguration"]
    rolling |= {"maxSurge": "34%", "maxUnavailable": "67%"}
    (group,) = impact(step("update", before, after)).groups
    assert group.after is not None
    assert (group.after.surge, group.after.unavailable) == (2, 2)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="one group"),
        pytest.param({"replicas": 3}, id="three groups"),
        pytest.param({"timeouts": {"imagePullMinutes": 7, "downloadMinutes": 1}}, id="other deadlines"),
    ],
)
def test_the_phases_follow_from_the_deadlines_of_a_group_that_is_not_of_the_settings(settings: dict[str, Any]) -> None:
    plan = plan_deployment({**TINY, **settings})
    (group,) = impact(step("create", None, lws(**settings))).groups
    assert group.after is not None
    assert group.after.budget == plan.budget


def test_deadlines_of_another_kind_have_no_phases() -> None:
    assert TimeBudget.of_deadlines(600, 100, 50) is None
    after = lws(maxModelLen=9)
    after["customTimeouts"] = {}
    (group,) = impact(step("update", lws(), after)).groups
    assert group.rollout is not None
    assert group.rollout.usual is None
    assert any("how long is not known" in statement for statement in group.statements)


def test_no_groups_before_none_are_replaced() -> None:
    (group,) = changed({"replicas": 0}, {"replicas": 0, "maxModelLen": 9}).groups
    assert group.revision
    assert group.rollout is None
    assert not group.is_outage


def test_an_autoscaler_decides_on_the_gpus() -> None:
    def scaler(most: int) -> dict[str, Any]:
        spec = {
            "scaleTargetRef": {"kind": "LeaderWorkerSet", "name": "nim"},
            "minReplicas": 1,
            "maxReplicas": most,
        }
        inputs = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "nim", "namespace": "nim"}, "spec": spec}
        return state("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", inputs)

    more = impact(step("update", lws(), lws()), step("update", scaler(2), scaler(4)))
    assert more.approvals(["gpus"]) == [("gpus", "nim/nim holds up to 8 GPUs instead of 4")]
    assert more.groups[0].peak_gpus == 8
    same = impact(step("update", lws(), lws(wait=False)), step("same", scaler(4), scaler(4)))
    assert same.approvals(["gpus"]) == []


def test_an_autoscaler_s_groups_are_taken_to_be_the_fewest() -> None:
    states = []
    for settings in ({}, {"maxModelLen": 9}):
        made = lws(**settings)
        del made["inputs"]["spec"]["replicas"]
        states.append(made)
    spec = {"scaleTargetRef": {"kind": "LeaderWorkerSet", "name": "nim"}, "minReplicas": 2, "maxReplicas": 4}
    inputs = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "nim", "namespace": "nim"}, "spec": spec}
    scaler = state("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", inputs)
    found = impact(step("update", states[0], states[1]), step("same", scaler, scaler))
    assert found.approvals(["outage", "gpus"]) == []
    assert "rolls in place: at worst 1 of 2 groups serving" in found.groups[0].statements


def test_rollout_is_none_without_common_groups() -> None:
    (group,) = changed({"replicas": 0}, {"replicas": 2, "maxModelLen": 9}).groups
    assert group.before is not None
    assert group.after is not None
    assert rollout(group.before, group.after) is None
