"""How long anything may take before it counts as a fault, and how often the group heals itself: the stated bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BEAT_SECONDS = 1.0
"""Both ends of a heartbeat speak at least this often."""

SILENT_SECONDS = 15.0
"""A peer that says nothing for so long is frozen, or the network between is cut."""

GONE_SECONDS = 2.0
"""A connection that was closed may come back within this time; a process that has died does not."""

STOPPED_SECONDS = 2.0
"""A process of the engine or of Ray that is stopped (SIGSTOP) for so long counts as dead."""

ENGINE_GRACE_SECONDS = 10.0
"""From SIGTERM to SIGKILL for vLLM, which by then has no request left."""

RAY_GRACE_SECONDS = 1.0
"""For Ray, which has nothing to save once vLLM has stopped; its head waits for its own raylet and so for ever."""

CLEAR_SECONDS = 60.0
"""Freeing the GPUs of a killed rank takes seconds; after this the driver hangs, and only a new pod helps."""

RAY_START_SECONDS = 120.0
"""`ray start` that has not ended after this time is killed, and counts as failed."""

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0
"""No pause before the first restart of a row, five seconds before the second, twice as long before each further one."""


@dataclass(frozen=True)
class Limits:
    """What a deployment may set; every limit but `tries` is in seconds."""

    join: float = 1800
    """How long the group may take to gather the first time."""
    rejoin: float = 300
    """The same once the group has served."""
    load: float = 7200
    """From the start of the engine to its first token."""
    stall: float = 120
    """How long a busy engine may compute nothing; 0: for ever."""
    tries: int = 5
    """How many restarts in place may follow each other; 0: the first fault ends the pod."""
    window: float = 60
    """How long the group has to serve until the restarts are counted afresh."""
    drain: float = 40
    """From SIGTERM until requests in flight are cut off."""
    drain_delay: float = 5
    """The part of `drain` in which new requests still come."""

    @classmethod
    def read(cls, read: Mapping[str, Any]) -> "Limits":
        """Take the limits from the parsed environment, by the names of its variables."""
        return cls(
            join=read["NIM_STACK_JOIN_TIMEOUT_SECONDS"],
            rejoin=read["NIM_STACK_REJOIN_TIMEOUT_SECONDS"],
            load=read["NIM_STACK_LOAD_TIMEOUT_SECONDS"],
            stall=read["NIM_STACK_STALL_SECONDS"],
            tries=read["NIM_STACK_HEAL_TRIES"],
            window=read["NIM_STACK_HEAL_WINDOW_SECONDS"],
            drain=read["NIM_STACK_DRAIN_SECONDS"],
            drain_delay=read["NIM_STACK_DRAIN_DELAY_SECONDS"],
        )

    def problems(self) -> list[str]:
        """Say which limits contradict each other; an empty list when none do."""
        if self.drain_delay <= self.drain:
            return []
        return [
            f"NIM_STACK_DRAIN_DELAY_SECONDS={self.drain_delay} is longer than NIM_STACK_DRAIN_SECONDS={self.drain}, "
            "of which it is a part: use a shorter delay"
        ]

    @property
    def leave(self) -> float:
        """The seconds for which a worker that was asked to stop waits for the leader to finish its requests."""
        return self.drain + ENGINE_GRACE_SECONDS + 3


class Tries:
    """Counts restarts in place, and says how long to wait before the next one."""

    def __init__(self, limits: Limits) -> None:
        """Begin with none; `limits` has the number of tries and the window."""
        self.limit, self.window = limits.tries, limits.window
        self.count = 0
        self._served_since: float | None = None

    def serving(self, now: float) -> None:
        """Take in that the group serves; after the window without a break the count starts afresh."""
        self._served_since = now if self._served_since is None else self._served_since
        if now - self._served_since >= self.window:
            self.count = 0

    def next_pause(self) -> float | None:
        """Count a try, and give the seconds to wait before it; None when no try is left."""
        self._served_since = None
        if self.count >= self.limit:
            return None
        self.count += 1
        return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(self.count - 2, 10)) if self.count > 1 else 0.0
