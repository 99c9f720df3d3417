"""The time a start may take, from the sizes: one budget whose deadlines are nested.

The innermost deadline fires first and names the cause: the group's own join deadline, then the startup probe, then
Pulumi's timeout. All rates are those of a slow but working cluster, because a deadline that fires too early restarts
a start that was about to succeed.
"""

from dataclasses import dataclass

from nim_stack.settings import Timeouts

IMAGE_PULL_SECONDS = 20 * 60
"""An image of about 20 GB at 20 MB/s."""
DOWNLOAD_BYTES_PER_SECOND = 200e6
"""Of all pods together: those that download one by one share the way out of the cluster."""
LOAD_BYTES_PER_SECOND = 1e9
"""Reading shared storage on all nodes at once."""
WARM_UP_SECONDS = 10 * 60
"""Importing, compiling, CUDA graphs, NCCL: independent of the size of the weights."""
UNKNOWN_DOWNLOAD_SECONDS = 60 * 60
UNKNOWN_LOAD_SECONDS = 30 * 60
MARGIN_SECONDS = 5 * 60
AFTER_DRAIN_SECONDS = 20
"""Of the grace period, what the engine and Ray have to end after the last request
(container/nim_serve/contract/limits.py)."""
DRAIN_DELAY_SECONDS = 5
"""Of the drain, how long new requests may still come, because a Service lags behind its pods."""
STARTUP_PERIOD_SECONDS = 2
"""Asking is cheap, and the group serves at most this long after it could."""


@dataclass(frozen=True)
class TimeBudget:
    """Phases of a start and the deadlines around them, in seconds."""

    image_pull: int
    download: int
    load: int

    @staticmethod
    def of_deadlines(join: int, startup: int, rollout: int) -> "TimeBudget | None":
        """The phases that led to these deadlines; the startup probe's counts in whole periods. None: to others."""
        image_pull = rollout - MARGIN_SECONDS - startup
        image_pull += -image_pull % STARTUP_PERIOD_SECONDS
        found = TimeBudget(image_pull, join - image_pull - MARGIN_SECONDS, startup - join - MARGIN_SECONDS)
        return found if min(found.image_pull, found.download, found.load) >= 0 else None

    @property
    def join(self) -> int:
        """How long a pod waits inside the process for the rest of its group: the others may still pull the image, and
        the leader downloads before it gathers the group."""
        return self.image_pull + self.download + MARGIN_SECONDS

    @property
    def startup(self) -> int:
        """Startup probe of the leader; it counts from the start of the leader's container."""
        return self.join + self.load + MARGIN_SECONDS

    @property
    def startup_failures(self) -> int:
        """Failed probes after which the kubelet gives a start up."""
        return -(-self.startup // STARTUP_PERIOD_SECONDS)

    @property
    def rollout(self) -> int:
        """Pulumi's wait for one group; the leader's own image pull and scheduling come before its probe."""
        return self.image_pull + self.startup + MARGIN_SECONDS


def time_budget(weights_bytes: float | None, timeouts: Timeouts, downloads: int = 1) -> TimeBudget:
    """Phases from the size of the weights and the number of its downloads, unless a setting knows better."""
    if weights_bytes is None:
        download, load = UNKNOWN_DOWNLOAD_SECONDS, UNKNOWN_LOAD_SECONDS
    else:
        download = round(weights_bytes / DOWNLOAD_BYTES_PER_SECOND)
        load = round(weights_bytes / LOAD_BYTES_PER_SECOND) + WARM_UP_SECONDS
    download *= downloads
    return TimeBudget(
        image_pull=_seconds(timeouts.image_pull_minutes, IMAGE_PULL_SECONDS),
        download=_seconds(timeouts.download_minutes, download),
        load=_seconds(timeouts.load_minutes, load),
    )


def _seconds(minutes: int | None, computed: int) -> int:
    return computed if minutes is None else minutes * 60
