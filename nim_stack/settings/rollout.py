"""How groups come, go, and are counted."""

from typing import Annotated, Literal

from pydantic import Field

from nim_stack.values.kubernetes.types import HorizontalPodAutoscalerBehavior, MetricSpec
from nim_stack.values.types import Count, CountFromZero, Settings

Minutes = Annotated[Count, Field(le=10**6)]
"""Less than two years, so that what is counted from them stays in Kubernetes' range."""


class Timeouts(Settings):
    """Phases of a start, where the computed time does not fit this cluster. All others are derived from them."""

    image_pull_minutes: Minutes | None = Field(None, description="Whole minutes from 1 to pull the image on a node.")
    download_minutes: Minutes | None = Field(None, description="Whole minutes from 1 to download the model.")
    load_minutes: Minutes | None = Field(None, description="Whole minutes from 1 to load weights and warm up.")
    up_minutes: Minutes | None = Field(
        None, description="Whole minutes from 1 that `pulumi up` waits for all groups, instead of the computed time."
    )


class Rollout(Settings):
    """How an update replaces groups."""

    max_surge: CountFromZero = Field(0, description="Whole number from 0: groups beside the wanted ones in an update.")
    max_unavailable: CountFromZero = Field(
        1, description="Whole number from 0: groups that an update takes down at once."
    )
    partition: CountFromZero = Field(
        0, description="Whole number from 0: groups with a smaller index keep the old revision, for a canary."
    )
    startup_policy: Literal["LeaderCreated", "LeaderReady"] = Field(
        "LeaderCreated",
        description="LeaderCreated; LeaderReady is refused, since leader and workers would wait for each other.",
    )


class Autoscaling(Settings):
    """A HorizontalPodAutoscaler on the LeaderWorkerSet, which then owns the number of groups."""

    min_replicas: Count = Field(1, description="Whole number from 1: groups at least.")
    max_replicas: Count = Field(description="Whole number from 1: groups at most.")
    metrics: tuple[MetricSpec, ...] = Field(
        min_length=1, description="List of Kubernetes autoscaling/v2 metrics, judged on the leaders."
    )
    behavior: HorizontalPodAutoscalerBehavior | None = Field(None, description="Kubernetes autoscaling/v2 behavior.")


class DisruptionBudget(Settings):
    """A PodDisruptionBudget over the pods of all groups: an eviction of one pod takes its whole group down."""

    max_unavailable: CountFromZero | None = Field(
        None, description="Whole number from 0: pods that a drain may have down at once; 1 drains group after group."
    )
    min_available: CountFromZero | None = Field(
        None,
        description="Whole number from 0: pods that a drain must leave, instead of maxUnavailable; it counts pods, of "
        "which an eviction takes as many as a group has.",
    )
