"""Autoscaler, disruption budget and partition, and what the plan makes of two numbers of groups."""

from typing import Any

import pytest

from nim_stack.base import names
from nim_stack.cli.report import document, page
from nim_stack.manifests.autoscaler import autoscaler
from nim_stack.manifests.disruption_budget import disruption_budget
from nim_stack.manifests.leader_worker_set import leader_worker_set, spec
from nim_stack.manifests.pods import References
from nim_stack.plan import DeploymentPlan, plan_deployment, summary
from nim_stack.values.kubernetes.types import complaints
from tests.matrix_access import QUEUE, access_matrix
from tests.unit.conftest import TINY

MATRIX = access_matrix()
SCALED = plan_deployment(MATRIX["autoscaling-all-sources"])
REFERENCES = References("cache")


def budget_of(settings: dict[str, Any]) -> dict[str, Any]:
    plan = plan_deployment(TINY | settings)
    assert plan.settings.disruption_budget is not None
    return disruption_budget(plan, plan.settings.disruption_budget, "nim")


def scaler_of(plan: DeploymentPlan) -> dict[str, Any]:
    assert plan.settings.autoscaling is not None
    return autoscaler(plan, plan.settings.autoscaling, "nim")


@pytest.mark.parametrize("variant", ["autoscaling", "autoscaling-all-sources"])
def test_an_autoscaler_has_the_fields_of_kubernetes_and_points_at_the_group(variant: str) -> None:
    plan = plan_deployment(MATRIX[variant])
    scaler, group = scaler_of(plan), leader_worker_set(plan, REFERENCES, "nim")
    assert complaints(scaler, "autoscaling_v2.HorizontalPodAutoscaler") == []
    target = scaler["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": group["apiVersion"], "kind": group["kind"], "name": group["metadata"]["name"]}


def test_an_autoscaler_is_what_the_stack_says() -> None:
    scaler = scaler_of(SCALED)["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 4)
    assert scaler["metrics"][0] == QUEUE
    assert scaler["behavior"] == MATRIX["autoscaling-all-sources"]["autoscaling"]["behavior"]
    assert "behavior" not in scaler_of(plan_deployment(MATRIX["autoscaling"]))["spec"]


def test_an_autoscaler_owns_the_number_of_groups() -> None:
    assert "replicas" not in spec(SCALED, REFERENCES)
    assert spec(plan_deployment(TINY | {"replicas": 0}), REFERENCES)["replicas"] == 0


def test_the_plan_starts_with_the_fewest_groups_and_waits_for_the_most() -> None:
    one = plan_deployment(TINY)
    assert (SCALED.gpus_total, SCALED.gpus_most) == (4, 8)
    assert SCALED.rollout_timeout == 4 * one.rollout_timeout
    assert (one.gpus_total, one.gpus_most) == (2, 2)
    assert (summary(SCALED)["groups"], summary(one)["groups"]) == ("2 to 4", 1)


def test_the_report_has_both_numbers() -> None:
    found = document(SCALED)
    assert (found["replicas"], found["mostReplicas"], found["gpusTotal"], found["gpusMost"]) == (2, 4, 4, 8)
    assert "4 to 8 for 2 to 4 groups" in page(SCALED)
    assert "2 for 1 groups" in page(plan_deployment(TINY))


def test_a_budget_is_over_all_pods_and_lets_those_go_that_are_not_ready() -> None:
    budget = budget_of({"disruptionBudget": {"maxUnavailable": 1}})
    assert complaints(budget, "policy_v1.PodDisruptionBudget") == []
    assert budget["spec"] == {
        "selector": {"matchLabels": {names.LWS_NAME_LABEL: "nim"}},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "maxUnavailable": 1,
    }


@pytest.mark.parametrize(("said", "other"), [("maxUnavailable", "minAvailable"), ("minAvailable", "maxUnavailable")])
def test_a_budget_of_zero_is_said_too(said: str, other: str) -> None:
    found = budget_of({"disruptionBudget": {said: 0}})["spec"]
    assert found[said] == 0
    assert other not in found


def test_a_partition_is_said_and_none_is_not() -> None:
    def update(settings: dict[str, Any]) -> Any:
        return spec(plan_deployment(settings), REFERENCES)["rolloutStrategy"]["rollingUpdateConfiguration"]

    assert update(MATRIX["partition"])["partition"] == 2
    assert "partition" not in update(TINY)
